import { z } from 'zod';

const expected = 'expected a path such as /metrics, of letters, digits and . _ ~ -';

/** A path of the server, without a slash at its end. */
export function urlPath(): z.ZodType<string> {
  return z
    .string({ error: expected })
    .trim()
    .regex(/^(?:\/[\w.~-]+)+\/?$/, { error: expected })
    .transform((path) => path.replace(/\/$/, ''));
}

/** Paths that something else is served at. */
const taken = /^\/(?:healthz|readyz|api\/v1(?:\/.*)?)$/;

/** {@link urlPath} at which nothing else is served. */
export function metricsPath(): z.ZodType<string> {
  return urlPath().refine((path) => !taken.test(path), {
    error: 'something else is served there: choose another path',
  });
}
