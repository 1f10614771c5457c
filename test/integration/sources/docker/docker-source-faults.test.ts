import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Fault } from '../../../../src/simulator/server/faults.ts';
import type { SimulatedEngine } from '../../../../src/simulator/simulated-engine.ts';
import { startSimulatedEngine } from '../../../../src/simulator/start.ts';
import { responseLimits } from '../../../../src/sources/response-limits.ts';
import type { SourceErrorCode } from '../../../../src/sources/source-error.ts';
import { measuresOnce, never, sourceFor, TestSource } from './measure.ts';
import { sampleOf } from '../../../support/fakes/sample-of.ts';

type Call = 'list' | 'inspect' | 'stats';

const calls: readonly Call[] = ['list', 'inspect', 'stats'];

function make(call: Call, source: TestSource, engine: SimulatedEngine, signal = never): Promise<unknown> {
  const { id } = engine.container('web');
  if (call === 'list') return source.list(signal);
  return call === 'inspect' ? source.inspect(id, signal) : sampleOf(source, id, signal);
}

const faults: readonly [what: string, fault: Fault, code: SourceErrorCode, message: RegExp][] = [
  ['status 500', { kind: 'status', status: 500, message: 'boom' }, 'runtime-error', /: status 500: boom$/],
  ['status 503 of a proxy', { kind: 'html', status: 503 }, 'runtime-error', /: status 503: "<!DOCTYPE html>/],
  [
    'status 403',
    { kind: 'status', status: 403, message: 'denied by policy' },
    'runtime-error',
    /status 403: denied by policy(?:$|; a proxy before the engine must let pass GET of)/,
  ],
  ['a redirection', { kind: 'status', status: 301, message: 'elsewhere' }, 'runtime-error', /status 301/],
  ['HTML', { kind: 'html', status: 200 }, 'bad-response', /: not JSON, begins with "<!DOCTYPE html>/],
  ['JSON of a wrong type', { kind: 'wrong-type' }, 'bad-response', /: expected a JSON (array|object)$/],
  ['null', { kind: 'replace', json: null }, 'bad-response', /: expected a JSON (array|object)$/],
  ['half a body', { kind: 'truncate' }, 'bad-response', /^GET \/.*: the response broke off in the middle$/],
  [
    'half a JSON',
    { kind: 'mutate', mutate: (text) => text.slice(0, 20) },
    'bad-response',
    /: not JSON, begins with "/,
  ],
  [
    'no answer and no connection',
    { kind: 'reset' },
    'unreachable',
    /^GET \/.*(socket hang up|closed|ECONNRESET)/,
  ],
  [
    'an endless body',
    { kind: 'endless' },
    'too-large',
    /^GET \/.*: the (?:list|response) has more than \d+ /,
  ],
];

for (const [what, fault, code, message] of faults) {
  test(`${what}: ${code}, and the next call is as good as new`, async () => {
    await using engine = await startSimulatedEngine({ specs: [{ name: 'web' }] });
    using source = sourceFor(engine.url);
    for (const call of calls) {
      engine.fault(call, fault);
      await assert.rejects(make(call, source, engine), { name: 'SourceError', code, message }, call);
    }
    engine.clearFaults();
    assert.ok(await measuresOnce(source));
  });
}

for (const kind of ['hang', 'stall'] as const) {
  test(`an engine that ${kind}s: each call ends at its deadline, or when it is given up`, async () => {
    await using engine = await startSimulatedEngine({ specs: [{ name: 'web' }] });
    using source = sourceFor(engine.url, { callTimeoutMillis: 50 });
    using waitingSource = sourceFor(engine.url);
    for (const call of calls) {
      engine.fault(call, { kind });
      await assert.rejects(
        make(call, source, engine),
        { name: 'SourceError', code: 'timeout', message: /^GET \/.*: no response in/ },
        call,
      );
      const controller = new AbortController();
      const given = make(call, waitingSource, engine, controller.signal);
      const rejected = assert.rejects(given, { code: 'aborted', message: /^GET \/.*: given up$/ }, call);
      setImmediate(() => controller.abort());
      await rejected;
      await assert.rejects(make(call, waitingSource, engine, AbortSignal.abort()), { code: 'aborted' });
    }
    engine.clearFaults();
    assert.ok(await measuresOnce(waitingSource));
  });
}

test('a deadline of the caller is a time-out', async () => {
  await using engine = await startSimulatedEngine({ specs: [{ name: 'web' }] });
  engine.fault('list', { kind: 'hang' });
  using source = sourceFor(engine.url);
  await assert.rejects(source.list(AbortSignal.timeout(30)), { code: 'timeout' });
});

test('nothing of a failed call is left: no signal listened to, no timer, no connection', async () => {
  await using engine = await startSimulatedEngine({ specs: [{ name: 'web' }] });
  using source = sourceFor(engine.url);
  for (const call of calls) engine.fault(call, { kind: 'truncate' });
  const sockets = (): number => process.getActiveResourcesInfo().filter((each) => each === 'PipeWrap').length;
  const round = () => Promise.allSettled(calls.map((call) => make(call, source, engine)));
  await round();
  const before = sockets();
  for (let count = 0; count < 10; count += 1) await round();
  assert.ok(sockets() <= before + 3, `${before} sockets became ${sockets()}`);
});

test('what of version and info is beyond the limits is absent, and said to be', async () => {
  await using engine = await startSimulatedEngine({ specs: [{ name: 'web' }] });
  const parts: unknown[] = [];
  const endpoint = { url: engine.url };
  using source = new TestSource({
    endpoint,
    callTimeoutMillis: 10_000,
    now: () => Date.now(),
    onPartRefused: (what, part) => parts.push([what, part]),
  });
  const whole = await source.describe(never);
  assert.deepEqual(parts, []);
  const value = 'x'.repeat(responseLimits.itemBytes + 1);
  engine.fault('info', { kind: 'set', path: ['ID'], value });
  engine.fault('version', { kind: 'set', path: ['Arch'], value });
  const { hostId, hostName } = await source.describe(never);
  assert.deepEqual([hostId, hostName], [undefined, whole.hostName]);
  assert.deepEqual(parts, [
    ['version', { reason: 'too-large', field: 'Arch' }],
    ['info', { reason: 'too-large', field: 'ID' }],
  ]);
});

test('a container that is refused is counted by its source', async () => {
  await using engine = await startSimulatedEngine({ specs: [{ name: 'web' }, { name: 'db' }] });
  using source = sourceFor(engine.url);
  engine.fault('list', { kind: 'set', path: [0, 'Id'], value: '' });
  assert.equal((await source.list(never)).length, 1);
  assert.equal(source.refusedCount, 1);
  engine.clearFaults();
  assert.equal((await source.list(never)).length, 2);
  assert.equal(source.refusedCount, 0);
});

test('hostile names and labels come through as they are', async () => {
  await using engine = await startSimulatedEngine({ hostile: true });
  using source = sourceFor(engine.url);
  const listed = await source.list(never);
  assert.ok(listed.length >= 3);
  for (const { id, name } of listed) {
    const { identity } = await source.inspect(id, never);
    assert.equal(identity.name, name);
    // Half of a surrogate pair does not survive UTF-8; no diff of these is worth reading.
    const sent = Object.entries(engine.container(id).spec.labels ?? {});
    assert.equal(Object.keys(identity.labels).length, sent.length);
    for (const [key, value] of sent)
      assert.ok(identity.labels[key.toWellFormed()]?.toWellFormed() === value.toWellFormed(), key);
  }
});

test('DOCKER_HOST and its certificates mean nothing to a source that was given its URL', async () => {
  await using engine = await startSimulatedEngine({ specs: [{ name: 'web' }], port: 0 });
  const meant = { ...process.env };
  const strange = [
    { DOCKER_HOST: 'tcp://127.0.0.1:1', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/no/such/folder' },
    { DOCKER_HOST: 'unix:///no/such.sock', DOCKER_CLIENT_TIMEOUT: '1' },
    { DOCKER_HOST: 'http://[', DOCKER_PATH_PREFIX: '/elsewhere' },
  ];
  try {
    for (const environment of strange) {
      Object.assign(process.env, environment);
      for (const url of [engine.url, engine.tcpUrl ?? '']) {
        using source = sourceFor(url);
        assert.ok(await measuresOnce(source), url);
      }
      assert.equal(process.env['DOCKER_HOST'], environment.DOCKER_HOST);
    }
  } finally {
    for (const key of strange.flatMap(Object.keys)) {
      if (meant[key] === undefined) delete process.env[key];
      else process.env[key] = meant[key];
    }
  }
});
