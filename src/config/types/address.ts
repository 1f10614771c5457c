import * as z from 'zod';
import { integer } from './scalars.ts';

/** An address to listen on. */
export interface Address {
  /** A name or an address, IPv6 without brackets. */
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
}

const expected = 'expected host:port, [IPv6]:port or :port';
const highestPort = 65_535;

/** `host:port`; `:9417` means every interface, as in Prometheus' own flags. */
export function address(): z.ZodType<Address> {
  const parts = z.object({ host: z.string().min(1), port: integer(0, highestPort) });
  const written = z.string().transform((text, context): Address => {
    const [, bracketed, plain, port] = /^(?:\[([\da-f:.]+)\]|([\w.-]*)):(\d{1,5})$/i.exec(text.trim()) ?? [];
    if (port !== undefined) return { host: bracketed ?? (plain || '::'), port: Number(port) };
    context.addIssue(expected);
    return z.NEVER;
  });
  return z
    .union([written, parts], { error: ({ input }) => expected + portHint(input) })
    .refine(({ port }) => port <= highestPort, { error: `expected a port from 0 to ${highestPort}` })
    .readonly();
}

/** The host alone, as `OTEL_EXPORTER_PROMETHEUS_HOST` has it. */
export function hostPart(): z.ZodType<Pick<Address, 'host'>> {
  return z
    .string()
    .regex(/^(?:[\w.-]+|\[?[\da-f:.]+\]?)$/i, { error: 'expected a host name or an IP address' })
    .transform((host) => ({ host: host.replaceAll(/[[\]]/g, '') }));
}

/** The port alone, as `OTEL_EXPORTER_PROMETHEUS_PORT` has it. */
export function portPart(): z.ZodType<Pick<Address, 'port'>> {
  return integer(0, highestPort).transform((port) => ({ port }));
}

function portHint(input: unknown): string {
  return /^\d+$/.test(String(input)) ? `; did you mean 127.0.0.1:${String(input)}?` : '';
}

const expectedUrl =
  'expected unix://PATH, tcp://HOST:PORT, http://, https://, ssh://USER@HOST or npipe://PATH';

/** Address of a runtime, as `docker -H` takes it. */
export function dockerUrl(): z.ZodType<string> {
  return z
    .string({ error: expectedUrl })
    .trim()
    .refine(isDockerUrl, {
      error: ({ input }) => `${expectedUrl}${schemeHint(String(input))}`,
    });
}

function isDockerUrl(url: string): boolean {
  if (/^(?:unix|npipe):\/\/.+/.test(url)) return true;
  if (!/^(?:tcp|http|https|ssh):\/\//.test(url) || !URL.canParse(url)) return false;
  return new URL(url).hostname !== '';
}

function schemeHint(url: string): string {
  if (url.startsWith('/')) return `; did you mean unix://${url}?`;
  return /^[\w.-]+:\d+$/.test(url) ? `; did you mean tcp://${url}?` : '';
}

const expectedPath = 'expected a path such as /metrics, of letters, digits and . _ ~ -';

/** A path of the server, without a slash at its end. */
export function urlPath(): z.ZodType<string> {
  return z
    .string({ error: expectedPath })
    .trim()
    .regex(/^(?:\/[\w.~-]+)+\/?$/, { error: expectedPath })
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
