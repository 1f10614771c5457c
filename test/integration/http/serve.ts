import { request, type IncomingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';
import { ByteBudget } from '../../../src/concurrency/shared-bytes.ts';
import { createHttpServer, type HttpServerOptions } from '../../../src/http/http-server.ts';
import type { MetricsSource } from '../../../src/http/metrics-route.ts';
import type { Log } from '../../../src/log.ts';

/** A server on a free port of the loopback, until it is disposed of. */
export interface Served {
  readonly url: string;
  /** Messages of the log, oldest first. */
  readonly logged: readonly string[];
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Options that a test sets; by default the server is ready and serves one line of metrics. */
export type ServedParts = Partial<Omit<HttpServerOptions, 'log'>>;

/** Starts a server with real sockets. */
export async function serve(parts: ServedParts = {}): Promise<Served> {
  const logged: string[] = [];
  const server = createHttpServer({
    metrics: textSource(() => chunksOf(['up 1\n'])),
    readiness: { missing: () => [] },
    ...parts,
    log: listing(logged),
  });
  const { address } = await server.listen('127.0.0.1', 0);
  return {
    url: address,
    logged,
    close: () => server.close(),
    [Symbol.asyncDispose]: () => server.close(),
  };
}

/** A source of that text, as an exposition is rendered: on its own, at any speed of its reader. */
export function textSource(
  text: (
    format: 'text' | 'openmetrics',
    scrapeTimeoutSeconds: number | undefined,
  ) => AsyncIterable<string> | Promise<AsyncIterable<string>>,
  budget = new ByteBudget(),
): MetricsSource {
  return {
    async scrape({ format, encoding }, scrapeTimeoutSeconds, onCut) {
      return budget.body(await text(format, scrapeTimeoutSeconds), encoding).read(onCut);
    },
  };
}

/** Chunks that come one by one, as an exposition's do. */
export async function* chunksOf(chunks: Iterable<string>): AsyncGenerator<string> {
  for (const chunk of chunks) {
    await new Promise((resolve) => setImmediate(resolve));
    yield chunk;
  }
}

/** A response as it came, without decompression. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Asks with exactly these headers: fetch would add its own. */
export async function ask(
  url: string,
  {
    method = 'GET',
    headers = {},
    body,
  }: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<RawAnswer> {
  return await new Promise((resolve, reject) => {
    const asked = request(url, { method, headers }, (answer) => {
      text(answer).then(
        (read) => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: read }),
        reject,
      );
    });
    asked.on('error', reject).end(body);
  });
}

function listing(logged: string[]): Log {
  const line = (_fields: object, message: string): void => void logged.push(message);
  const log: Log = { debug: line, info: line, warn: line, error: line, child: () => log };
  return log;
}
