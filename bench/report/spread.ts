/** Several measurements of one value. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly count: number;
}

/** Median, smallest and largest; undefined for none. */
export function spreadOf(values: readonly (number | undefined)[]): Spread | undefined {
  const sorted = values.filter((value) => value !== undefined).toSorted((a, b) => a - b);
  const [min, max] = [sorted[0], sorted.at(-1)];
  if (min === undefined || max === undefined) return undefined;
  const middle = (sorted.length - 1) / 2;
  const [below = min, above = max] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]];
  return { median: (below + above) / 2, min, max, count: sorted.length };
}

/** The value below which that share of the numbers lies; undefined for none. */
export function quantile(numbers: readonly number[], share: number): number | undefined {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1))];
}

/** `0.52`, and of several `0.52 (0.50–0.61)`. */
export function spreadText(spread: Spread | undefined, digits: number): string {
  if (!spread) return '–';
  const { median, min, max, count } = spread;
  const range = count > 1 ? ` (${min.toFixed(digits)}–${max.toFixed(digits)})` : '';
  return `${median.toFixed(digits)}${range}`;
}
