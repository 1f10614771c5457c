import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';

const repository = join(import.meta.dirname, '../..');
/** No process has it. */
const noPid = '2147483647';

/** Runs the image's health check of this process; its exit code, or nothing when the runtime has to end it. */
async function check(pid: string, { port = '1', timeout = 60_000 } = {}): Promise<number | null> {
  const args = [join(repository, 'src/healthcheck.ts'), pid];
  const env = { OTEL_EXPORTER_PROMETHEUS_PORT: port };
  return await new Promise((resolve) => {
    const child = execFile(process.execPath, args, { env, timeout }, () => resolve(child.exitCode));
  });
}

/** A server of this process, until it is disposed of. */
async function listening(host: string, answer: RequestListener) {
  const server = createServer(answer).listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port: String(port),
    [Symbol.dispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

const healthy: RequestListener = ({ url }, response) =>
  response.writeHead(url === '/healthz' ? 200 : 404).end('ok');

test('the image runs it, from the bundle', async () => {
  const dockerfile = await readFile(join(repository, 'Dockerfile'), 'utf8');
  assert.match(dockerfile, /^HEALTHCHECK .* CMD \["node", "\/app\/dist\/healthcheck\.js"\]$/m);
});

for (const host of ['127.0.0.1', '0.0.0.0', '127.9.8.7', '::', '::1'])
  test(`the agent is healthy while it answers at ${host}, at whatever port`, async () => {
    using _ = await listening(host, healthy);
    assert.equal(await check(String(process.pid)), 0);
  });

test('it is ill when it answers something else, or nothing', async () => {
  {
    using _ = await listening('127.0.0.1', (_request, response) => response.writeHead(500).end());
    assert.equal(await check(String(process.pid)), 1);
  }
  using _ = await listening('127.0.0.1', () => undefined);
  assert.equal(await check(String(process.pid), { timeout: 2000 }), null);
});

test('a second address, such as a debugger’s, does not count where the first is healthy', async () => {
  using _one = await listening('127.0.0.1', (_request, response) => response.writeHead(400).end());
  using _two = await listening('127.0.0.1', healthy);
  assert.equal(await check(String(process.pid)), 0);
});

test('where nothing is to be seen of the agent its usual address is asked, and nobody there says nothing', async () => {
  assert.equal(await check(noPid, { port: '1' }), 0);
  using ill = await listening('127.0.0.1', (_request, response) => response.writeHead(500).end());
  assert.equal(await check(noPid, ill), 1);
});
