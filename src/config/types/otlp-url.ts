import * as z from 'zod';

/** URL of OTLP exports, used as written: `OTEL_EXPORTER_OTLP_METRICS_ENDPOINT`. */
export function otlpUrl(): z.ZodType<URL> {
  return z.union([z.instanceof(URL), z.string().transform(toUrl)], {
    error: ({ input }) => `expected an http:// or https:// URL${schemeHint(input)}`,
  });
}

/** A collector's base URL, to which the specification has `v1/metrics` appended. A `URL` is whole already. */
export function otlpBaseUrl(): z.ZodType<URL> {
  return z.preprocess((raw) => (typeof raw === 'string' ? withSignalPath(raw) : raw), otlpUrl());
}

/** The URL as it may be shown: credentials stand before the host, and tokens often in the query. */
export function shownOtlpUrl({ origin, pathname }: URL): string {
  return origin + pathname;
}

function withSignalPath(base: string): string | URL {
  if (!isHttp(base)) return base;
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/metrics`;
  return url;
}

function toUrl(text: string, context: z.RefinementCtx): URL {
  if (isHttp(text)) return new URL(text.trim());
  context.addIssue('not an HTTP URL');
  return z.NEVER;
}

function isHttp(text: string): boolean {
  return /^\s*https?:\/\/[^/]/i.test(text) && URL.canParse(text.trim());
}

function schemeHint(input: unknown): string {
  const isBare = typeof input === 'string' && /^[\w.-]+:\d+/.test(input);
  return isBare ? `; did you mean http://${input}?` : '';
}
