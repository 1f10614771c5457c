import type { OnReadOpts, Socket } from 'node:net';
import { AbortListeners } from '../../concurrency/cancellation.ts';
import { responseLimits } from '../response-limits.ts';
import type { RefusedPart } from '../response-limits.ts';
import { SourceError, sourceErrorDuring, toSourceError } from '../source-error.ts';
import { HttpResponse } from './response-parser.ts';

/** The response to one request. */
export interface WholeResponse {
  readonly status: number;
  readonly text: string;
  /** Target of a redirect, as it was sent. */
  readonly location?: string;
  /** Header `Date` of a control call, as it was sent. */
  readonly date?: string;
  /** The first part of a control call's text that was left out. */
  readonly refused?: RefusedPart;
}

/** Connection and limits of a {@link KeepAliveClient}. */
export interface KeepAliveOptions {
  /** Opens a connection whose bytes go to `reads`; errors arrive on the socket. */
  connect(reads: OnReadOpts): Socket;
  readonly host: string;
  readonly maxBodyBytes: number;
}

/** A connection that rests longer is closed: a probe that comes every few seconds has no use for it. */
const maxIdleMillis = 30_000;

/** Maximum of all responses under way together: a runtime that never ends them may not fill the memory. */
const maxPendingBytes = responseLimits.keptBytes;

/** Errors of writing to a connection that the server closed. */
const closedCodes: readonly (string | undefined)[] = ['EPIPE', 'ECONNRESET'];

/** Bytes that one read may bring. */
const readBytes = 64 * 1024;

/** A connection and the receiver of its bytes: the exchange under way, or none. */
class Connection {
  readonly socket: Socket;
  receive: ((data: Buffer) => void) | undefined;
  /** Since when it rests; milliseconds that only grow. */
  idleSince = 0;

  constructor(options: KeepAliveOptions, buffer: Buffer) {
    const callback = (bytes: number): boolean => {
      // Bytes without a request would be taken for the next container's response.
      if (this.receive) this.receive(Buffer.from(buffer.subarray(0, bytes)));
      else this.socket.destroy();
      return true;
    };
    this.socket = options.connect({ buffer, callback });
  }
}

/** What an exchange under way has taken, and its end. */
interface Pending {
  bytes: number;
  fail(error: SourceError): void;
}

interface Exchange {
  readonly connection: Connection;
  readonly response: HttpResponse;
}

/**
 * GETs over kept-alive connections with as little work per request as Node allows: calls of one container are most of
 * what the agent does, and this costs about a third of `node:http`. Any number of requests may overlap; each has its
 * own connection while it runs.
 */
export class KeepAliveClient {
  readonly #options: KeepAliveOptions;
  /** Used from the end: what lies at the beginning has rested longest. */
  readonly #idle: Connection[] = [];
  readonly #open = new Set<Socket>();
  readonly #aborts = new WeakMap<AbortSignal, AbortListeners>();
  readonly #pending = new Set<Pending>();
  #pendingBytes = 0;
  /**
   * One for all: Node would otherwise take 64 KiB anew for each response of 2 KiB. Windows reads into it ahead.
   */
  readonly #reads = process.platform === 'win32' ? undefined : Buffer.allocUnsafeSlow(readBytes);

  constructor(options: KeepAliveOptions) {
    this.#options = options;
  }

  /** One GET. Throws SourceError: `timeout`, `aborted`, `unreachable`, `permission`, `bad-response`, `too-large`. */
  async get(path: string, timeoutMillis: number, signal: AbortSignal): Promise<WholeResponse> {
    if (signal.aborted) throw new SourceError('aborted', `GET ${path}: given up`);
    const reused = this.#idle.pop();
    if (reused) {
      const response = await this.#exchange(reused, path, timeoutMillis, signal);
      // The server may close an idle connection at the moment of a write: then there is no response, and the
      // call is retried.
      if (response !== 'closed') return response;
    }
    const response = await this.#exchange(this.#connect(path), path, timeoutMillis, signal);
    if (response === 'closed') throw new SourceError('unreachable', `GET ${path}: the connection was closed`);
    return response;
  }

