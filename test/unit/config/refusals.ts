import type { z } from 'zod';

/** What a type says against a value; empty when it takes it. */
export function refusals(type: z.ZodType, raw: unknown): string {
  const parsed = type.safeParse(raw);
  return parsed.success ? '' : parsed.error.issues.map(({ message }) => message).join('; ');
}
