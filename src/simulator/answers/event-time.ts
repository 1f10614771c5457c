/** What became of a `since` or `until`. */
export type ParsedEventTime =
  /** Nanoseconds of Unix time; absent when there was none. */
  { readonly kind: 'time'; readonly nano: bigint | undefined } | { readonly kind: 'invalid' };

const UNIX_SECONDS = /^(\d+)(?:\.(\d{1,9}))?$/;

/** Reads a time as the engine does: Unix seconds with up to nine decimals. Durations are the CLI's business. */
export function parseEventTime(text: string | null): ParsedEventTime {
  if (text === null || text === '' || text === '0') return { kind: 'time', nano: undefined };
  const [, seconds, fraction = ''] = UNIX_SECONDS.exec(text) ?? [];
  if (seconds === undefined) return { kind: 'invalid' };
  return { kind: 'time', nano: BigInt(seconds) * 10n ** 9n + BigInt(fraction.padEnd(9, '0')) };
}
