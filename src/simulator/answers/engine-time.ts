/** Go's zero time, which Moby sends for "never". */
export const zeroTime = '0001-01-01T00:00:00Z';

/** A time (ms) as Moby writes it: RFC 3339 with as many digits of the second as there are. */
export function engineTime(at: number | undefined): string {
  return at === undefined ? zeroTime : new Date(at).toISOString().replace(/\.?0*Z$/, 'Z');
}
