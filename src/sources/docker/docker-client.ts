// One piece, because every call has the same bounds, deadline and errors, whichever connection it takes.
import { Agent as HttpAgent, request as requestHttp } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import type { OnReadOpts } from 'node:net';
import { BoundedJson } from '../bounded-json.ts';
import { KeepAliveClient } from '../http/keep-alive-client.ts';
import type { WholeResponse } from '../http/keep-alive-client.ts';
import { ItemReader } from '../item-reader.ts';
import type { JsonItem } from '../item-reader.ts';
import { parseExactJson, objectOf, textOf } from '../json.ts';
import { expectFewChunks, responseLimits } from '../response-limits.ts';
import type { RefusedPart } from '../response-limits.ts';
import { SourceError, sourceErrorDuring, toSourceError } from '../source-error.ts';
import { parseEngineAddress } from './address.ts';
import type { EngineAddress, EngineEndpoint } from './address.ts';
import { connectEngine, SshAgent, tlsOptions } from './connections.ts';

/** Bytes of a body that are taken in one turn of the event loop. */
const maxTurnBytes = 64 * 1024;
/** Sockets that control calls may hold; more wait. */
const maxControlSockets = 32;

/**
 * GETs from one engine: control calls by Node's HTTP client (unix, TCP, TLS, SSH, named pipes), calls of one container
 * over our own kept-alive connections, because they are nearly all of the traffic. Bodies are bounded, every call has a
 * deadline, no redirect is followed, and whatever goes wrong with a connection fails the call that uses it.
 */
export class DockerClient {
  readonly #address: EngineAddress;
  readonly #agent: HttpAgent;
  readonly #containers: KeepAliveClient | undefined;
  readonly #callTimeoutMillis: number;

  constructor(endpoint: EngineEndpoint, callTimeoutMillis: number) {
    const address = parseEngineAddress(endpoint);
    this.#address = address;
    this.#callTimeoutMillis = callTimeoutMillis;
    this.#agent = agentFor(address, endpoint);
    if (address.scheme === 'ssh') return;
    const connect = (reads: OnReadOpts) => connectEngine(address, endpoint.tls, reads);
    this.#containers = new KeepAliveClient({
      connect,
      host: hostHeader(address),
      maxBodyBytes: responseLimits.itemBytes,
    });
  }

  /**
   * A control call: version, info, disk usage. Throws SourceError.
   * @param level depth of the objects whose members become `null` when they are too large or too deep.
   */
  async control(
    path: string,
    signal: AbortSignal,
    { timeoutMillis, level = 1 }: { readonly timeoutMillis?: number; readonly level?: number } = {},
  ): Promise<WholeResponse> {
    return this.#during(path, signal, timeoutMillis, async (response) => wholeResponse(response, level));
  }

  /** The items of a list of containers, one by one. Throws SourceError, for any other status than 200, too. */
  async items(path: string, signal: AbortSignal, take: (item: JsonItem) => void): Promise<void> {
    const what = 'list of containers';
    const refused = await this.#during(path, signal, undefined, async (response) => {
      if (response.statusCode !== 200) return wholeResponse(response);
      const reader = new ItemReader(what, take);
      await readBody(response, (piece) => reader.push(piece));
      reader.end();
      return undefined;
    });
    if (refused) throw statusError(refused, what, { isWholeEngine: true });
  }

  /** A call of one container: inspect, stats. Throws SourceError. */
  async container(path: string, signal: AbortSignal): Promise<WholeResponse> {
    // As a whole: half an inspect would look like a container without labels.
    if (!this.#containers) return this.control(path, signal, { level: 0 });
    return this.#containers.get(this.#address.pathPrefix + path, this.#callTimeoutMillis, signal);
  }

  /** The text of a response that does not end by itself; resolves when the engine begins it. Throws SourceError. */
  async stream(path: string, signal: AbortSignal): Promise<AsyncIterable<string>> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new DOMException('', 'TimeoutError')), this.#callTimeoutMillis);
    const abort = AbortSignal.any([signal, late.signal]);
    try {
      const response = await this.#ask(path, abort);
      if (response.statusCode === 200) return response.setEncoding('utf8');
      throw statusError(await wholeResponse(response), 'events');
    } catch (error) {
      throw sourceErrorDuring(`GET ${path}`, abort.aborted ? abort.reason : error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends every connection. */
  close(): void {
    this.#containers?.close();
    this.#agent.destroy();
  }

  async #during<T>(
    path: string,
    signal: AbortSignal,
    timeoutMillis: number = this.#callTimeoutMillis,
    read: (response: IncomingMessage) => Promise<T>,
  ): Promise<T> {
    const abort = AbortSignal.any([signal, AbortSignal.timeout(timeoutMillis)]);
    let response: IncomingMessage | undefined;
    const giveUp = (): unknown => response?.destroy();
    abort.addEventListener('abort', giveUp, { once: true });
    try {
      response = await this.#ask(path, abort);
      return await read(response);
    } catch (error) {
      throw sourceErrorDuring(`GET ${path}`, abort.aborted ? abort.reason : error);
    } finally {
      abort.removeEventListener('abort', giveUp);
      giveUp();
    }
  }

  /** The engine may close an idle connection at the moment we write: then nothing was answered, and we ask anew. */
  async #ask(path: string, abort: AbortSignal): Promise<IncomingMessage> {
    try {
      return await this.#request(path, abort);
    } catch (error) {
      if (!wasClosed(error) || abort.aborted) throw error;
      // The other idle ones are as old, and may be known to be closed only later.
      for (const socket of Object.values(this.#agent.freeSockets).flat()) socket?.destroy();
      return this.#request(path, abort);
    }
  }

  #request(path: string, signal: AbortSignal): Promise<IncomingMessage> {
    const { scheme, socketPath, host, port, pathPrefix } = this.#address;
    const target = socketPath === undefined ? { host, port } : { socketPath };
    const options = {
      ...target,
      path: pathPrefix + path,
      headers: { host: hostHeader(this.#address) },
      agent: this.#agent,
      signal,
    };
    return new Promise((resolve, reject) => {
      const request = scheme === 'https' ? requestHttps(options) : requestHttp(options);
      request.on('response', (response) => {
        // An error without a reader would end the process; a reader receives it all the same.
        response.on('error', () => undefined);
        resolve(response);
      });
      request.on('error', reject);
      // A response that switches protocols ends the request without an error.
      request.on('close', () => reject(new SourceError('bad-response', 'the connection was closed')));
      request.end();
    });
  }
}

function hostHeader({ host = 'docker', port, socketPath }: EngineAddress): string {
  if (socketPath !== undefined) return 'docker';
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function agentFor(address: EngineAddress, endpoint: EngineEndpoint): HttpAgent {
  const keepAlive = { keepAlive: true, maxSockets: maxControlSockets };
  if (address.scheme === 'ssh') return new SshAgent(address);
  return address.scheme === 'https'
    ? new HttpsAgent({ ...keepAlive, ...tlsOptions(endpoint.tls) })
    : new HttpAgent(keepAlive);
}

function wasClosed(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EPIPE' || error.code === 'ECONNRESET');
}

async function wholeResponse(response: IncomingMessage, level = 1): Promise<WholeResponse> {
  const { statusCode: status = 0, headers } = response;
  const { location, date } = headers;
  const json = new BoundedJson(level);
  await readBody(response, (piece) => {
    json.push(piece);
    expectWhole(json.refused, level);
  });
  const { refused } = json;
  const text = json.take();
  return {
    status,
    text,
    ...(location !== undefined && { location }),
    ...(date !== undefined && { date }),
    ...(refused && { refused }),
  };
}

/** Throws `too-large` where all of it was left out, or the end of an item of a list whose sizes are summed up. */
function expectWhole(refused: RefusedPart | undefined, level: number): void {
  if (!refused || level === 1 || (level > 1 && refused.field !== undefined)) return;
  const { itemBytes, depth } = responseLimits;
  throw new SourceError(
    'too-large',
    refused.reason === 'too-deep'
      ? `objects and lists are nested more than ${depth} deep`
      : `the response has more than ${itemBytes} bytes`,
  );
}

/** Hands on the body as it comes; what `take` throws ends it at once. Throws SourceError. */
function readBody(response: IncomingMessage, take: (piece: Buffer) => void): Promise<void> {
  let [bytes, chunks, bytesOfTurn] = [0, 0, 0];
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      reject(error);
      response.destroy();
    };
    const brokeOff = (cause?: unknown): void =>
      fail(new SourceError('bad-response', 'the response broke off in the middle', cause));
    response.on('data', (piece: Buffer) => {
      bytes += piece.length;
      chunks += 1;
      try {
        expectFewChunks(chunks, bytes);
        if (bytes > responseLimits.readBytes)
          throw new SourceError('too-large', `the response has more than ${responseLimits.readBytes} bytes`);
        take(piece);
      } catch (error) {
        fail(toSourceError(error, 'response'));
        return;
      }
      // Others have their turn, and memory of earlier pieces is collected: a socket may bring megabytes at once.
      if (bytes - bytesOfTurn < maxTurnBytes) return;
      bytesOfTurn = bytes;
      response.pause();
      setImmediate(() => response.resume());
    });
    response.once('end', resolve).once('error', brokeOff);
    response.once('close', () => brokeOff());
  });
}

