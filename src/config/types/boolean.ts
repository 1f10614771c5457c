import { z } from 'zod';

/** True or false; as text only these two words, which is what the specification has for `OTEL_*`. */
export function boolean(): z.ZodType<boolean> {
  return z.union([z.boolean(), z.stringbool({ truthy: ['true'], falsy: ['false'] })], {
    error: 'expected true or false',
  });
}
