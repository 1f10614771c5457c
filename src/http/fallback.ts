import type { FastifyInstance } from 'fastify';
import type { Log } from '../log.ts';
import { plainText, type Route } from './route.ts';

/** Answers what no route answers: 405 on a known path, 404 elsewhere, 500 where a route failed. */
export function addFallback(app: FastifyInstance, routes: readonly Route[], log: Log): void {
  const paths = new Set(routes.map(({ path }) => path));
  const served = [...paths].join(', ');
  app.setNotFoundHandler((request, reply) => {
    const [path = ''] = request.url.split('?', 1);
    const isApi = path.startsWith('/api/');
    if (isApi && request.method === 'GET')
      return reply.code(404).send({ error: `not found; served are ${served}` });
    reply.type(plainText);
    if (!isApi && !paths.has(path)) return reply.code(404).send(`not found; served are ${served}\n`);
    return reply.code(405).header('allow', 'GET, HEAD').send('method not allowed: use GET or HEAD\n');
  });
  app.setErrorHandler((error, request, reply) => {
    const isRequestsFault = isClientError(error);
    if (!isRequestsFault) log.error({ error, path: request.url }, 'a request failed');
    const answer = isRequestsFault ? error.message : 'internal error';
    return reply
      .code(isRequestsFault ? error.statusCode : 500)
      .type(plainText)
      .send(`${answer}\n`);
  });
}

function isClientError(error: unknown): error is Error & { readonly statusCode: number } {
  if (!(error instanceof Error) || !('statusCode' in error)) return false;
  const { statusCode } = error;
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500;
}
