import { validateHeaderName, validateHeaderValue } from 'node:http';
import * as z from 'zod';

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

/** A version of the Docker API as text: as a YAML number 1.40 would have become 1.4. */
export function apiVersion(): z.ZodType<string> {
  const expected = 'expected a version such as "1.41", in quotes where the file is YAML';
  return z.string({ error: expected }).regex(/^1\.\d{1,3}$/, { error: expected });
}

/** Texts under names, as headers and resource attributes are. */
export type KeyValues = Readonly<Record<string, string>>;

/**
 * `key=value,key2=value2`, percent-encoded as W3C Baggage and so `OTEL_*` have it; in YAML a map, taken literally.
 * Messages count pairs instead of quoting them: headers are secret.
 */
export function keyValues(): z.ZodType<KeyValues> {
  const map = z.record(z.string().min(1), z.union([z.string(), z.number(), z.boolean()]).transform(String));
  const lines = z.union([z.string().transform((line) => [line]), z.array(z.string())]);
  return z
    .unknown()
    .transform((raw, context): KeyValues => {
      const literal = map.safeParse(raw);
      if (literal.success) return literal.data;
      const encoded = lines.safeParse(raw);
      if (encoded.success) return decodePairs(encoded.data.join(','), context);
      context.addIssue('expected key=value pairs separated by commas, or a map');
      return z.NEVER;
    })
    .readonly();
}

function decodePairs(line: string, context: z.RefinementCtx): KeyValues {
  const pairs: [string, string][] = [];
  for (const [index, pair] of line.split(',').entries()) {
    if (pair.trim() === '') continue;
    const decoded = decodePair(pair);
    if (typeof decoded === 'string') context.addIssue(`pair ${index + 1} ${decoded}`);
    else pairs.push(decoded);
  }
  return Object.fromEntries(pairs);
}

function decodePair(pair: string): [string, string] | string {
  const equals = pair.indexOf('=');
  if (pair.slice(0, Math.max(0, equals)).trim() === '') return 'is not of the form key=value';
  try {
    return [decode(pair.slice(0, equals)), decode(pair.slice(equals + 1))];
  } catch {
    return 'has a % that is not followed by two hexadecimal digits of UTF-8 (a literal % is %25)';
  }
}

function decode(part: string): string {
  return decodeURIComponent(part.trim());
}

/** {@link keyValues} that may be HTTP headers; checked here, since the exporter would fail at every export. */
export function headers(): z.ZodType<KeyValues> {
  return keyValues().superRefine((pairs, context) => {
    for (const [index, [name, value]] of Object.entries(pairs).entries()) {
      if (!isHeader(name, value)) context.addIssue(`pair ${index + 1} is not a valid HTTP header`);
    }
  });
}

function isHeader(name: string, value: string): boolean {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}
