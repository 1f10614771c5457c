import type { FastifyRequest } from 'fastify';
import type { ByteEncoding, ByteReader } from '../concurrency/shared-bytes.ts';
import type { Log } from '../log.ts';
import { InFlight } from './refusals.ts';
import type { RefusalObserver } from './refusals.ts';
import { cutReader, plainText, refuse, sendBytes } from './route.ts';
import type { Route } from './route.ts';

/** As node_exporter has it. */
const maxScrapes = 40;

/** The source of the metrics. */
export interface MetricsSource {
  /**
   * Collects and renders; rejects when there is nothing to show.
   * @param scrapeTimeoutSeconds the scraper's time-out, where its request has one
   * @param onCut called when the reader is cut off because others need the memory
   */
  scrape(
    body: {
      readonly format: 'text' | 'openmetrics';
      readonly encoding: ByteEncoding;
      /** Equal for all scrapes of one scraper. */
      readonly scraper: string;
    },
    scrapeTimeoutSeconds: number | undefined,
    onCut: () => void,
  ): Promise<ByteReader>;
}

const timeoutHeader = 'x-prometheus-scrape-timeout-seconds';

/** Serves the exposition in the format that the scraper prefers; 503 with the reason while there is none. */
export function metricsRoute(
  path: string,
  source: MetricsSource,
  log: Log,
  onRefused: RefusalObserver,
): Route {
  const scrapes = new InFlight(maxScrapes);
  let isFailing = false;
  return {
    path,
    summary: 'every metric, for Prometheus',
    async handle(request, reply) {
      const leave = scrapes.enter();
      if (!leave) {
        onRefused('too_many_requests');
        return refuse(reply, `too many scrapes at once: ${maxScrapes} are in progress\n`);
      }
      const { format, contentType } = acceptedFormat(request.headers.accept);
      const encoding = acceptsGzip(request.headers['accept-encoding']) ? 'gzip' : 'identity';
      reply.header('vary', 'accept, accept-encoding');
      const scraper = `${request.ip} ${request.headers['user-agent']}`;
      const onCut = (): void => cutReader(reply, onRefused);
      const opened = await settled(async () =>
        begun(await source.scrape({ format, encoding, scraper }, scrapeTimeout(request), onCut), log),
      );
      // Not when the response ends: slow readers would keep others from scraping.
      leave();
      if ('error' in opened) {
        const { error } = opened;
        if (!isFailing) log.warn({ error }, 'scrapes fail');
        isFailing = true;
        const reason = error instanceof Error ? error.message : String(error);
        return reply.code(503).type(plainText).send(`collection failed: ${reason}\n`);
      }
      if (isFailing) log.info({}, 'scrapes succeed again');
      isFailing = false;
      if (encoding === 'gzip') reply.header('content-encoding', encoding);
      return sendBytes(request, reply.type(contentType), opened.value);
    },
  };
}

async function settled<T>(
  work: () => Promise<T>,
): Promise<{ readonly value: T } | { readonly error: unknown }> {
  try {
    return { value: await work() };
  } catch (error) {
    return { error };
  }
}

/** Absent, or nothing that could be a time-out: ignored. */
function scrapeTimeout({ headers }: FastifyRequest): number | undefined {
  const seconds = Number(headers[timeoutHeader]);
  return seconds > 0 && Number.isFinite(seconds) ? seconds : undefined;
}

/** Waits for the first chunk: a failure until then can still become a 503. */
async function begun(chunks: ByteReader, log: Log): Promise<ByteReader> {
  let first: IteratorResult<Uint8Array> | undefined = await chunks.next();
  const whole: ByteReader = {
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
async function nextLogged(chunks: ByteReader, log: Log): Promise<IteratorResult<Uint8Array>> {
  try {
    return await chunks.next();
  } catch (error) {
    log.warn({ error }, 'a scrape failed after its response had begun');
    throw error;
  }
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

/** Negotiated format of a response, and its content type. */
export interface AcceptedFormat {
  readonly format: 'text' | 'openmetrics';
  readonly contentType: string;
}

interface Offer extends AcceptedFormat {
  readonly type: string;
  readonly version: string;
}

interface MediaRange {
  readonly type: string;
  /** Absent: any. */
  readonly version: string | undefined;
  readonly quality: number;
}

/** OpenMetrics 0.0.1 was the name under which 1.0 was tried; the text is the same. */
const [plain, ...others] = [
  offer('text', 'text/plain', '0.0.4'),
  offer('openmetrics', 'application/openmetrics-text', '1.0.0'),
  offer('openmetrics', 'application/openmetrics-text', '0.0.1'),
] as const;

/**
 * Chooses by the Accept header: the highest quality, then what is named first. Text 0.0.4 where the header is absent,
 * leaves it open or accepts nothing that is offered, as Prometheus' own libraries do.
 */
export function acceptedFormat(accept: string | undefined): AcceptedFormat {
  const ranges = (accept ?? '*/*').split(',').map(parseRange);
  let best = { offer: plain, ...preference(plain, ranges) };
  for (const candidate of others) {
    const { quality, place } = preference(candidate, ranges);
    const isBetter =
      quality > best.quality || (quality === best.quality && quality > 0 && place < best.place);
    if (isBetter) best = { offer: candidate, quality, place };
  }
  return { format: best.offer.format, contentType: best.offer.contentType };
}

function offer(format: AcceptedFormat['format'], type: string, version: string): Offer {
  // Names have no other characters than those of the text formats: what is translated is so by underscores.
  const escaping = format === 'openmetrics' ? '; escaping=underscores' : '';
  return { format, type, version, contentType: `${type}; version=${version}; charset=utf-8${escaping}` };
}

/** The most exact range that covers an offer decides on it (RFC 9110). */
function preference(offered: Offer, ranges: readonly MediaRange[]): { quality: number; place: number } {
  let found = { quality: 0, place: ranges.length, exactness: -1 };
  for (const [place, range] of ranges.entries()) {
    const exactness = exactnessOf(range, offered);
    if (exactness > found.exactness) found = { quality: range.quality, place, exactness };
  }
  return found;
}

/** -1 where the range does not cover the offer. */
function exactnessOf({ type, version }: MediaRange, offered: Offer): number {
  if (type === '*/*') return 0;
  if (type === `${offered.type.split('/', 1)[0]}/*`) return 1;
  if (type !== offered.type) return -1;
  if (version === undefined) return 2;
  return version === offered.version ? 3 : -1;
}

function parseRange(range: string): MediaRange {
  const [type = '', ...written] = range.split(';').map((part) => part.trim().toLowerCase());
  const parameters = new Map(written.map((parameter) => splitParameter(parameter)));
  const quality = Number(parameters.get('q') ?? 1);
  return { type, version: parameters.get('version'), quality: quality >= 0 && quality <= 1 ? quality : 0 };
}

function splitParameter(parameter: string): [name: string, value: string] {
  const [name = '', value = ''] = parameter.split('=', 2);
  return [name.trim(), value.trim().replaceAll('"', '')];
}
