import { pipeline, Readable } from 'node:stream';
import { constants, createGzip } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '../log.ts';
import { acceptedFormat } from './accepted-format.ts';
import { plainText, type Route } from './route.ts';

/** What `/metrics` shows. */
export interface MetricsSource {
  /**
   * Collects and gives the exposition in chunks; rejects when there is nothing to show.
   * @param scrapeTimeoutSeconds when the scraper gives up, where it says so
   */
  scrape(
    format: 'text' | 'openmetrics',
    scrapeTimeoutSeconds: number | undefined,
  ): Promise<AsyncIterable<string>>;
}

const timeoutHeader = 'x-prometheus-scrape-timeout-seconds';

/** Serves the exposition in the format that the scraper prefers; 503 with the reason while there is none. */
export function metricsRoute(source: MetricsSource, log: Log): Route {
  let isFailing = false;
  return {
    path: '/metrics',
    summary: 'every metric, for Prometheus',
    async handle(request, reply) {
      const { format, contentType } = acceptedFormat(request.headers.accept);
      reply.header('vary', 'accept, accept-encoding');
      try {
        const chunks = await source.scrape(format, scrapeTimeout(request));
        const body = await begun(chunks[Symbol.asyncIterator](), log);
        if (isFailing) log.info({}, 'scrapes succeed again');
        isFailing = false;
        return await sendBody(request, reply.type(contentType), body);
      } catch (error) {
        if (!isFailing) log.warn({ error }, 'scrapes fail');
        isFailing = true;
        const reason = error instanceof Error ? error.message : String(error);
        return reply.code(503).type(plainText).send(`collection failed: ${reason}\n`);
      }
    },
  };
}

/** Absent, or nothing that could be a time-out: ignored. */
function scrapeTimeout({ headers }: FastifyRequest): number | undefined {
  const seconds = Number(headers[timeoutHeader]);
  return seconds > 0 && Number.isFinite(seconds) ? seconds : undefined;
}

/** Waits for the first chunk: what fails until then can still be answered with 503. */
async function begun(chunks: AsyncIterator<string>, log: Log): Promise<AsyncIterableIterator<string>> {
  let first: IteratorResult<string> | undefined = await chunks.next();
  const whole: AsyncIterableIterator<string> = {
    async next() {
      const next = first ?? (await nextLogged(chunks, log));
      first = undefined;
      return next;
    },
    // Not a generator: one that has not begun would end without ending what it reads.
    async return() {
      await chunks.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => whole,
  };
  return whole;
}

/** Logged here and not at the stream, which takes a scraper that leaves for an error too. */
async function nextLogged(chunks: AsyncIterator<string>, log: Log): Promise<IteratorResult<string>> {
  try {
    return await chunks.next();
  } catch (error) {
    log.warn({ error }, 'a scrape failed after its answer had begun');
    throw error;
  }
}

async function sendBody(
  { method, raw, headers }: FastifyRequest,
  reply: FastifyReply,
  body: AsyncIterableIterator<string>,
): Promise<FastifyReply> {
  if (method === 'HEAD' || raw.socket.destroyed) {
    await body.return?.();
    return reply.send();
  }
  // Strings of some tens of KB are counted as one object each: two of them wait at most.
  const text = Readable.from(body, { highWaterMark: 1 });
  if (!acceptsGzip(headers['accept-encoding'])) return reply.send(text);
  // Level 1 takes a third of the default's CPU for some tenths more bytes, which is right for a scrape over a LAN.
  const gzip = createGzip({ level: constants.Z_BEST_SPEED });
  // Either end's failure ends both; Fastify sees it at the end that it reads.
  pipeline(text, gzip, () => undefined);
  return reply.header('content-encoding', 'gzip').send(gzip);
}

/** `gzip` or `*`, unless its quality is 0. */
function acceptsGzip(acceptEncoding: string | string[] | undefined): boolean {
  const codings = String(acceptEncoding ?? '')
    .toLowerCase()
    .split(',');
  const named = codings.find((coding) => /^\s*(?:x-)?gzip\s*(?:;|$)/.test(coding));
  const decisive = named ?? codings.find((coding) => /^\s*\*\s*(?:;|$)/.test(coding));
  return decisive !== undefined && !/;\s*q=0(?:\.0*)?\s*$/.test(decisive);
}
