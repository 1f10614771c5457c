import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, createServer, request } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import { createHttpServer } from '../../../src/http/http-server.ts';
import { createLog } from '../../../src/log.ts';
import { ask, serve, textSource } from './serve.ts';

test('/healthz is ok, whatever is missing', async () => {
  await using served = await serve({
    readiness: { missing: () => [{ runtime: 'unix:///x', reason: 'away' }] },
  });
  const { status, body } = await ask(`${served.url}/healthz`);
  assert.deepEqual([status, body], [200, 'ok\n']);
});

test('/readyz says what is missing, runtime by runtime, and then is ready', async () => {
  let missing = [
    { runtime: 'unix:///a', reason: 'connect ENOENT' },
    { runtime: 'unix:///b', reason: 'not probed yet' },
  ];
  await using served = await serve({ readiness: { missing: () => missing } });
  const before = await ask(`${served.url}/readyz`);
  assert.equal(before.status, 503);
  assert.equal(before.body, 'not ready: unix:///a: connect ENOENT\nnot ready: unix:///b: not probed yet\n');
  missing = [];
  const after = await ask(`${served.url}/readyz`);
  assert.deepEqual([after.status, after.body], [200, 'ready\n']);
});

test('/ names the paths', async () => {
  await using served = await serve();
  const { status, headers, body } = await ask(served.url);
  assert.equal(status, 200);
  assert.match(headers['content-type'] ?? '', /^text\/html/);
  for (const path of ['/metrics', '/healthz', '/readyz']) assert.ok(body.includes(`href="${path}"`));
});

test('a prefix stands before every path, and health and readiness are without it too', async () => {
  await using served = await serve({ metricsPath: '/container.metrics', pathPrefix: '/host/a' });
  const statusOf = async (path: string): Promise<number> => (await ask(served.url + path)).status;
  for (const path of ['', '/', '/container.metrics', '/healthz', '/readyz'])
    assert.equal(await statusOf(`/host/a${path}`), 200, path);
  for (const path of ['/healthz', '/readyz']) assert.equal(await statusOf(path), 200, path);
  for (const path of ['/', '/metrics', '/container.metrics', '/host/a/metrics', '/host/a/containerXmetrics'])
    assert.equal(await statusOf(path), 404, path);
  const { body } = await ask(`${served.url}/host/a/`);
  for (const path of ['/container.metrics', '/healthz'])
    assert.ok(body.includes(`href="/host/a${path}"`), path);
  assert.equal((await ask(`${served.url}/host/a/container.metrics`, { method: 'POST' })).status, 405);
});

test('a prefix may be the path of health, which stays what it is', async () => {
  await using served = await serve({ pathPrefix: '/healthz' });
  assert.equal((await ask(`${served.url}/healthz`)).body, 'ok\n');
  for (const path of ['/healthz/', '/healthz/metrics', '/healthz/healthz'])
    assert.equal((await ask(served.url + path)).status, 200, path);
});

test('HEAD is answered everywhere, without a body', async () => {
  await using served = await serve();
  for (const path of ['/', '/metrics', '/healthz', '/readyz']) {
    const { status, body } = await ask(served.url + path, { method: 'HEAD' });
    assert.deepEqual([status, body], [200, ''], path);
  }
});

for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'PROPFIND']) {
  test(`${method} is not allowed on a path that is served, and not found elsewhere`, async () => {
    await using served = await serve();
    const known = await ask(`${served.url}/metrics?x=1`, { method });
    assert.deepEqual([known.status, known.headers.allow], [405, 'GET, HEAD']);
    assert.equal((await ask(`${served.url}/nothing`, { method })).status, 404);
  });
}

test('a body of any type does not change that', async () => {
  await using served = await serve();
  for (const type of ['text/plain', 'application/json', 'application/x-protobuf']) {
    const answer = await ask(`${served.url}/metrics`, {
      method: 'POST',
      headers: { 'content-type': type },
      body: '{',
    });
    assert.ok(answer.status >= 400 && answer.status < 500, `${type}: ${answer.status}`);
  }
});

test('an unknown path is not found, and the answer names what there is', async () => {
  await using served = await serve();
  const { status, body } = await ask(`${served.url}/metric`);
  assert.equal(status, 404);
  assert.match(body, /\/metrics/);
  assert.ok([400, 404].includes((await ask(`${served.url}/%zz`)).status));
});

test('what a route throws is logged and not shown', async () => {
  await using served = await serve({
    readiness: {
      missing() {
        throw new Error('secret');
      },
    },
  });
  const { status, body } = await ask(`${served.url}/readyz`);
  assert.deepEqual([status, body], [500, 'internal error\n']);
  assert.deepEqual(served.logged, ['a request failed']);
});

test('what is no HTTP is refused', async () => {
  await using served = await serve();
  const { hostname, port } = new URL(served.url);
  const socket = connect(Number(port), hostname).end('nonsense\r\n\r\n');
  const [data] = await once(socket, 'data');
  assert.match(String(data), /^HTTP\/1\.1 400 /);
});

const unused = {
  metrics: { scrape: () => Promise.reject(new Error('unused')) },
  readiness: { missing: () => [] },
};

test('a port in use is an error that names host and port', async () => {
  const occupant = createServer().listen(0, '127.0.0.1');
  await once(occupant, 'listening');
  const bound = occupant.address();
  const port = typeof bound === 'object' && bound ? bound.port : 0;
  const server = createHttpServer({ ...unused, log: createLog({ level: 'silent' }) });
  await assert.rejects(server.listen('127.0.0.1', port), {
    message: `cannot listen on 127.0.0.1:${port}: the port is in use`,
  });
  await server.close();
  occupant.close();
});

test('so is an address that this machine does not have', async () => {
  const server = createHttpServer({ ...unused, log: createLog({ level: 'silent' }) });
  await assert.rejects(server.listen('192.0.2.1', 9417), {
    message: 'cannot listen on 192.0.2.1:9417: this machine does not have that address',
  });
  await server.close();
});

test('closing lets a running answer end, refuses new connections and closes idle ones', async () => {
  const { promise: release, resolve: letGo } = Promise.withResolvers<void>();
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  async function* body(): AsyncGenerator<string> {
    yield 'first\n';
    begin();
    await release;
    yield 'last\n';
  }
  // Breaking off is not what ends it.
  const served = await serve({ metrics: textSource(body), closeMillis: 60_000 });
  const agent = new Agent({ keepAlive: true });
  const idle = request(`${served.url}/healthz`, { agent }).end();
  const [ok] = await once(idle, 'response');
  ok.resume();
  await once(ok, 'end');
  const running = ask(`${served.url}/metrics`);
  await begun;
  const closed = served.close();
  await assert.rejects(ask(`${served.url}/healthz`), { code: 'ECONNREFUSED' });
  letGo();
  assert.equal((await running).body, 'first\nlast\n');
  const start = performance.now();
  await closed;
  assert.ok(performance.now() - start < 20_000);
  agent.destroy();
});

test('an answer that does not end is broken off after two seconds', async () => {
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  async function* body(): AsyncGenerator<string> {
    yield 'first\n';
    begin();
    await new Promise(() => undefined);
  }
  const served = await serve({ metrics: textSource(body) });
  const running = assert.rejects(ask(`${served.url}/metrics`));
  await begun;
  const start = performance.now();
  await served.close();
  const millis = performance.now() - start;
  assert.ok(millis > 1500 && millis < 20_000, `${millis} ms`);
  await running;
});
