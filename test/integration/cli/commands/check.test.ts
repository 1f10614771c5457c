import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { checkCommand } from '../../../../src/cli/commands/check.ts';
import { ConfigError } from '../../../../src/config/config-error.ts';
import { startSimulatedEngine } from '../../../../src/simulator/start.ts';
import { startHangingServer } from '../../../support/fakes/hanging-server.ts';
import { KeptLog } from '../../../support/fakes/observed-probes.ts';
import { ScriptedCollector } from '../../../support/fakes/scripted-collector.ts';
import { selfSigned, type SelfSigned } from '../../../support/fakes/self-signed.ts';
import { load } from '../../../support/fakes/load.ts';

type Flags = Readonly<Record<string, unknown>>;

/** Output of `check` with these flags, and its exit code. */
async function check(flags: Flags, files: Readonly<Record<string, string>> = {}) {
  let stdout = '';
  const log = new KeptLog();
  const code = await checkCommand.run({
    config: load({ flags, files }).config,
    warnings: [],
    log,
    argv: {},
    version: '0',
    stdout: new Writable({
      write: (chunk, _encoding, done) => {
        stdout += String(chunk);
        done();
      },
    }),
    signal: new AbortController().signal,
  });
  return { code, stdout, logged: log.messages };
}

/** The same beside a runtime that is well. */
async function checkCollector(flags: Flags, files?: Readonly<Record<string, string>>) {
  await using runtime = await startSimulatedEngine({ specs: [{ name: 'web' }] });
  const { code, stdout } = await check({ 'docker-url': runtime.url, ...flags }, files);
  const [first = '', ...rest] = stdout.trimEnd().split('\n');
  assert.match(
    first,
    /^ok {3}runtime unix:.*: docker 28\.\S+, API 1\.51, cgroup v2; 1 containers, 1 measured$/,
  );
  return { code, line: rest.at(-1) ?? '' };
}

