import type { z } from 'zod';

/** A type's error messages for a value; empty when it is valid. */
export function refusals(type: z.ZodType, raw: unknown): string {
  const parsed = type.safeParse(raw);
  return parsed.success ? '' : parsed.error.issues.map(({ message }) => message).join('; ');
}
