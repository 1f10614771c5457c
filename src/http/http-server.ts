// One piece, because the bounds on connections, waiting requests and responses protect the process only together.
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import fastify from 'fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '../log.ts';
import { apiRoutes, healthRoute, indexRoute, readyRoute } from './api-routes.ts';
import type { Readiness } from './api-routes.ts';
import type { ApiSource } from './api-source.ts';
import { defaultHeartbeatMillis, eventStream } from './event-stream.ts';
import { metricsRoute } from './metrics-route.ts';
import type { MetricsSource } from './metrics-route.ts';
import { loggedRefusals } from './refusals.ts';
import type { RefusalObserver } from './refusals.ts';
import { plainText } from './route.ts';
import type { Route } from './route.ts';

const defaultCloseMillis = 2000;
/** A connection on which nothing moves: a reader that stalls may not hold an exposition for ever. */
const defaultStalledMillis = 60_000;
const requestMillis = 30_000;
/** Reading a whole response, but for a stream: a reader that trickles may not hold it for ever either. */
const defaultResponseMillis = 30_000;
/** An idle connection costs tens of KB. */
const maxConnections = 1000;
const keepAliveMillis = 72_000;
/** Runtimes limit names to less than this. */
const maxNameLength = 512;
/** Nobody posts anything here. */
const bodyBytes = 1024;

/** Options of the server. */
export interface HttpServerOptions {
  readonly metrics: MetricsSource;
  readonly readiness: Readiness;
  /** Absent: there is no API. */
  readonly api?: ApiSource | undefined;
  readonly log: Log;
  /** `/metrics` by default. */
  readonly metricsPath?: string;
  /** Before every path; health and readiness are served without it too. */
  readonly pathPrefix?: string | undefined;
  /** Maximum time for responses under way when the server closes; 2 s by default. */
  readonly closeMillis?: number;
  /** A connection on which nothing moves is cut after so long; 60 s by default. */
  readonly stalledMillis?: number;
  /** A response that is not read so long after its headers were sent is broken off; 30 s by default. Streams are none. */
  readonly responseMillis?: number;
  /** Receives each refusal. */
  readonly onRefused?: RefusalObserver;
  /** Into a quiet stream something is sent that often; each 15 s by default. */
  readonly heartbeatMillis?: number;
}

/** A server that listens once and closes once. */
export interface HttpServer {
  /** Resolves with the server's URL; rejects with an Error that names host and port. */
  listen(host: string, port: number): Promise<{ readonly address: string }>;
  /** Takes no more requests and lets responses under way end, for `closeMillis` at most. */
  close(): Promise<void>;
}

/** Makes the server of scrapes and health checks: the metrics, `/healthz`, `/readyz`, and `/` as their index. */
export function createHttpServer({
  metrics,
  readiness,
  api,
  log,
  metricsPath = '/metrics',
  pathPrefix = '',
  closeMillis = defaultCloseMillis,
  stalledMillis = defaultStalledMillis,
  responseMillis = defaultResponseMillis,
  onRefused = () => undefined,
  heartbeatMillis = defaultHeartbeatMillis,
}: HttpServerOptions): HttpServer {
  const refused = loggedRefusals(onRefused, log);
  const probes = [healthRoute(), readyRoute(readiness)];
  const prefixed = [
    metricsRoute(metricsPath, metrics, log, refused),
    ...probes,
    ...(api ? apiRoutes(api, heartbeatMillis, refused) : []),
  ].map((route) => ({ ...route, path: pathPrefix + route.path }));
  // What asks for health knows the address, and not what a proxy puts before the path.
  const served = pathPrefix === '' ? prefixed : [...prefixed, ...probes];
  const app = createApp([...indexRoutes(pathPrefix, prefixed, served), ...served], log, {
    pathPrefix,
    stalledMillis,
    responseMillis,
    refused,
  });
  return {
    async listen(host, port) {
      try {
        await app.listen({ host, port });
      } catch (error) {
        throw listenError(host, port, error);
      }
      return { address: urlOf(app) };
    },
    close: () => closeWithin(app, closeMillis),
  };
}

/** The index behind a prefix is at the prefix itself too, unless health or readiness is. */
function indexRoutes(
  pathPrefix: string,
  listed: readonly Route[],
  served: readonly Route[],
): readonly Route[] {
  const index = indexRoute(`${pathPrefix}/`, listed);
  const isTaken = pathPrefix === '' || served.some(({ path }) => path === pathPrefix);
  return isTaken ? [index] : [index, { ...index, path: pathPrefix }];
}

interface AppOptions {
  readonly pathPrefix: string;
  readonly stalledMillis: number;
  readonly responseMillis: number;
  readonly refused: RefusalObserver;
}

