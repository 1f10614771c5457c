import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ApiFound, ApiMessages, ApiSource } from './api-source.ts';
import { sendEvents } from './event-stream.ts';
import { InFlight } from './refusals.ts';
import type { RefusalObserver } from './refusals.ts';
import { cutReader, refuse, sendBytes, plainText } from './route.ts';
import type { Route } from './route.ts';
import { apiOperations } from './schemas.ts';
import type { ApiOperation } from './schemas.ts';

/** Requests that collect, and streams, at once. */
const maxRequests = 40;
const maxStreams = 200;
const json = 'application/json; charset=utf-8';

/** Containers as JSON, and their samples and events as server-sent events. */
export function apiRoutes(
  source: ApiSource,
  heartbeatMillis: number,
  onRefused: RefusalObserver,
): readonly Route[] {
  const limits = new ApiLimits(onRefused);
  const stream = (request: FastifyRequest, reply: FastifyReply, open: () => ApiMessages): FastifyReply =>
    limits.takeStream(reply) ? sendEvents(request, reply, open, heartbeatMillis) : reply;
  const find = async ({ params }: FastifyRequest, reply: FastifyReply): Promise<ApiFound | undefined> =>
    await limits.collect(reply, () => source.find(parameter(params, 'container') ?? ''));
  return [
    listRoute(source, limits, onRefused),
    {
      ...routeOf(apiOperations.one),
      async handle(request, reply) {
        const found = await find(request, reply);
        if (!found) return reply;
        return found.id === undefined ? notOne(reply, request, found) : found.view;
      },
    },
    {
      ...routeOf(apiOperations.stats),
      async handle(request, reply) {
        const everyMillis = source.interval(parameter(request.query, 'interval'));
        if (typeof everyMillis === 'string') return badInterval(reply, everyMillis);
        const found = await find(request, reply);
        if (!found) return reply;
        if (found.id === undefined) return notOne(reply, request, found);
        return stream(request, reply, () => source.stats(found.id, found.runtime, everyMillis));
      },
    },
    {
      ...routeOf(apiOperations.allStats),
      handle(request, reply) {
        const everyMillis = source.interval(parameter(request.query, 'interval'));
        if (typeof everyMillis === 'string') return badInterval(reply, everyMillis);
        return stream(request, reply, () => source.allStats(everyMillis));
      },
    },
    {
      ...routeOf(apiOperations.events),
      handle: (request, reply) => stream(request, reply, () => source.events()),
    },
  ];
}

function routeOf({ path, summary }: ApiOperation): Pick<Route, 'path' | 'summary'> {
  return { path, summary };
}

function listRoute(source: ApiSource, limits: ApiLimits, onRefused: RefusalObserver): Route {
  return {
    ...routeOf(apiOperations.list),
    async handle(request, reply) {
      const onCut = (): void => cutReader(reply, onRefused);
      const body = await limits.collect(reply, () => source.containers(onCut));
      return body ? sendBytes(request, reply.type(json), body) : reply;
    },
  };
}

/** Maximum of concurrent API requests; more get 503. */
class ApiLimits {
  readonly #onRefused: RefusalObserver;
  readonly #requests = new InFlight(maxRequests);
  readonly #streams = new InFlight(maxStreams);

  constructor(onRefused: RefusalObserver) {
    this.#onRefused = onRefused;
  }

  /** Runs work that makes the source collect; undefined where the request was refused. */
  async collect<T extends object>(reply: FastifyReply, work: () => Promise<T>): Promise<T | undefined> {
    const leave = this.#requests.enter();
    if (!leave) {
      this.#onRefused('too_many_requests');
      refuse(reply, { error: `too many requests at once: ${maxRequests} are in progress` });
      return undefined;
    }
    try {
      return await work();
    } finally {
      leave();
    }
  }

  /** Takes the place of a stream until its response ends; false where the request was refused. */
  takeStream(reply: FastifyReply): boolean {
    const leave = this.#streams.enter();
    if (leave) {
      reply.raw.once('close', leave);
      return true;
    }
    this.#onRefused('too_many_streams');
    refuse(reply, { error: `too many streams: ${maxStreams} are open` });
    return false;
  }
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

/** A page that names what is served; its texts are ours and need no escaping. */
export function indexRoute(path: string, routes: readonly Route[]): Route {
  const items = routes.map((route) => `<li>${linked(route.path)}: ${route.summary}</li>`);
  const page = [
    '<!doctype html>',
    '<html lang="en">',
    '<meta charset="utf-8">',
    '<title>Tidegauge</title>',
    '<h1>Tidegauge</h1>',
    '<ul>',
    ...items,
    '</ul>',
    '</html>',
    '',
  ].join('\n');
  return {
    path,
    summary: 'this page',
    handle: (_request, reply) => reply.type('text/html; charset=utf-8').send(page),
  };
}

/** A path with a part to fill in leads nowhere. */
function linked(path: string): string {
  return path.includes(':') ? path : `<a href="${path}">${path}</a>`;
}

/** 200 while the event loop turns, independent of the runtimes. */
export function healthRoute(): Route {
  return {
    path: '/healthz',
    summary: 'whether the agent is alive',
    handle: (_request, reply) => reply.type(plainText).send('ok\n'),
  };
}

/** Reports the causes why the agent is not ready. */
export interface Readiness {
  /** Runtimes that were not probed yet since the start, and why; empty when ready. */
  missing(): readonly { readonly runtime: string; readonly reason: string }[];
}

/** Says whether every runtime has been probed once since the start; if not, which one is missing and why. */
export function readyRoute(readiness: Readiness): Route {
  return {
    path: '/readyz',
    summary: 'whether every runtime has been probed',
    handle(_request, reply) {
      const missing = readiness.missing();
      reply.type(plainText);
      if (missing.length === 0) return reply.send('ready\n');
      const lines = missing.map(({ runtime, reason }) => `not ready: ${runtime}: ${reason}\n`);
      return reply.code(503).send(lines.join(''));
    },
  };
}
