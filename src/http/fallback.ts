import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '../log.ts';
import { plainText, type Route } from './route.ts';

/** Answers what no route answers: 405 on a known path, 404 elsewhere, 500 where a route failed; of the API as JSON. */
export function addFallback(app: FastifyInstance, routes: readonly Route[], log: Log): void {
  const served = routes.map(({ path }) => path).join(', ');
  const known = routes.map(({ path }) => new RegExp(`^${path.replaceAll(/:\w+/g, '[^/]+')}$`));
  app.setNotFoundHandler((request, reply) => {
    const path = pathOf(request);
    if (!known.some((pattern) => pattern.test(path)))
      return say(request, reply.code(404), `not found; served are ${served}`);
    return say(request, reply.code(405).header('allow', 'GET, HEAD'), 'method not allowed: use GET or HEAD');
  });
  app.setErrorHandler((error, request, reply) => {
    const isRequestsFault = isClientError(error);
    if (!isRequestsFault) log.error({ error, path: request.url }, 'a request failed');
    const answer = isRequestsFault ? error.message : 'internal error';
    return say(request, reply.code(isRequestsFault ? error.statusCode : 500), answer);
  });
}

function say(request: FastifyRequest, reply: FastifyReply, message: string): FastifyReply {
  if (pathOf(request).startsWith('/api/')) return reply.send({ error: message });
  return reply.type(plainText).send(`${message}\n`);
}

function pathOf({ url }: FastifyRequest): string {
  return url.split('?', 1)[0] ?? '';
}

function isClientError(error: unknown): error is Error & { readonly statusCode: number } {
  if (!(error instanceof Error) || !('statusCode' in error)) return false;
  const { statusCode } = error;
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500;
}
