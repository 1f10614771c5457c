import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { waitUntil } from '../real/daemon.ts';

/** One request as it came, its body uncompressed. */
export interface SunkRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Takes every request, and responds with 200 as a collector does; or takes it and never responds. */
export class OtlpSink {
  readonly requests: SunkRequest[] = [];
  readonly #server: Server;

  private constructor(answers: boolean) {
    this.#server = createServer((incoming, outgoing) => {
      // One that its sender gives up half-way is no request.
      const taken = buffer(incoming).catch(() => undefined);
      void taken.then((raw) => {
        if (!raw) return;
        const { url: path = '', headers } = incoming;
        const isGzip = headers['content-encoding'] === 'gzip';
        this.requests.push({ path, headers, body: isGzip ? gunzipSync(raw) : raw });
        if (!answers) return;
        const isJson = headers['content-type'] === 'application/json';
        outgoing.setHeader('content-type', headers['content-type'] ?? '');
        outgoing.end(isJson ? '{}' : '');
      });
    });
  }

  /** Starts to listen on a port of its own. */
  static async start({ answers = true }: { readonly answers?: boolean } = {}): Promise<OtlpSink> {
    const sink = new OtlpSink(answers);
    sink.#server.listen(0, '127.0.0.1');
    await once(sink.#server, 'listening');
    return sink;
  }

  /** As `--otlp-endpoint` takes it. */
  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  /** Waits until that many requests came in. */
  async waitFor(count: number): Promise<readonly SunkRequest[]> {
    return await waitUntil(`${count} exports`, async () =>
      this.requests.length >= count ? this.requests : undefined,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
