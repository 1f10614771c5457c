import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';

/** Requests of an {@link OtlpReceiver} so far. */
export interface Received {
  readonly requests: number;
  /** As sent, compressed or not. */
  readonly bytes: number;
}

/** Takes OTLP over HTTP on a free loopback port and counts it: a demo's stand-in where no collector answers. */
export class OtlpReceiver {
  readonly #server: Server;
  #requests = 0;
  #bytes = 0;

  private constructor() {
    this.#server = createServer((request, response) => this.#take(request, response));
  }

  /** Listens when the promise resolves. */
  static async start(): Promise<OtlpReceiver> {
    const receiver = new OtlpReceiver();
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  /** Whole, path included. */
  get url(): URL {
    const address = this.#server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    return new URL(`http://127.0.0.1:${port}/v1/metrics`);
  }

  get received(): Received {
    return { requests: this.#requests, bytes: this.#bytes };
  }

  /** Stops listening and ends every connection. */
  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** An empty body is a success without a word, in both encodings. */
  #take(request: IncomingMessage, response: ServerResponse): void {
    request.on('data', (part: Buffer) => (this.#bytes += part.length));
    request.on('end', () => {
      this.#requests += 1;
      response
        .writeHead(200, { 'content-type': request.headers['content-type'] ?? 'application/x-protobuf' })
        .end();
    });
  }
}
