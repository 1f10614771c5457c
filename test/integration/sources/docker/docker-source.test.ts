import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startSimulatedEngine } from '../../../../src/simulator/start.ts';
import type { SourceErrorCode } from '../../../../src/sources/source-error.ts';
import { measuresOnce, never, sourceFor } from './measure.ts';
import { sampleOf } from '../../../support/fakes/sample-of.ts';

const specs = [{ name: 'web' }, { name: 'db' }];

test('one engine, over its socket and over TCP: described, listed, inspected, measured', async () => {
  await using engine = await startSimulatedEngine({ specs, port: 0, hostname: 'far' });
  for (const url of [engine.url, engine.tcpUrl ?? '']) {
    using source = sourceFor(url);
    assert.equal(source.name, url);
    const described = await source.describe(never);
    assert.deepEqual([described.name, described.runtimeName, described.hostName], [url, 'docker', 'far']);
    assert.equal(described.apiVersion, '1.51');
    const listed = await source.list(never);
    assert.deepEqual(listed.map(({ name }) => name).sort(), ['db', 'web']);
    const { id } = engine.container('web');
    const inspected = await source.inspect(id, never);
    assert.deepEqual([inspected.identity.name, inspected.state.status], ['web', 'running']);
    const sample = await sampleOf(source, id, never);
    assert.ok(sample?.cpu && sample.memory && sample.pids);
    assert.ok(Math.abs(sample.takenAt - Date.now()) < 5000);
  }
});

test('stopped containers are listed too; one that ended has no sample', async () => {
  await using engine = await startSimulatedEngine({ specs });
  engine.stop('web');
  using source = sourceFor(engine.url);
  const listed = await source.list(never);
  assert.deepEqual(Object.fromEntries(listed.map(({ name, status }) => [name, status])), {
    web: 'exited',
    db: 'running',
  });
  assert.equal(await sampleOf(source, engine.container('web').id, never), undefined);
});

test('the API version is the engine’s, up to ours; older and newer engines are measured too', async () => {
  const cases: readonly [highest: string, lowest: string, spoken: string][] = [
    ['1.24', '1.12', '1.24'],
    ['1.40', '1.12', '1.40'],
    ['1.41', '1.12', '1.41'],
    ['1.56', '1.40', '1.56'],
    ['1.70', '1.44', '1.56'],
    ['1.80', '1.60', '1.80'],
  ];
  for (const [apiVersion, minApiVersion, spoken] of cases) {
    await using engine = await startSimulatedEngine({ specs, apiVersion, minApiVersion, tickMillis: 20 });
    using source = sourceFor(engine.url);
    assert.equal((await source.describe(never)).apiVersion, spoken);
    assert.ok(await measuresOnce(source), apiVersion);
  }
});

test('an engine that does not speak the version asked for says so', async () => {
  await using engine = await startSimulatedEngine({ specs, apiVersion: '1.41' });
  using source = sourceFor(engine.url, { apiVersion: '1.99' });
  assert.equal((await source.describe(never)).apiVersion, '1.99');
  await assert.rejects(source.list(never), {
    code: 'runtime-error',
    message: /^list of containers: status 400: client version 1\.99 is too new/,
  });
  using older = sourceFor(engine.url, { apiVersion: '1.40' });
  assert.ok(await measuresOnce(older));
});

test('behind a proxy that refuses /version and /info there is less to tell, and as much to measure', async () => {
  await using engine = await startSimulatedEngine({ specs });
  for (const endpoint of ['version', 'info'] as const)
    engine.fault(endpoint, { kind: 'status', status: 403 });
  using source = sourceFor(engine.url);
  // The header Date still has the time.
  const described = { name: engine.url, runtimeName: 'docker', clockOffsetMillis: 0, warnings: [] };
  assert.deepEqual(await source.describe(never), described);
  assert.ok(await measuresOnce(source));
});

test('/version and /info that are nonsense are left out as well', async () => {
  await using engine = await startSimulatedEngine({ specs });
  engine.fault('version', { kind: 'html', status: 200 });
  engine.fault('info', { kind: 'wrong-type' });
  using source = sourceFor(engine.url);
  assert.equal((await source.describe(never)).runtimeVersion, undefined);
  assert.ok(await measuresOnce(source));
});

test('a container that is gone is not found; one that is being removed is measured no more', async () => {
  await using engine = await startSimulatedEngine({ specs });
  using source = sourceFor(engine.url);
  const gone = 'f'.repeat(64);
  const notFound = {
    code: 'not-found',
    message: new RegExp(`^(inspect|stats) of ${gone}: No such container`),
  };
  await assert.rejects(source.inspect(gone, never), notFound);
  await assert.rejects(sampleOf(source, gone, never), notFound);
  const { id } = engine.container('web');
  engine.fault('stats', { kind: 'status', status: 409 });
  assert.equal(await sampleOf(source, id, never), undefined);
});

test('Podman answers with nothing for a container that stopped', async () => {
  await using engine = await startSimulatedEngine({ specs });
  engine.fault('stats', { kind: 'mutate', mutate: () => '\n' });
  using source = sourceFor(engine.url);
  assert.equal(await sampleOf(source, engine.container('web').id, never), undefined);
});

test('an engine that is away, and back again', async () => {
  await using engine = await startSimulatedEngine({ specs });
  using source = sourceFor(engine.url);
  assert.ok(await measuresOnce(source));
  await engine.down();
  const away: { code: SourceErrorCode; message: RegExp } = {
    code: 'unreachable',
    message: /connect ENOENT .*docker\.sock/,
  };
  await assert.rejects(source.describe(never), away);
  await assert.rejects(source.list(never), away);
  await assert.rejects(sampleOf(source, engine.names[0] ?? '', never), away);
  await engine.up();
  assert.ok(await measuresOnce(source));
});

test('what is no engine at all', async () => {
  using nowhere = sourceFor('unix:///no/such.sock');
  await assert.rejects(nowhere.list(never), {
    code: 'unreachable',
    message: /GET \/containers\/json\?all=true: connect ENOENT \/no\/such\.sock/,
  });
  using unknown = sourceFor('tcp://host.invalid:2375');
  await assert.rejects(unknown.list(never), { code: 'unreachable', message: /host\.invalid/ });
  using refused = sourceFor('tcp://127.0.0.1:1');
  await assert.rejects(refused.list(never), { code: 'unreachable', message: /ECONNREFUSED/ });
});

test('calls share kept-alive connections', async () => {
  await using engine = await startSimulatedEngine({ specs });
  using source = sourceFor(engine.url);
  const sockets = (): number => process.getActiveResourcesInfo().filter((each) => each === 'PipeWrap').length;
  const askAll = async (): Promise<void> => {
    await source.list(never);
    await source.inspect(engine.container('web').id, never);
  };
  await askAll();
  const before = sockets();
  for (let round = 0; round < 20; round += 1) await askAll();
  assert.equal(sockets(), before);
});
