import { z } from 'zod';

/** An Engine API version as text: as a YAML number 1.40 would have become 1.4. */
export function apiVersion(): z.ZodType<string> {
  const expected = 'expected a version such as "1.41", in quotes where the file is YAML';
  return z.string({ error: expected }).regex(/^1\.\d{1,3}$/, { error: expected });
}
