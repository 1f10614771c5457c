import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { startHangingServer } from '../support/fakes/hanging-server.ts';
import { serve } from './http/serve.ts';

/** Runs the image's health check, asking that port; its exit code, or nothing when the runtime has to end it. */
async function check(port: string, timeout = 30_000): Promise<number | null> {
  const dockerfile = await readFile(join(import.meta.dirname, '../../Dockerfile'), 'utf8');
  const command: string[] = JSON.parse(/^HEALTHCHECK .* CMD (\[.*\])$/m.exec(dockerfile)?.[1] ?? '[]');
  assert.equal(command[0], 'node');
  const env = { OTEL_EXPORTER_PROMETHEUS_PORT: port };
  return await new Promise((resolve) => {
    const child = execFile(process.execPath, command.slice(1), { env, timeout }, () => {
      resolve(child.exitCode);
    });
  });
}

test('the image is healthy while the agent answers', async () => {
  await using served = await serve();
  assert.equal(await check(new URL(served.url).port), 0);
});

test('it is ill when something else is answered, or nothing', async () => {
  const server = createServer((_, response) => response.writeHead(500).end()).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  assert.ok(typeof address === 'object' && address);
  assert.equal(await check(String(address.port)), 1);
  server.close();
  using hanging = await startHangingServer();
  assert.equal(await check(new URL(`http://${hanging.address}`).port, 2000), null);
});

test('an agent that listens elsewhere is not called ill', async () => {
  const served = await serve();
  const { port } = new URL(served.url);
  await served.close();
  assert.equal(await check(port), 0);
});