function createApp(
  routes: readonly Route[],
  log: Log,
  { pathPrefix, stalledMillis, responseMillis, refused }: AppOptions,
): FastifyInstance {
  const app = fastify({
    logger: false,
    exposeHeadRoutes: false,
    bodyLimit: bodyBytes,
    serverFactory: (handler) => queuedServer(handler, stalledMillis, refused),
    routerOptions: { maxParamLength: maxNameLength },
    // No route has a schema: the packages that compile them are not loaded.
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
  });
  for (const { path: url, handle } of routes) app.route({ method: ['GET', 'HEAD'], url, handler: handle });
  addFallback(app, routes, { log, pathPrefix });
  app.addHook('onSend', async (_request, reply) => limitResponse(reply, responseMillis, refused));
  return app;
}

function noSchemas(): never {
  throw new Error('routes have no schemas');
}

/** A server that handles the requests of each connection one at a time. */
function queuedServer(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
  stalledMillis: number,
  refused: RefusalObserver,
): Server {
  const queue = new RequestQueue(() => refused('too_many_pipelined'));
  const server = createServer({ requestTimeout: requestMillis, keepAliveTimeout: keepAliveMillis });
  server.on('request', (request, response) => queue.add(request, response, () => handler(request, response)));
  server.on('drop', () => refused('too_many_connections'));
  server.maxConnections = maxConnections;
  return server.setTimeout(stalledMillis);
}

/**
 * Breaks a response off that is not read in time; a stream has no end. One of which nothing waits has been read as fast
 * as it is made: a large one on a busy machine may take longer to be rendered than a reader may take.
 */
function limitResponse(reply: FastifyReply, millis: number, refused: RefusalObserver): void {
  if (String(reply.getHeader('content-type')).startsWith(eventStream)) return;
  const { raw } = reply;
  // The client left before: what would clear the timer has happened.
  if (raw.destroyed) return;
  const limit = setTimeout(() => {
    if (raw.writableLength === 0) return void limit.refresh();
    refused('slow_reader');
    raw.destroy();
  }, millis);
  raw.once('close', () => clearTimeout(limit));
}

async function closeWithin(app: FastifyInstance, millis: number): Promise<void> {
  // Connections that become idle only after their last response are not closed by Node itself.
  const sweep = setInterval(() => app.server.closeIdleConnections(), 20);
  const limit = setTimeout(() => app.server.closeAllConnections(), millis);
  try {
    await app.close();
  } finally {
    clearInterval(sweep);
    clearTimeout(limit);
  }
}

function urlOf({ server }: FastifyInstance): string {
  const bound = server.address();
  if (bound === null || typeof bound === 'string') return String(bound);
  const host = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address;
  return `http://${host}:${bound.port}`;
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use',
  EACCES: 'no permission for this port',
  EADDRNOTAVAIL: 'this machine does not have that address',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the host cannot be looked up',
  EAFNOSUPPORT: 'this machine does not speak that kind of address',
};

/** The error of an address where the server could not listen, with the cause. */
function listenError(host: string, port: number, cause: unknown): Error {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const reason = reasons[code] ?? (cause instanceof Error ? cause.message : String(cause));
  const named = host.includes(':') ? `[${host}]` : host;
  return new Error(`cannot listen on ${named}:${port}: ${reason}`, { cause });
}

/**
 * Responses without a route: 405 on a known path, 404 elsewhere, 500 where a route failed; as JSON for the API.
 */
function addFallback(
  app: FastifyInstance,
  routes: readonly Route[],
  { log, pathPrefix }: { readonly log: Log; readonly pathPrefix: string },
): void {
  const served = routes.map(({ path }) => path).join(', ');
  const known = routes.map(({ path }) => matching(path));
  const isApi = (request: FastifyRequest): boolean => pathOf(request).startsWith(`${pathPrefix}/api/`);
  app.setNotFoundHandler((request, reply) => {
    const path = pathOf(request);
    if (!known.some((pattern) => pattern.test(path)))
      return say(isApi(request), reply.code(404), `not found; served are ${served}`);
    return say(
      isApi(request),
      reply.code(405).header('allow', 'GET, HEAD'),
      'method not allowed: use GET or HEAD',
    );
  });
  app.setErrorHandler((error, request, reply) => {
    const isRequestsFault = isClientError(error);
    if (!isRequestsFault) log.error({ error, path: request.url }, 'a request failed');
    const message = isRequestsFault ? error.message : 'internal error';
    return say(isApi(request), reply.code(isRequestsFault ? error.statusCode : 500), message);
  });
}

/** A part of a path that begins with a colon is any. */
function matching(path: string): RegExp {
  const parts = path
    .split('/')
    .map((part) => (part.startsWith(':') ? '[^/]+' : part.replaceAll('.', String.raw`\.`)));
  return new RegExp(`^${parts.join('/')}$`);
}

function say(isApi: boolean, reply: FastifyReply, message: string): FastifyReply {
  if (isApi) return reply.send({ error: message });
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
class RequestQueue {
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
