// One piece, because a fault may replace any step between a request line and the last byte of its answer.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorAnswer, jsonAnswer } from '../answers/answers.ts';
import type { Answer, AnswerRequest, EngineAnswers } from '../answers/answers.ts';
import type { Endpoint, Fault, FaultTable } from './faults.ts';
import type { RequestCounters } from './request-counters.ts';

/** Parts of the front: faults, counters and answers. */
interface FrontParts {
  readonly answers: EngineAnswers;
  readonly faults: FaultTable;
  readonly counters: RequestCounters;
  /** True when one-shot samples wait for a tick. */
  readonly tickWait: boolean;
}

/** The HTTP side of the Engine API: headers, versions, routes, counters and faults, without containers. */
export class EngineFront {
  readonly #parts: FrontParts;
  readonly #streams = new Map<ServerResponse, Endpoint>();

  constructor(parts: FrontParts) {
    this.#parts = parts;
  }

  /** Answers one request; for `http.createServer`. */
  readonly handle = (request: IncomingMessage, response: ServerResponse): void => {
    const target = parseTarget(request.method ?? '', request.url ?? '');
    for (const [name, value] of this.#headers()) response.setHeader(name, value);
    const tooFar = this.#unsupportedVersion(target.version);
    if (tooFar) sendAnswer(response, tooFar, []);
    else if (target.route.kind === 'requests')
      sendAnswer(response, jsonAnswer(this.#parts.counters.counts), []);
    else if (target.route.kind === 'unknown') sendAnswer(response, errorAnswer(404, 'page not found'), []);
    else void this.#answer(response, target, target.route);
  };

  /** Ends the open streams of an endpoint, politely or by closing their sockets. */
  endStreams(endpoint: Endpoint, how: 'end' | 'reset'): void {
    for (const response of this.#openStreams(endpoint)) {
      if (how === 'end') response.end();
      else cutConnection(response);
    }
  }

  /** Writes text, nonsense too, into the open streams of an endpoint. */
  writeToStreams(endpoint: Endpoint, text: string): void {
    for (const response of this.#openStreams(endpoint)) response.write(text);
  }

  #openStreams(endpoint: Endpoint): ServerResponse[] {
    return [...this.#streams].filter(([, of]) => of === endpoint).map(([response]) => response);
  }

  async #answer(response: ServerResponse, target: RequestTarget, route: EndpointRoute): Promise<void> {
    const { answers, faults: table, counters } = this.#parts;
    const { endpoint, reference } = route;
    const faults = table.take(endpoint, reference === undefined ? [] : answers.aliases(reference));
    const gone = new AbortController();
    const over = counters.begin(endpoint);
    response.once('close', () => {
      over();
      gone.abort();
      this.#streams.delete(response);
    });
    try {
      const delay = totalDelay(faults);
      if (delay > 0) await sleep(delay, undefined, { signal: gone.signal });
      if (sendInstead(response, faults)) return;
      const answer = await this.#ask(route, this.#toRequest(target, faults, gone.signal));
      if (answer.kind === 'lines') this.#streams.set(response, endpoint);
      if (endpoint === 'ping') sendPing(response);
      else sendAnswer(response, answer, faults);
    } catch (error) {
      // The client closed the connection meanwhile.
      if (!gone.signal.aborted) sendAnswer(response, errorAnswer(500, String(error)), []);
    }
  }

  #toRequest(
    { query, version }: RequestTarget,
    faults: readonly Fault[],
    signal: AbortSignal,
  ): AnswerRequest {
    const tickWait = this.#parts.tickWait || faults.some(({ kind }) => kind === 'tick-wait');
    return { query, signal, tickWait, apiMinor: minorOf(version ?? this.#parts.answers.versions.apiVersion) };
  }

  async #ask({ endpoint, reference = '' }: EndpointRoute, request: AnswerRequest): Promise<Answer> {
    const { answers } = this.#parts;
    switch (endpoint) {
      case 'ping':
        return { kind: 'body', status: 200, body: 'OK' };
      case 'version':
        return answers.version(request);
      case 'info':
        return answers.info(request);
      case 'list':
        return answers.list(request);
      case 'inspect':
        return answers.inspect(reference, request);
      case 'stats':
        return await answers.stats(reference, request);
      case 'events':
        return answers.events(request);
      case 'df':
        return diskUsage(answers, request);
    }
  }

  #headers(): [string, string][] {
    const { engineVersion, apiVersion } = this.#parts.answers.versions;
    return [
      ['Api-Version', apiVersion],
      ['Docker-Experimental', 'false'],
      ['Ostype', 'linux'],
      ['Server', `Docker/${engineVersion} (linux)`],
    ];
  }

  /** The error for a client that is too new or too old, worded as in Moby's version middleware. */
  #unsupportedVersion(version: string | undefined): Answer | undefined {
    const { apiVersion, minApiVersion } = this.#parts.answers.versions;
    if (version === undefined) return undefined;
    if (isOlder(version, minApiVersion)) {
      const tooOld = `Minimum supported API version is ${minApiVersion}, please upgrade your client to a newer version`;
      return errorAnswer(400, `client version ${version} is too old. ${tooOld}`);
    }
    if (isOlder(apiVersion, version)) {
      const tooNew = `Maximum supported API version is ${apiVersion}`;
      return errorAnswer(400, `client version ${version} is too new. ${tooNew}`);
    }
    return undefined;
  }
}

type EndpointRoute = Extract<Route, { kind: 'endpoint' }>;

function diskUsage(answers: EngineAnswers, request: AnswerRequest): Answer {
  return answers.diskUsage?.(request) ?? errorAnswer(404, 'page not found');
}

function sendPing(response: ServerResponse): void {
  response.setHeader('Builder-Version', '2');
  response.setHeader('Swarm', 'inactive');
  response.setHeader('Cache-Control', 'no-cache, no-store, must-revalidate');
  response.setHeader('Pragma', 'no-cache');
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.end('OK');
}

function totalDelay(faults: readonly Fault[]): number {
  return faults.reduce((sum, fault) => sum + (fault.kind === 'delay' ? fault.millis : 0), 0);
}

function minorOf(version: string): number {
  return Number(version.split('.')[1] ?? 0);
}

function isOlder(version: string, than: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [thanMajor = 0, thanMinor = 0] = than.split('.').map(Number);
  return major < thanMajor || (major === thanMajor && minor < thanMinor);
}

/** A request line, parsed. */
interface RequestTarget {
  readonly query: URLSearchParams;
  /** As written in the path, `1.NN`; absent without a prefix. */
  readonly version: string | undefined;
  readonly route: Route;
}

/** The endpoint of a path, and the container it names. */
type Route =
  | { readonly kind: 'endpoint'; readonly endpoint: Endpoint; readonly reference: string | undefined }
  /** The simulation's own counters, for other processes. */
  | { readonly kind: 'requests' }
  | { readonly kind: 'unknown' };

const fixedPaths: ReadonlyMap<string, Endpoint> = new Map([
  ['/_ping', 'ping'],
  ['/version', 'version'],
  ['/info', 'info'],
  ['/containers/json', 'list'],
  ['/events', 'events'],
  ['/system/df', 'df'],
]);

/** Reads method and URL of a request; HEAD is only for the ping, as in Moby. */
function parseTarget(method: string, url: string): RequestTarget {
  const [fullPath = '', ...query] = url.split('?');
  const [, version, path = ''] = /^(?:\/v(\d+\.\d+))?(\/.*)?$/.exec(fullPath) ?? [];
  const isAllowed = method === 'GET' || (method === 'HEAD' && path === '/_ping');
  const route: Route = isAllowed ? findRoute(path) : { kind: 'unknown' };
  return { query: new URLSearchParams(query.join('?')), version, route };
}

function findRoute(path: string): Route {
  if (path === '/_simulated/requests') return { kind: 'requests' };
  const fixed = fixedPaths.get(path);
  if (fixed) return { kind: 'endpoint', endpoint: fixed, reference: undefined };
  const [, encoded, what] = /^\/containers\/(.+)\/(json|stats)$/.exec(path) ?? [];
  const reference = encoded === undefined ? undefined : decode(encoded);
  if (reference === undefined) return { kind: 'unknown' };
  return { kind: 'endpoint', endpoint: what === 'json' ? 'inspect' : 'stats', reference };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    // A malformed escape names nothing.
    return undefined;
  }
}

