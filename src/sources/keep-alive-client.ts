import type { Socket } from 'node:net';
import { HttpResponse } from './http-response.ts';
import { SourceError, sourceErrorDuring, toSourceError } from './source-error.ts';

/** What one request came to. */
export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** How a {@link KeepAliveClient} reaches its server. */
export interface KeepAliveOptions {
  connect(): Socket;
  readonly host: string;
  readonly maxBodyBytes: number;
}

interface Exchange {
  readonly socket: Socket;
  readonly response: HttpResponse;
}

/**
 * GETs over kept-alive connections with as little work per request as Node allows: stats calls are most of what
 * the agent does, and this costs about a third of `node:http`. Any number of requests may overlap; each has its
 * own connection while it runs.
 */
export class KeepAliveClient {
  readonly #options: KeepAliveOptions;
  readonly #idle: Socket[] = [];
  readonly #open = new Set<Socket>();

  constructor(options: KeepAliveOptions) {
    this.#options = options;
  }

  /** One GET. Throws SourceError: `timeout`, `aborted`, `unreachable`, `permission`, `bad-response`, `too-large`. */
  async get(path: string, timeoutMillis: number, signal: AbortSignal): Promise<Answer> {
    if (signal.aborted) throw new SourceError('aborted', `GET ${path}: given up`);
    const reused = this.#idle.pop();
    if (reused) {
      reused.removeAllListeners('data');
      const answer = await this.#exchange(reused, path, timeoutMillis, signal);
      // The server may close an idle connection at the moment we write: then nothing was answered, and we ask anew.
      if (answer !== 'closed') return answer;
    }
    const answer = await this.#exchange(this.#connect(path), path, timeoutMillis, signal);
    if (answer === 'closed') throw new SourceError('unreachable', `GET ${path}: the connection was closed`);
    return answer;
  }

  /** Ends every connection; requests under way fail. */
  close(): void {
    for (const socket of this.#open) socket.destroy();
  }

  #connect(path: string): Socket {
    const socket = opened(this.#options, path);
    this.#open.add(socket);
    socket.setNoDelay(true);
    // An error between two requests has nobody else to hear it, and would end the process.
    socket.on('error', () => undefined);
    socket.once('close', () => {
      this.#open.delete(socket);
      const index = this.#idle.indexOf(socket);
      if (index >= 0) this.#idle.splice(index, 1);
    });
    return socket;
  }

  async #exchange(
    socket: Socket,
    path: string,
    timeoutMillis: number,
    signal: AbortSignal,
  ): Promise<Answer | 'closed'> {
    const exchange = { socket, response: new HttpResponse(this.#options.maxBodyBytes) };
    try {
      return await this.#converse(exchange, path, timeoutMillis, signal);
    } catch (error) {
      socket.destroy();
      throw sourceErrorDuring(`GET ${path}`, error);
    }
  }

  #converse(
    exchange: Exchange,
    path: string,
    timeoutMillis: number,
    signal: AbortSignal,
  ): Promise<Answer | 'closed'> {
    const { socket, response } = exchange;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => settle(new SourceError('timeout', `no answer in ${timeoutMillis} ms`)),
        timeoutMillis,
      );
      const settle = (outcome: Answer | 'closed' | Error): void => {
        clearTimeout(timer);
        socket.off('data', onData).off('error', onError).off('close', onClose);
        signal.removeEventListener('abort', onAbort);
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome);
      };
      const finish = (): void => {
        if (!response.isComplete) return;
        settle({ status: response.status, text: response.text() });
        this.#release(socket, response.keepAlive);
      };
      const onData = (data: Buffer): void => attempt(() => response.push(data), finish, settle);
      const onError = (error: NodeJS.ErrnoException): void => {
        const closedIdle = !response.hasBegun && (error.code === 'EPIPE' || error.code === 'ECONNRESET');
        settle(closedIdle ? 'closed' : error);
      };
      const onClose = (): void => {
        if (!response.hasBegun) settle('closed');
        else attempt(() => response.end(), finish, settle);
      };
      const onAbort = (): void => settle(new SourceError('aborted', 'given up'));
      socket.on('data', onData).on('error', onError).on('close', onClose);
      signal.addEventListener('abort', onAbort, { once: true });
      socket.write(`GET ${path} HTTP/1.1\r\nHost: ${this.#options.host}\r\n\r\n`, 'latin1');
    });
  }

  #release(socket: Socket, keepAlive: boolean): void {
    if (!keepAlive || socket.destroyed) {
      socket.destroy();
      return;
    }
    // Bytes that nobody asked for would be taken for the next container's answer.
    socket.on('data', () => socket.destroy());
    this.#idle.push(socket);
  }
}

/** TLS throws at once when it cannot use a certificate. */
function opened(options: KeepAliveOptions, path: string): Socket {
  try {
    return options.connect();
  } catch (error) {
    throw toSourceError(error, `GET ${path}`);
  }
}

function attempt(step: () => void, then: () => void, fail: (error: Error) => void): void {
  try {
    step();
  } catch (error) {
    fail(toSourceError(error, 'answer'));
    return;
  }
  then();
}
