/** A value as an error shows it: quoted, control characters escaped, cut, and without the credentials of a URL. */
export function showValue(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  const safe = text.replaceAll(/:\/\/[^/@\s"]*:[^\s"]*@/g, '://***@');
  return safe.length > longest ? `${safe.slice(0, longest)}…` : safe;
}

const longest = 120;
