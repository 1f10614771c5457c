import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** No more is read from a connection while so many of its requests wait. */
const pausedAt = 16;
/** Requests that wait on all connections together; what was read already may exceed the first bound. */
const defaultMaxWaiting = 4000;

interface Connection {
  readonly waiting: (() => void)[];
  isBusy: boolean;
}

/**
 * Lets the requests of a connection be handled one at a time: a pipelined one waits until the previous response was
 * written, so that a client that requests and does not read costs one response and not hundreds.
 */
export class RequestQueue {
  readonly #onFull: () => void;
  readonly #maxWaiting: number;
  readonly #connections = new WeakMap<Socket, Connection>();
  #waitingCount = 0;

  /** @param onFull called when a connection is closed because too many requests wait. */
  constructor(onFull: () => void, maxWaiting = defaultMaxWaiting) {
    this.#onFull = onFull;
    this.#maxWaiting = maxWaiting;
  }

  /** Handles a request now or in its turn; never when its connection closes before. */
  add({ socket }: IncomingMessage, response: ServerResponse, handle: () => void): void {
    const connection = this.#connectionOf(socket);
    const begin = (): void => {
      response.once('close', () => this.#next(socket, connection));
      handle();
    };
    if (!connection.isBusy) {
      connection.isBusy = true;
      begin();
      return;
    }
    if (socket.destroyed) return;
    if (this.#waitingCount >= this.#maxWaiting) {
      this.#onFull();
      socket.destroy();
      return;
    }
    this.#waitingCount += 1;
    connection.waiting.push(begin);
    if (connection.waiting.length >= pausedAt) socket.pause();
  }

  #next(socket: Socket, connection: Connection): void {
    const begin = socket.destroyed ? undefined : connection.waiting.shift();
    if (!begin) {
      connection.isBusy = false;
      return;
    }
    this.#waitingCount -= 1;
    if (connection.waiting.length < pausedAt) socket.resume();
    begin();
  }

  #connectionOf(socket: Socket): Connection {
    const known = this.#connections.get(socket);
    if (known) return known;
    const connection = { waiting: [], isBusy: false };
    this.#connections.set(socket, connection);
    socket.once('close', () => {
      this.#waitingCount -= connection.waiting.length;
      connection.waiting.length = 0;
    });
    return connection;
  }
}
