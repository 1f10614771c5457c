import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ByteReader } from '../concurrency/shared-bytes.ts';
import type { RefusalObserver } from './refusals.ts';

/** One path of the server, for GET and HEAD. */
export interface Route {
  readonly path: string;
  /** A few words on its content, for the index. */
  readonly summary: string;
  /** Gives the body, or sends it by the reply. */
  readonly handle: (request: FastifyRequest, reply: FastifyReply) => unknown;
}

/** The content type of everything short that is written for people. */
export const plainText = 'text/plain; charset=utf-8';

/** Seconds of `Retry-After` for a refused client. */
const retryAfterSeconds = 1;

/** Answers 503: too much is in progress. */
export function refuse(reply: FastifyReply, body: string | object): FastifyReply {
  reply.code(503).header('retry-after', String(retryAfterSeconds));
  if (typeof body === 'string') reply.type(plainText);
  return reply.send(body);
}

/** Sends bytes that are shared with other readers, as fast as the client takes them; to HEAD no more than the headers. */
export function sendBytes(
  { method, raw }: FastifyRequest,
  reply: FastifyReply,
  body: ByteReader,
): FastifyReply {
  if (method === 'HEAD' || raw.socket.destroyed) {
    void body.return?.();
    return reply.send();
  }
  // A chunk is counted as one object: two of them wait at most.
  return reply.send(Readable.from(body, { highWaterMark: 1 }));
}

/** Breaks a response off whose reader was given up. */
export function cutReader({ raw }: FastifyReply, onRefused: RefusalObserver): void {
  // A client that has left was refused nothing.
  if (raw.writableFinished || raw.destroyed) return;
  onRefused('memory');
  raw.destroy();
}
