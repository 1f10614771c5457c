/** Every choice of one or more of these, in their order. */
export function combinations<T>(all: readonly T[]): readonly (readonly T[])[] {
  const [first, ...rest] = all;
  if (first === undefined) return [];
  const without = combinations(rest);
  return [[first], ...without.flatMap((some) => [some, [first, ...some]])];
}
