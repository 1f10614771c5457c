import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Connections that wait to be accepted: as many as Linux allows, which Moby's server takes; Node's 511 refuse a client that opens a thousand. */
const maxPending = 4096;

/** Address of an engine. */
export interface ListenOptions {
  /** Path of the unix socket; left out, one in a fresh directory that only its owner may enter. */
  readonly socket?: string | undefined;
  /** Also a TCP port on 127.0.0.1; 0 lets the system choose. */
  readonly port?: number | undefined;
}

/** Listens on a unix socket, and on TCP when asked; can go down and come up again at the same addresses. */
export class EngineListener {
  readonly socket: string;
  readonly #directory: string | undefined;
  readonly #listener: RequestListener;
  #port: number | undefined;
  #servers: Server[] = [];

  private constructor(socket: string, directory: string | undefined, listener: RequestListener) {
    this.socket = socket;
    this.#directory = directory;
    this.#listener = listener;
  }

  /** Starts to listen; a socket that exists already is an error, for it may be a real engine's. */
  static async listen({ socket, port }: ListenOptions, listener: RequestListener): Promise<EngineListener> {
    // mkdtemp makes the directory with mode 0700.
    const directory = socket === undefined ? await mkdtemp(join(tmpdir(), 'tidegauge-engine-')) : undefined;
    const created = new EngineListener(socket ?? join(directory ?? '', 'docker.sock'), directory, listener);
    created.#port = port;
    await created.#upOrNothing();
    return created;
  }

  /** The TCP port, when there is one. */
  get port(): number | undefined {
    return this.#port;
  }

  async up(): Promise<void> {
    if (this.#servers.length > 0) return;
    this.#servers.push(
      await this.#serve((server) => server.listen({ path: this.socket, backlog: maxPending })),
    );
    if (this.#port === undefined) return;
    const tcp = await this.#serve((server) =>
      server.listen({ port: this.#port, host: '127.0.0.1', backlog: maxPending }),
    );
    this.#servers.push(tcp);
    this.#port = portOf(tcp.address());
  }

  /** Stops listening, cuts every connection and takes the socket away. */
  async down(): Promise<void> {
    const servers = this.#servers;
    this.#servers = [];
    await Promise.all(servers.map(closeServer));
  }

  async close(): Promise<void> {
    await this.down();
    if (this.#directory !== undefined) await rm(this.#directory, { recursive: true, force: true });
  }

  /** When only one of two addresses can be had, none is kept. */
  async #upOrNothing(): Promise<void> {
    try {
      await this.up();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async #serve(listen: (server: Server) => void): Promise<Server> {
    // dockerd never closes an idle connection either.
    const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, this.#listener);
    listen(server);
    await once(server, 'listening');
    return server;
  }
}

async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

function portOf(address: AddressInfo | string | null): number | undefined {
  return typeof address === 'object' && address !== null ? address.port : undefined;
}