/** A collector behind TLS that accepts one client's certificate. */
async function startSecured({ cert, key }: SelfSigned) {
  const server = createServer({ cert, key, ca: cert, requestCert: true }, (request, response) => {
    request.resume().on('end', () => response.end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

test('the collector gets an empty export as run would send it, credentials of the URL included and not shown', async () => {
  await using collector = await ScriptedCollector.start();
  for (const protocol of ['http/protobuf', 'http/json']) {
    const { code, line } = await checkCollector({
      'otlp-endpoint': collector.origin.replace('//', '//me:hunter2@'),
      'otlp-headers': 'x-tenant=1',
      'otlp-protocol': protocol,
    });
    assert.deepEqual([code, line], [0, `ok   collector ${collector.origin}/v1/metrics: takes exports`]);
  }
  assert.deepEqual(
    collector.requests.map(({ url, headers, body }) => [
      url,
      headers['content-type'],
      headers['content-encoding'],
      headers['x-tenant'],
      headers.authorization,
      body.toString(),
    ]),
    [
      ['application/x-protobuf', ''],
      ['application/json', '{"resourceMetrics":[]}'],
    ].map(([type, body]) => ['/v1/metrics', type, 'gzip', '1', 'Basic bWU6aHVudGVyMg==', body]),
  );
});

test('a collector behind TLS is reached with the certificates and not without', async () => {
  using certificate = selfSigned();
  await using collector = await startSecured(certificate);
  const { certFile, keyFile, cert, key } = certificate;
  const files = { [certFile]: cert, [keyFile]: key };
  const flags = { 'otlp-endpoint': collector.url, 'otlp-timeout': '2s' };
  const known = {
    ...flags,
    'otlp-certificate': certFile,
    'otlp-client-certificate': certFile,
    'otlp-client-key': keyFile,
  };
  const { code, line } = await checkCollector(known, files);
  assert.deepEqual([code, line], [0, `ok   collector ${collector.url}/v1/metrics: takes exports`]);
  const without = await checkCollector(flags);
  assert.equal(without.code, 1);
  assert.match(without.line, /^FAIL collector https:.*: self-signed certificate/);
});

test('a certificate that is none is a mistake in the configuration', async () => {
  using certificate = selfSigned();
  const { certFile, keyFile, cert, key } = certificate;
  using other = selfSigned();
  const flags = { 'otlp-client-certificate': certFile, 'otlp-client-key': other.keyFile };
  const files = { [certFile]: cert, [keyFile]: key, [other.keyFile]: other.key };
  await assert.rejects(check({ 'docker-url': 'unix:///nowhere', ...flags }, files), (error) => {
    assert.ok(error instanceof ConfigError);
    assert.match(error.message, /^certificates of --otlp-endpoint, .*key\.pem: cannot be used: .*mismatch/);
    return true;
  });
});

test('a collector behind a proxy is reached by it', async (context: TestContext) => {
  await using proxy = await ScriptedCollector.start();
  process.env['HTTP_PROXY'] = proxy.origin;
  context.after(() => delete process.env['HTTP_PROXY']);
  const { code } = await checkCollector({ 'otlp-endpoint': 'http://collector.example:4318' });
  assert.equal(code, 0);
  assert.equal(proxy.requests[0]?.url, 'http://collector.example:4318/v1/metrics');
});

const refusals: readonly (readonly [number, RegExp])[] = [
  [401, /answers 401: it wants other credentials$/],
  [404, /answers 404: is this the OTLP\/HTTP port \(usually 4318\)\?$/],
  [400, /answers 400: Bad Request$/],
];

for (const [status, message] of refusals) {
  test(`a collector that answers ${status} takes no exports, and check says why`, async () => {
    await using collector = await ScriptedCollector.start();
    collector.answer = () => ({ status });
    const { code, line } = await checkCollector({ 'otlp-endpoint': collector.origin });
    assert.equal(code, 1);
    assert.match(line, message);
  });
}

test('nobody at the address of the collector, or nobody who answers', async () => {
  using hanging = await startHangingServer();
  const timeout = { 'otlp-timeout': '500ms' };
  const hung = await checkCollector({ 'otlp-endpoint': `http://${hanging.address}`, ...timeout });
  assert.match(hung.line, /^FAIL collector .*: timeout: no response within 500 ms$/);
  const refused = await checkCollector({ 'otlp-endpoint': 'http://localhost:9', ...timeout });
  assert.match(refused.line, /^FAIL collector .*ECONNREFUSED.*; without a collector: --exporter prometheus$/);
});

test('without the exporter otlp no collector is asked', async () => {
  const { code, line } = await checkCollector({ exporter: 'prometheus' });
  assert.equal(code, 0);
  assert.doesNotMatch(line, /collector/);
});

test('engines that are away or hang are named with what was waited for, however short others wait', async () => {
  await using runtime = await startSimulatedEngine({ specs: [{ name: 'web' }] });
  using hanging = await startHangingServer();
  const { code, stdout } = await check({
    'docker-url': [`tcp://${hanging.address}`, 'unix:///nowhere/docker.sock', runtime.url],
    // So long a healthy one may take on a busy machine.
    'call-timeout': '3s',
    'inline-timeout': '100ms',
    exporter: 'prometheus',
  });
  assert.equal(code, 1);
  const [hung, away, well] = stdout.split('\n');
  assert.equal(hung, `FAIL runtime tcp://${hanging.address}: GET /version: no response in time`);
  assert.match(away ?? '', /^FAIL runtime unix:\/\/\/nowhere\/docker\.sock: .*ENOENT/);
  assert.match(well ?? '', /^ok {3}runtime unix:/);
});

test('the log has every warning but that a runtime does not answer, which is in the report', async () => {
  await using runtime = await startSimulatedEngine({
    specs: [{ name: 'web' }],
    now: () => Date.now() + 3 * 3_600_000,
  });
  const early = await check({ 'docker-url': runtime.url, exporter: ['prometheus'] });
  assert.deepEqual(early.logged, [
    'clock of the runtime differs from the agent’s: uptimes are by the runtime’s',
  ]);
  const away = await check({ 'docker-url': 'unix:///nowhere.sock', exporter: ['prometheus'] });
  assert.match(away.stdout, /^FAIL runtime unix:/);
  assert.deepEqual(away.logged, []);
});
