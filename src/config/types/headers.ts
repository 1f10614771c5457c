import { validateHeaderName, validateHeaderValue } from 'node:http';
import type { z } from 'zod';
import { keyValues, type KeyValues } from './key-values.ts';

/** {@link keyValues} that may be sent as HTTP headers; told here, since the exporter would fail at every export. */
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
