import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import type { OtlpRequest } from '../real/collector.ts';

/** One request as it came. */
export interface TakenRequest {
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  /** As it was on the wire. */
  readonly raw: Buffer;
  readonly body: Buffer;
}

/** The response to a request: a status with headers and body, or a function that writes it. */
export type ScriptedAnswer =
  | {
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string | Uint8Array;
    }
  | ((response: ServerResponse) => void);

/** A collector made by hand, on loopback; also a forward proxy, for requests with an absolute URI and for CONNECT. */
export class ScriptedCollector {
  readonly requests: TakenRequest[] = [];
  readonly connects: string[] = [];
  /** By the number of the request, from 0. */
  answer: (index: number) => ScriptedAnswer = () => ({});
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => void this.#take(request, response));
    this.#server.on('connect', (request, socket) => {
      this.connects.push(request.url ?? '');
      const [host = '', port] = (request.url ?? '').split(':');
      const upstream = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
        socket.pipe(upstream).pipe(socket);
      });
      for (const end of [upstream, socket])
        end.on('error', () => [upstream, socket].forEach((each) => each.destroy()));
    });
  }

  /** Listens on a port of its own. */
  static async start(): Promise<ScriptedCollector> {
    const collector = new ScriptedCollector();
    collector.#server.listen(0, '127.0.0.1');
    await once(collector.#server, 'listening');
    return collector;
  }

  /** Without a path. */
  get origin(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  /** The bodies of the requests so far, which must be JSON. */
  json(): OtlpRequest[] {
    return this.requests.map(({ body }): OtlpRequest => JSON.parse(body.toString()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // One that its sender gives up half-way is no request.
    const raw = await buffer(request).catch(() => undefined);
    if (!raw) return;
    const { url = '', headers } = request;
    const body = headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
    const answer = this.answer(this.requests.push({ url, headers, raw, body }) - 1);
    if (typeof answer === 'function') return answer(response);
    response.writeHead(answer.status ?? 200, answer.headers).end(answer.body);
  }
}