/** As much of a redirect's target as a message shows. */
const maxShownLocation = 200;

/** The JSON of a response with status 200. Throws {@link SourceError} for any other status. */
export function expectOk(response: WholeResponse, what: string): unknown {
  if (response.status === 200) return parseExactJson(response.text, what);
  throw statusError(response, what);
}

/** The error of a response with another status than was expected: `not-found` for 404, else `runtime-error`. */
function statusError(
  { status, text, location }: WholeResponse,
  what: string,
  { isWholeEngine = false }: { readonly isWholeEngine?: boolean } = {},
): SourceError {
  if (status >= 300 && status < 400)
    return new SourceError('runtime-error', `${what}: ${redirectMessage(status, location)}`);
  const message = engineMessage(text);
  if (status === 404) return new SourceError('not-found', `${what}: ${message}`);
  const advice = isWholeEngine && (status === 401 || status === 403) ? `; ${proxyAdvice}` : '';
  return new SourceError('runtime-error', `${what}: status ${status}: ${message}${advice}`);
}

const proxyAdvice =
  'a proxy before the engine must let pass GET of /containers/json, /containers/ID/json and /containers/ID/stats, ' +
  'better of /version, /info and /events, too; if it wants another version before them, --docker-api-version names it';

/** No engine redirects: what does is a login page or an ingress, and its target is whatever it likes. */
function redirectMessage(status: number, location: string | undefined): string {
  const target = location === undefined ? '' : ` to ${JSON.stringify(location.slice(0, maxShownLocation))}`;
  return (
    `status ${status}, a redirect${target}, is not followed: ` +
    'a proxy or a login page answers in place of the engine; name the address of its API with --docker-url'
  );
}

/** The engine's own words (`{"message": …}`), else the beginning of what came instead. */
function engineMessage(text: string): string {
  try {
    return textOf(objectOf(JSON.parse(text))?.['message']) ?? 'no reason given';
  } catch {
    // A proxy's HTML page, for instance.
    return JSON.stringify(text.slice(0, 60));
  }
}
