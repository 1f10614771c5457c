import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ApiFound, ApiMessages, ApiSource } from './api-source.ts';
import { sendEvents } from './event-stream.ts';
import type { Route } from './route.ts';

/** Containers as JSON, and their samples and events as server-sent events. */
export function apiRoutes(source: ApiSource, heartbeatMillis: number): readonly Route[] {
  const stream = (request: FastifyRequest, reply: FastifyReply, open: () => ApiMessages): FastifyReply =>
    sendEvents(request, reply, open, heartbeatMillis);
  return [
    {
      path: '/api/v1/containers',
      summary: 'every container, as JSON',
      handle: () => source.containers(),
    },
    {
      path: '/api/v1/containers/:container',
      summary: 'one container by id or name, as JSON',
      handle: async (request, reply) => {
        const found = await source.find(parameter(request.params, 'container') ?? '');
        return found.id === undefined ? notOne(reply, request, found) : found.view;
      },
    },
    {
      path: '/api/v1/containers/:container/stats',
      summary: 'its samples, as server-sent events',
      handle: async (request, reply) => {
        const everyMillis = source.interval(parameter(request.query, 'interval'));
        if (typeof everyMillis === 'string') return badInterval(reply, everyMillis);
        const found = await source.find(parameter(request.params, 'container') ?? '');
        if (found.id === undefined) return notOne(reply, request, found);
        return stream(request, reply, () => source.stats(found.id, found.runtime, everyMillis));
      },
    },
    {
      path: '/api/v1/stats',
      summary: 'samples of every container, as server-sent events',
      handle: (request, reply) => {
        const everyMillis = source.interval(parameter(request.query, 'interval'));
        if (typeof everyMillis === 'string') return badInterval(reply, everyMillis);
        return stream(request, reply, () => source.allStats(everyMillis));
      },
    },
    {
      path: '/api/v1/events',
      summary: 'what happens to containers, as server-sent events',
      handle: (request, reply) => stream(request, reply, () => source.events()),
    },
  ];
}

function badInterval(reply: FastifyReply, reason: string): FastifyReply {
  return reply.code(400).send({ error: `interval: ${reason}` });
}

function notOne(
  reply: FastifyReply,
  { params }: FastifyRequest,
  { matches, away }: ApiFound & { readonly id?: never },
): FastifyReply {
  const asked = JSON.stringify(parameter(params, 'container'));
  if (matches > 0)
    return reply.code(404).send({ error: `${matches} containers match ${asked}: give more of the id` });
  const error = `no container has the id or name ${asked}`;
  if (away.length === 0) return reply.code(404).send({ error });
  return reply.code(503).send({ error: `${error}; but these runtimes do not answer: ${away.join(', ')}` });
}

/** Given twice, the last one holds. */
function parameter(parameters: unknown, name: string): string | undefined {
  if (typeof parameters !== 'object' || parameters === null) return undefined;
  const value: unknown = Object.entries(parameters).find(([key]) => key === name)?.[1];
  const last: unknown = Array.isArray(value) ? value.at(-1) : value;
  return typeof last === 'string' ? last : undefined;
}
