import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Handler of a request in a runtime that means harm. */
export type Misbehave = (request: IncomingMessage, response: ServerResponse) => void;

/** A server where an engine should be. */
export interface HostileEngine extends AsyncDisposable {
  /** As `--docker-url` takes it. */
  readonly url: string;
  /** Requested paths with their queries. */
  readonly asked: readonly string[];
}

/** Starts a server on a unix socket. */
export async function startHostileEngine(misbehave: Misbehave): Promise<HostileEngine> {
  const folder = mkdtempSync(join(tmpdir(), 'tidegauge-hostile-'));
  const socket = join(folder, 'engine.sock');
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    // A client that gives up in the middle is the usual end of it.
    response.on('error', () => undefined);
    misbehave(request, response);
  });
  server.listen(socket);
  await once(server, 'listening');
  return {
    url: `unix://${socket}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
      rmSync(folder, { recursive: true });
    },
  };
}

/** A server that nothing should reach. */
export interface Elsewhere extends Disposable {
  readonly port: number;
  /** Number of requests. */
  readonly reached: number;
}

/** Starts a server on loopback that counts its requests, each of which it gives an empty list. */
export async function startElsewhere(): Promise<Elsewhere> {
  let reached = 0;
  const server = createServer((_request, response) => {
    reached += 1;
    response.end('[]');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    get reached() {
      return reached;
    },
    [Symbol.dispose]() {
      server.close();
    },
  };
}

/** A redirect and nothing else. */
export function redirectTo(location: string, status = 302): Misbehave {
  return (_request, response) => response.writeHead(status, { location }).end();
}
