import { z } from 'zod';

/** A share in percent, from 0 to 100, in decimal digits; the value is the share from 0 to 1. */
export function percentage(): z.ZodType<number> {
  const error = 'expected a percentage from 0 to 100, such as 0.1';
  return z
    .string({ error })
    .regex(/^\s*\d{1,3}(?:\.\d{1,12})?\s*%?\s*$/, { error })
    .transform((text) => Number.parseFloat(text) / 100)
    .refine((share) => share <= 1, { error });
}
