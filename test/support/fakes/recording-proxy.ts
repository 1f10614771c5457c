import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The parts of a stats response that tests compare, as the Engine API has them. */
export interface StatsAnswer {
  readonly read: string;
  readonly cpu_stats: {
    readonly cpu_usage: { readonly total_usage: number };
    readonly system_cpu_usage: number;
    readonly online_cpus: number;
    readonly throttling_data: {
      readonly periods: number;
      readonly throttled_periods: number;
      readonly throttled_time: number;
    };
  };
  readonly memory_stats: { readonly usage: number; readonly stats: Readonly<Record<string, number>> };
}

/** A response, and the CPU time that the hypervisor had taken from this machine by then. */
export interface RecordedAnswer extends StatsAnswer {
  readonly stolenNanos: number;
}

/** A proxy between an agent and a runtime that keeps the runtime's stats responses, and counts what is asked. */
export class RecordingProxy {
  /** As `--docker-url` takes it. */
  readonly url: string;
  readonly #directory: string;
  readonly runtimeSocket: string;
  readonly #server: Server;
  readonly #answers = new Map<string, RecordedAnswer[]>();
  /** Requests so far by their path, with `ID` for a container's and without the version. */
  readonly requests = new Map<string, number>();

  private constructor(runtimeSocket: string, directory: string) {
    this.runtimeSocket = runtimeSocket;
    this.#directory = directory;
    this.url = `unix://${join(directory, 'proxy.sock')}`;
    this.#server = createServer((incoming, outgoing) => this.#pass(incoming, outgoing));
  }

  /** Starts to listen. */
  static async start(runtimeSocket: string): Promise<RecordingProxy> {
    const proxy = new RecordingProxy(runtimeSocket, await mkdtemp(join(tmpdir(), 'tidegauge-proxy-')));
    proxy.#server.listen(proxy.url.replace('unix://', ''));
    await once(proxy.#server, 'listening');
    return proxy;
  }

  /** The stats responses about a container so far, oldest first. */
  answers(id: string): readonly RecordedAnswer[] {
    return this.#answers.get(id) ?? [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await rm(this.#directory, { recursive: true, force: true });
  }

  #pass(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { method, url: path = '', headers } = incoming;
    const kind = new URL(path, 'http://runtime').pathname
      .replace(/^\/v[\d.]+/, '')
      .replace(/^\/containers\/[0-9a-f]{12,}\//, '/containers/ID/');
    this.requests.set(kind, (this.requests.get(kind) ?? 0) + 1);
    const onward = request({ socketPath: this.runtimeSocket, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      // A stream of events has nothing to send at first.
      outgoing.flushHeaders();
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      // Kept before the agent has it whole, so that what it shows was recorded.
      answer.on('end', () => this.#record(path, answer, chunks));
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  }

  #record(path: string, { statusCode }: IncomingMessage, chunks: readonly Buffer[]): void {
    const id = /\/containers\/([^/]+)\/stats\b/.exec(path)?.[1];
    if (id === undefined || statusCode !== 200) return;
    const answer: StatsAnswer = JSON.parse(Buffer.concat(chunks).toString());
    this.#answers.set(id, [...this.answers(id), { ...answer, stolenNanos: stolenNanos() }]);
  }
}

/** The eighth column of /proc/stat, over all CPUs, in ticks of 10 ms. */
function stolenNanos(): number {
  const columns = /^cpu +(.*)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1]?.split(' ') ?? [];
  return Number(columns[7]) * 1e7;
}
