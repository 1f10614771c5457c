/** A measured value at a size. */
export interface Point {
  readonly size: number;
  readonly value: number;
}

/** `fixed + perUnit × size`. */
export interface Line {
  readonly fixed: number;
  readonly perUnit: number;
  /** The largest distance of a point from the line, as a share of the point's value. */
  readonly worst: number;
}

/**
 * The line with the smallest squares of relative errors: of absolute ones the largest sizes alone would count. Undefined
 * for fewer than two sizes, or values that are not above zero.
 */
export function fitLine(points: readonly Point[]): Line | undefined {
  if (new Set(points.map(({ size }) => size)).size < 2) return undefined;
  if (points.some(({ value }) => !(value > 0))) return undefined;
  const sum = (term: (point: Point) => number): number =>
    points.reduce((total, point) => total + term(point) / point.value ** 2, 0);
  const [ones, sizes, squares] = [sum(() => 1), sum(({ size }) => size), sum(({ size }) => size ** 2)];
  const [values, products] = [sum(({ value }) => value), sum(({ size, value }) => size * value)];
  const perUnit = (ones * products - sizes * values) / (ones * squares - sizes ** 2);
  const fixed = (values - perUnit * sizes) / ones;
  const errors = points.map(({ size, value }) => Math.abs(fixed + perUnit * size - value) / value);
  return { fixed, perUnit, worst: Math.max(...errors) };
}
