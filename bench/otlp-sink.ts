import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { countPoints } from './count-points.ts';

/** Requests that follow each other within this belong to one export. */
const exportGapMillis = 1500;

/** Accepts OTLP over HTTP and drops it: the same far end for every agent, whose cost counts for none. */
export class OtlpSink {
  readonly #server: Server;
  #lastRequestAt = Number.NEGATIVE_INFINITY;
  #lastExportAt: number | undefined;
  #exports = 0;
  #requests = 0;
  #bytes = 0;
  #points = 0;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#begin();
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => {
        this.#bytes += part.length;
        parts.push(part);
      });
      request.on('end', () => {
        const isGzip = request.headers['content-encoding'] === 'gzip';
        response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
        const data = Buffer.concat(parts);
        this.#points += countPoints(isGzip ? gunzipSync(data) : data);
      });
    });
  }

  /** Listens when the promise resolves. */
  static async start(): Promise<OtlpSink> {
    const sink = new OtlpSink();
    await new Promise<void>((resolve) => sink.#server.listen(0, '127.0.0.1', resolve));
    return sink;
  }

  /** Without `/v1/metrics`. */
  get url(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  }

  /** When the latest export began, on the clock of `performance.now()`. */
  get lastExportAt(): number | undefined {
    return this.#lastExportAt;
  }

  /** Exports, requests, bytes and data points so far; bytes as sent. */
  get received(): { exports: number; requests: number; bytes: number; points: number } {
    return { exports: this.#exports, requests: this.#requests, bytes: this.#bytes, points: this.#points };
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #begin(): void {
    const now = performance.now();
    this.#requests += 1;
    if (now - this.#lastRequestAt > exportGapMillis) {
      this.#exports += 1;
      this.#lastExportAt = now;
    }
    this.#lastRequestAt = now;
  }
}
