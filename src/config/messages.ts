/** `; did you mean x?` with the nearest of the known words, or nothing when none is near. */
export function didYouMean(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  return near === undefined ? '' : `; did you mean ${near}?`;
}

/** The known word within a typing error: two letters or a quarter of the word at most. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  return known
    .map((candidate) => ({ candidate, distance: editDistance(word, candidate) }))
    .filter(
      ({ candidate, distance }) => distance <= Math.min(Math.max(2, word.length / 4), candidate.length / 2),
    )
    .toSorted((a, b) => a.distance - b.distance)[0]?.candidate;
}

/** Levenshtein's distance, case ignored, one row at a time. */
function editDistance(a: string, b: string): number {
  const [left, right] = [a.toLowerCase(), b.toLowerCase()];
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 0; i < left.length; i++) row = nextRow(row, left.charAt(i), right, i + 1);
  return row.at(-1) ?? 0;
}

function nextRow(above: readonly number[], letter: string, word: string, first: number): number[] {
  const row = [first];
  for (let j = 0; j < word.length; j++) {
    const replaced = (above[j] ?? 0) + (letter === word.charAt(j) ? 0 : 1);
    row.push(Math.min(replaced, (above[j + 1] ?? 0) + 1, (row[j] ?? 0) + 1));
  }
  return row;
}

/** A value as an error shows it: quoted, control characters escaped, cut, and without the credentials of a URL. */
export function showValue(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  const safe = text.replaceAll(/:\/\/[^/@\s"]*:[^\s"]*@/g, '://***@');
  return safe.length > longest ? `${safe.slice(0, longest)}…` : safe;
}

const longest = 120;

/**
 * True when quotes enclose a value, or a part of it between commas or after `=`. A shell removes them; a
 * Compose list, a file of variables and YAML text in two kinds of quotes leave them in the value.
 */
export function hasQuotes(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasQuotes);
  return typeof value === 'string' && /(?:^|[,=])\s*(?:'[^']*'|"[^"]*")\s*(?:,|$)/.test(value);
}

/** Hint for a value for which {@link hasQuotes} is true. */
export const quotesHint = 'the quotes are part of the value';

const reasons = new Map([
  ['ENOENT', 'no such file'],
  ['EACCES', 'permission denied'],
  ['EISDIR', 'it is a directory'],
  ['ENOTDIR', 'part of its path is not a directory'],
]);

/** The cause of a file that could not be read, in words. */
export function readFailure(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return `cannot be read: ${reasons.get(code) ?? (error instanceof Error ? error.message : String(error))}`;
}
