import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { networkFailure, statusFailure, timeoutFailure } from './failure.ts';
import type { OtlpFailure, OtlpProxy } from './failure.ts';

/** The two encodings of OTLP over HTTP. */
export type OtlpProtocol = 'http/protobuf' | 'http/json';

/** Options of the transport to a collector, for all signals. */
export interface OtlpTransportOptions {
  /** Whole, path included. */
  readonly url: string;
  readonly protocol: OtlpProtocol;
  readonly headers: Readonly<Record<string, string>>;
  readonly compression: 'gzip' | 'none';
  /** Of one request, its retries included. */
  readonly requestTimeoutMillis: number;
  /** PEM text. */
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  /** Chosen for the URL. */
  readonly proxy: OtlpProxy;
  /** Name and version; `tidegauge` when absent. */
  readonly userAgent?: string;
}

/** Result of a request: the collector's response, or a failure. */
export type OtlpOutcome = { readonly status: 'success'; readonly body: Uint8Array } | OtlpFailure;

/** Limits of one request that are its own. */
export interface SendLimits {
  /** Retries included; that of the options when absent. */
  readonly timeoutMillis?: number;
  /** Maximum number of attempts. */
  readonly attempts?: number;
}

/** Numbers of the specification's exponential backoff, as the stock exporters have them. */
const maxAttempts = 6;
const firstPauseMillis = 1000;
const maxPauseMillis = 5000;
const pauseFactor = 1.5;
const jitter = 0.2;

/** A response of success that is longer is not read for refused points. */
const maxSuccessBytes = 4 * 1024 * 1024;
/** Maximum bytes read of a refusal: its message is at the beginning. */
const maxRefusalBytes = 16 * 1024;

const contentTypes: Readonly<Record<OtlpProtocol, string>> = {
  'http/protobuf': 'application/x-protobuf',
  'http/json': 'application/json',
};

const compress = promisify(gzip);

/**
 * Sends bytes to a collector: retries, TLS, gzip, proxy and deadline for every signal. Node's client is used as the
 * stock exporter does, whose own transport reports neither the collector's response nor the address.
 */
export class OtlpTransport {
  readonly #options: OtlpTransportOptions;
  readonly #url: URL;
  readonly #agent: HttpAgent;
  readonly #closed = new AbortController();

  constructor(options: OtlpTransportOptions) {
    this.#options = options;
    this.#url = new URL(options.url);
    this.#agent = agentFor(this.#url, options);
  }

  /** Sends one request, again while that may help. Never rejects, and ends in time whatever the collector does. */
  async send(bytes: Uint8Array, limits: SendLimits = {}): Promise<OtlpOutcome> {
    const { timeoutMillis = this.#options.requestTimeoutMillis, attempts = maxAttempts } = limits;
    const late = `no response within ${Math.round(timeoutMillis)} ms`;
    const deadline = performance.now() + timeoutMillis;
    const left = (): number => deadline - performance.now();
    const body = await this.#encode(bytes);
    const pauses = backoff();
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await this.#attempt(body, left(), late);
      if (outcome.status !== 'retryable' || attempt >= attempts) return outcome;
      const pause = outcome.retryAfterMillis ?? pauses.next().value;
      if (pause >= left() || !(await this.#pause(pause))) return outcome;
    }
  }

  /** Gives up what is under way, and all that come, at once. */
  close(): void {
    this.#closed.abort();
    this.#agent.destroy();
  }

  async #encode(bytes: Uint8Array): Promise<Uint8Array> {
    return this.#options.compression === 'gzip' ? await compress(bytes) : bytes;
  }

  async #attempt(body: Uint8Array, timeoutMillis: number, late: string): Promise<OtlpOutcome> {
    const target = { url: this.#url, proxy: this.#options.proxy };
    if (this.#closed.signal.aborted) return timeoutFailure(target, 'the agent ends');
    if (timeoutMillis <= 0) return timeoutFailure(target, 'no time was left to send it');
    const { promise, resolve } = Promise.withResolvers<OtlpOutcome>();
    let request: ClientRequest | undefined;
    const giveUp = (reason: string): void => {
      resolve(timeoutFailure(target, reason));
      request?.destroy();
    };
    const end = (): void => giveUp('the agent ends');
    const timer = setTimeout(() => giveUp(late), timeoutMillis);
    this.#closed.signal.addEventListener('abort', end);
    try {
      request = this.#request();
      request.on('error', (error) => resolve(networkFailure(error, target)));
      request.on('response', (response) =>
        readResponse(response, (read) => resolve(this.#judge(response, read))),
      );
      // Written apart from the end, so that it goes in chunks, as the stock exporter has it.
      request.write(body);
      request.end();
      return await promise;
    } catch (thrown) {
      return networkFailure(thrown instanceof Error ? thrown : new Error(String(thrown)), target);
    } finally {
      clearTimeout(timer);
      this.#closed.signal.removeEventListener('abort', end);
    }
  }

  /** False when it was given up meanwhile. */
  async #pause(millis: number): Promise<boolean> {
    const { signal } = this.#closed;
    await sleep(millis, undefined, { signal }).catch(() => undefined);
    return !signal.aborted;
  }

  #request(): ClientRequest {
    const { headers, protocol, compression, userAgent = 'tidegauge' } = this.#options;
    const send = this.#url.protocol === 'http:' ? httpRequest : httpsRequest;
    return send(this.#url, {
      method: 'POST',
      agent: this.#agent,
      headers: {
        'User-Agent': userAgent,
        ...headers,
        'Content-Type': contentTypes[protocol],
        ...(compression === 'gzip' && { 'Content-Encoding': 'gzip' }),
      },
    });
  }

  #judge({ statusCode = 0, statusMessage = '', headers }: IncomingMessage, body: Buffer): OtlpOutcome {
    if (statusCode >= 200 && statusCode <= 299) return { status: 'success', body };
    const response = { statusCode, statusMessage, headers, body };
    return statusFailure(response, { url: this.#url, proxy: this.#options.proxy });
  }
}

/** The pauses before each further attempt, in milliseconds. */
function* backoff(): Generator<number, never> {
  for (let pause = firstPauseMillis; ; pause = Math.min(pause * pauseFactor, maxPauseMillis))
    yield pause * (1 + jitter * (2 * Math.random() - 1));
}

/** Reads as much of a response as is of use; one that breaks off counts with what came of it. */
function readResponse(response: IncomingMessage, done: (body: Buffer) => void): void {
  const { statusCode = 0 } = response;
  const isSuccess = statusCode >= 200 && statusCode <= 299;
  const limit = isSuccess ? maxSuccessBytes : maxRefusalBytes;
  const chunks: Buffer[] = [];
  let size = 0;
  const body = (): Buffer => Buffer.concat(chunks);
  response.on('data', (chunk: Buffer) => {
    size += chunk.length;
    chunks.push(chunk);
    if (size <= limit) return;
    done(isSuccess ? Buffer.alloc(0) : body().subarray(0, limit));
    response.destroy();
  });
  response.on('end', () => done(body()));
  response.on('error', () => done(isSuccess ? Buffer.alloc(0) : body()));
}

/** Node's own agents implement proxies; the proxy is chosen before, so that a failure can name it. */
function agentFor({ protocol }: URL, { proxy: { proxy }, tls }: OtlpTransportOptions): HttpAgent {
  const proxyEnv = proxy && { HTTP_PROXY: proxy.href, HTTPS_PROXY: proxy.href };
  const options = { keepAlive: true, ...(proxyEnv && { proxyEnv }) };
  return protocol === 'http:' ? new HttpAgent(options) : new HttpsAgent({ ...options, ...tls });
}