const jsonType = { 'Content-Type': 'application/json' };
const htmlPage =
  '<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>\n';

/** Sends an answer with faults: a fault that replaces it first, then faults that change its text. */
function sendAnswer(response: ServerResponse, answer: Answer, faults: readonly Fault[]): void {
  if (answer.kind === 'lines') sendLines(response, answer, faults);
  else if (faults.some(({ kind }) => kind === 'stall'))
    response.writeHead(answer.status, jsonType).flushHeaders();
  else sendBody(response, answer.status, alterText(answer.body, faults), isCutShort(faults));
}

/** Responds by a fault that replaces the answer; true when there is one. */
function sendInstead(response: ServerResponse, faults: readonly Fault[]): boolean {
  return faults.some((fault) => {
    if (fault.kind === 'reset') cutConnection(response);
    else if (fault.kind === 'status') sendBody(response, fault.status, messageOf(fault));
    else if (fault.kind === 'html') sendHtml(response, fault.status ?? 502);
    else if (fault.kind === 'endless') void sendEndless(response, fault.bytes ?? Number.POSITIVE_INFINITY);
    else return fault.kind === 'hang';
    return true;
  });
}

function messageOf({ message = 'simulated fault' }: Extract<Fault, { kind: 'status' }>): string {
  return `${JSON.stringify({ message })}\n`;
}

