import { z } from 'zod';

/** Text that is not empty; `expected` names what it should be. */
export function text(expected: string): z.ZodType<string> {
  return z
    .string({ error: `expected ${expected}` })
    .trim()
    .min(1, { error: `expected ${expected}` });
}