  /** Ends every connection; requests under way fail. */
  close(): void {
    for (const socket of this.#open) socket.destroy();
  }

  #connect(path: string): Connection {
    const connection = opened(this.#options, this.#reads ?? Buffer.allocUnsafeSlow(readBytes), path);
    const { socket } = connection;
    this.#open.add(socket);
    socket.setNoDelay(true);
    // An error between two requests has no other listener, and would end the process.
    socket.on('error', () => undefined);
    socket.once('close', () => {
      this.#open.delete(socket);
      const index = this.#idle.indexOf(connection);
      if (index >= 0) this.#idle.splice(index, 1);
    });
    return connection;
  }

  async #exchange(
    connection: Connection,
    path: string,
    timeoutMillis: number,
    signal: AbortSignal,
  ): Promise<WholeResponse | 'closed'> {
    const exchange = { connection, response: new HttpResponse(this.#options.maxBodyBytes) };
    try {
      return await this.#converse(exchange, path, timeoutMillis, signal);
    } catch (error) {
      connection.socket.destroy();
      throw sourceErrorDuring(`GET ${path}`, error);
    }
  }

  #converse(
    { connection, response }: Exchange,
    path: string,
    timeoutMillis: number,
    signal: AbortSignal,
  ): Promise<WholeResponse | 'closed'> {
    const { socket } = connection;
    const abort = this.#sharedAbort(signal);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => settle(new SourceError('timeout', `no response in ${timeoutMillis} ms`)),
        timeoutMillis,
      );
      const pending: Pending = { bytes: 0, fail: (error) => settle(error) };
      this.#pending.add(pending);
      const settle = (outcome: WholeResponse | 'closed' | Error): void => {
        clearTimeout(timer);
        this.#forget(pending);
        connection.receive = undefined;
        socket.off('error', onError).off('close', onClose);
        abort.delete(onAbort);
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome);
      };
      const advance = (step: () => void): void =>
        attempt(() => {
          step();
          if (!response.isComplete) return;
          settle(wholeResponse(response));
          this.#release(connection, response.keepAlive);
        }, settle);
      connection.receive = (data) =>
        advance(() => {
          this.#count(pending, data.length);
          response.push(data);
        });
      const onError = (error: NodeJS.ErrnoException): void => {
        settle(!response.hasBegun && closedCodes.includes(error.code) ? 'closed' : error);
      };
      const onClose = (): void => {
        if (!response.hasBegun) settle('closed');
        else advance(() => response.end());
      };
      const onAbort = (): void => settle(new SourceError('aborted', 'given up'));
      socket.on('error', onError).on('close', onClose);
      abort.add(onAbort);
      socket.write(`GET ${path} HTTP/1.1\r\nHost: ${this.#options.host}\r\n\r\n`, 'latin1');
    });
  }

  #sharedAbort(signal: AbortSignal): AbortListeners {
    const known = this.#aborts.get(signal) ?? new AbortListeners(signal);
    this.#aborts.set(signal, known);
    return known;
  }

  #forget(pending: Pending): void {
    if (this.#pending.delete(pending)) this.#pendingBytes -= pending.bytes;
  }

  /** Past the maximum the largest fails, for it is that one which leaves the others no room. */
  #count(pending: Pending, bytes: number): void {
    pending.bytes += bytes;
    this.#pendingBytes += bytes;
    if (this.#pendingBytes <= maxPendingBytes) return;
    let largest = pending;
    for (const each of this.#pending) if (each.bytes > largest.bytes) largest = each;
    const error = new SourceError(
      'too-large',
      `all responses under way together have more than ${maxPendingBytes} bytes, and this one has the largest part`,
    );
    if (largest === pending) throw error;
    largest.fail(error);
  }

  #release(connection: Connection, keepAlive: boolean): void {
    if (!keepAlive || connection.socket.destroyed) {
      connection.socket.destroy();
      return;
    }
    connection.idleSince = performance.now();
    this.#idle.push(connection);
    // A slow round may open a thousand; a quick runtime then needs a handful.
    const [oldest] = this.#idle;
    if (oldest && connection.idleSince - oldest.idleSince > maxIdleMillis) oldest.socket.destroy();
  }
}

/** TLS throws at once when it cannot use a certificate. */
function opened(options: KeepAliveOptions, buffer: Buffer, path: string): Connection {
  try {
    return new Connection(options, buffer);
  } catch (error) {
    throw toSourceError(error, `GET ${path}`);
  }
}

function wholeResponse(response: HttpResponse): WholeResponse {
  const { status, location } = response;
  return { status, text: response.text(), ...(location !== undefined && { location }) };
}

/** Socket callbacks run below no caller: what they throw would end the process. */
function attempt(step: () => void, fail: (error: Error) => void): void {
  try {
    step();
  } catch (error) {
    fail(toSourceError(error, 'response'));
  }
}