function sendHtml(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'Content-Type': 'text/html' }).end(htmlPage);
}

function isCutShort(faults: readonly Fault[]): boolean {
  return faults.some(({ kind }) => kind === 'truncate');
}

function sendBody(response: ServerResponse, status: number, body: string, cutShort = false): void {
  const bytes = Buffer.from(body);
  response.writeHead(status, { ...jsonType, 'Content-Length': bytes.length });
  if (cutShort) response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
  else response.end(bytes);
}

function sendLines(
  response: ServerResponse,
  { open }: Extract<Answer, { kind: 'lines' }>,
  faults: readonly Fault[],
): void {
  response.writeHead(200, jsonType).flushHeaders();
  if (faults.some(({ kind }) => kind === 'stall')) return;
  const cutShort = isCutShort(faults);
  const close = open({
    line: (text) => {
      const altered = alterText(text, faults);
      // The engine has ended the stream, and its client has not received the end yet.
      if (response.writableEnded) return;
      if (cutShort) response.write(altered.slice(0, altered.length / 2), () => response.destroy());
      else response.write(altered);
    },
    end: () => response.end(),
  });
  if (response.closed) close();
  else response.once('close', close);
}

/** Writes an array without end, no faster than it is read, so that the engine's own memory stays flat. */
async function sendEndless(response: ServerResponse, bytes: number): Promise<void> {
  response.writeHead(200, jsonType);
  try {
    await pipeline(Readable.from(endlessArray(bytes)), response);
  } catch {
    // The client had enough: that is how this answer ends.
  }
}

function* endlessArray(bytes: number): Generator<string> {
  const chunk = '"never",'.repeat(8192);
  yield '[';
  for (let sent = 1; sent < bytes; sent += chunk.length) yield chunk;
  yield '0]\n';
}

/** The text of an answer after all faults that change it. */
function alterText(text: string, faults: readonly Fault[]): string {
  return faults.reduce(alterOnce, text);
}

function alterOnce(text: string, fault: Fault): string {
  if (fault.kind === 'wrong-type') return '"an engine would not say this"\n';
  if (fault.kind === 'replace') return `${JSON.stringify(fault.json)}\n`;
  if (fault.kind === 'set')
    return `${JSON.stringify(withValue(JSON.parse(text), fault.path, fault.value))}\n`;
  return fault.kind === 'mutate' ? fault.mutate(text) : text;
}

/** A copy of the JSON value in which what the path leads to is another value; missing objects are made. */
function withValue(json: unknown, path: readonly (string | number)[], value: unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return value;
  if (Array.isArray(json)) {
    return json.map((item: unknown, index) => (index === first ? withValue(item, rest, value) : item));
  }
  const object = typeof json === 'object' && json !== null ? json : {};
  const before: unknown = Object.entries(object).find(([key]) => key === String(first))?.[1];
  return { ...object, [first]: withValue(before, rest, value) };
}

/** Closes the client's connection at once: with RST on TCP; a unix socket has no reset. */
function cutConnection({ socket }: ServerResponse): void {
  if (socket?.remoteAddress === undefined) socket?.destroy();
  else socket.resetAndDestroy();
}
