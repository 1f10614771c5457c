import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KeepAliveClient } from '../../../../src/sources/http/keep-alive-client.ts';

/** Handler of one request: `number` counts all requests, from any connection. */
export type Respond = (request: { readonly path: string; readonly number: number }, socket: Socket) => void;

/** A server that sends exactly the bytes of a test, on a unix socket, and a client for it. */
export interface RawServer extends AsyncDisposable {
  readonly path: string;
  readonly client: KeepAliveClient;
  /** Connections that were made. */
  readonly connections: () => number;
  /** Connections that are open, at the server's end. */
  readonly open: () => ReadonlySet<Socket>;
}

/** Starts a server; requests come whole, for a client sends each in one piece. */
export async function rawServer(respond: Respond, maxBodyBytes = 1_000_000): Promise<RawServer> {
  const folder = mkdtempSync(join(tmpdir(), 'tidegauge-raw-'));
  const path = join(folder, 's.sock');
  const open = new Set<Socket>();
  let connections = 0;
  let number = 0;
  const server = createServer((socket) => {
    connections += 1;
    open.add(socket);
    socket.on('close', () => open.delete(socket)).on('error', () => undefined);
    socket.on('data', (data) => {
      const asked = /^GET (\S+) HTTP\/1\.1\r\nHost: \S+\r\n\r\n$/.exec(String(data))?.[1];
      if (asked === undefined) throw new Error(`no request: ${JSON.stringify(String(data))}`);
      number += 1;
      respond({ path: asked, number }, socket);
    });
  });
  server.listen({ path, backlog: 2000 });
  await once(server, 'listening');
  const client = new KeepAliveClient({
    connect: (onread) => connect({ path, onread }),
    host: 'runtime',
    maxBodyBytes,
  });
  return {
    path,
    client,
    connections: () => connections,
    open: () => open,
    async [Symbol.asyncDispose]() {
      client.close();
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
      rmSync(folder, { recursive: true });
    },
  };
}

/** A response with its length. */
export function answer(text: string, headers = ''): string {
  return `HTTP/1.1 200 OK\r\nContent-Length: ${Buffer.byteLength(text)}\r\n${headers}\r\n${text}`;
}
