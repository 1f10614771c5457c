/** The replacement of one metric: its name in `semconv` (attributes in braces; empty: none), and the changes. */
export type Move = readonly [semconv: string, changes?: string];

/** Moves by the peer's name; a name that ends with `*` is for all that begin so and are not named themselves. */
export type Moves = Readonly<Record<string, Move>>;

/** The move of a metric: its own, else that of the longest beginning that fits. */
export function moveOf(moves: Moves, name: string): Move {
  const own = moves[name];
  if (own) return own;
  const beginnings = Object.entries(moves).filter(
    ([key]) => key.endsWith('*') && name.startsWith(key.slice(0, -1)),
  );
  const [longest] = beginnings.toSorted(([a], [b]) => b.length - a.length);
  return longest?.[1] ?? [''];
}
