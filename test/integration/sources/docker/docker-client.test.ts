import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { DockerClient } from '../../../../src/sources/docker/docker-client.ts';
import type { AddressInfo } from 'node:net';

test('every call asks for the path that it was given, to the last character', async () => {
  const asked: (string | undefined)[] = [];
  const server = createServer(({ url }, response) => {
    asked.push(url);
    response.end('[]');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = new DockerClient({ url: `tcp://127.0.0.1:${port}/behind/` }, 5000);
  const { signal } = new AbortController();
  const paths = ['/version', '/v1.41/containers/json?all=true', '/v1.41/containers/a/stats?stream=false'];
  for (const path of paths) {
    await client.control(path, signal);
    await client.container(path, signal);
  }
  client.close();
  server.close();
  assert.deepEqual(
    asked,
    paths.flatMap((path) => [`/behind${path}`, `/behind${path}`]),
  );
});
