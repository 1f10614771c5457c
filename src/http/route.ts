import type { FastifyReply, FastifyRequest } from 'fastify';

/** One path that the server answers to GET and HEAD. */
export interface Route {
  readonly path: string;
  /** What is found there, in a few words: for the index. */
  readonly summary: string;
  /** Gives the body, or sends it by the reply. */
  readonly handle: (request: FastifyRequest, reply: FastifyReply) => unknown;
}

/** The content type of everything short that is written for people. */
export const plainText = 'text/plain; charset=utf-8';
