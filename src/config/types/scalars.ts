import { z } from 'zod';

/** A whole number between the two bounds, as a number or in decimal digits. */
export function integer(minimum: number, maximum: number): z.ZodType<number> {
  const error = `expected a whole number from ${minimum} to ${maximum}`;
  const digits = z.string().regex(/^\s*\d{1,15}\s*$/);
  return z
    .union([z.number(), digits.transform(Number)], { error })
    .refine((value) => Number.isInteger(value) && value >= minimum && value <= maximum, { error });
}

/** True or false; as text only these two words, which is what the specification has for `OTEL_*`. */
export function boolean(): z.ZodType<boolean> {
  return z.union([z.boolean(), z.stringbool({ truthy: ['true'], falsy: ['false'] })], {
    error: 'expected true or false',
  });
}

/** Text that is not empty; `expected` names what it should be. */
export function text(expected: string): z.ZodType<string> {
  return z
    .string({ error: `expected ${expected}` })
    .trim()
    .min(1, { error: `expected ${expected}` });
}

/** An Engine API version as text: as a YAML number 1.40 would have become 1.4. */
export function apiVersion(): z.ZodType<string> {
  const expected = 'expected a version such as "1.41", in quotes where the file is YAML';
  return z.string({ error: expected }).regex(/^1\.\d{1,3}$/, { error: expected });
}
