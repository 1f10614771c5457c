import * as z from 'zod';

const unitMillis = new Map([
  ['', 1],
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
]);

/** Above it Node's timers fire at once instead of late. */
const maxMillis = 2 ** 31 - 1;

/** A length of time in milliseconds: `500ms`, `10s`, `2m`, `1h`, or a bare number of milliseconds as `OTEL_*` has them. */
export function duration(minimumMillis: number): z.ZodType<number> {
  return z
    .union([z.number(), z.string().transform(toMillis)], {
      error: 'expected a duration such as 500ms, 10s, 2m or 1h',
    })
    .transform(Math.round)
    .refine((millis) => millis >= minimumMillis, { error: ({ input }) => tooShort(input, minimumMillis) })
    .refine((millis) => millis <= maxMillis, { error: 'expected at most 24 days' });
}

/** The milliseconds of a duration, or an error message. */
export function readDuration(written: unknown, minimumMillis: number): number | string {
  const read = duration(minimumMillis).safeParse(written);
  return read.success ? read.data : (read.error.issues[0]?.message ?? 'expected a duration');
}

function toMillis(text: string, context: z.RefinementCtx): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|)$/.exec(text.trim().toLowerCase()) ?? [];
  const factor = unitMillis.get(unit ?? '?');
  if (digits !== undefined && factor !== undefined) return Number(digits) * factor;
  context.addIssue('not a duration');
  return z.NEVER;
}

function tooShort(millis: unknown, minimumMillis: number): string {
  const hint = Number(millis) > 0 ? `; did you mean ${String(millis)}s?` : '';
  return `${String(millis)} ms is too short, expected at least ${minimumMillis}ms${hint}`;
}
