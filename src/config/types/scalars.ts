import { z } from 'zod';

/** A whole number between the two bounds, as a number or in decimal digits. */
export function integer(minimum: number, maximum: number): z.ZodType<number> {
  const error = `expected a whole number from ${minimum} to ${maximum}`;
  const digits = z.string().regex(/^\s*\d{1,15}\s*$/);
  return z
    .union([z.number(), digits.transform(Number)], { error })
    .refine((value) => Number.isInteger(value) && value >= minimum && value <= maximum, { error });
}
