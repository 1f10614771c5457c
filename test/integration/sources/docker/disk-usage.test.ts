import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { diskObjectTypes } from '../../../../src/model/disk-usage.ts';
import { parseDiskUsage } from '../../../../src/sources/docker/engine.ts';
import { DockerSource } from '../../../../src/sources/docker/docker-source.ts';
import { startSimulatedEngine } from '../../../../src/simulator/start.ts';
import { needsPeerCases, recordedJson } from '../../../support/wire/recorded-cases.ts';

const lists = {
  LayersSize: 1000,
  Images: [
    { Containers: 2, Size: 600, SharedSize: 100 },
    { Containers: 0, Size: 400, SharedSize: 100 },
    { Containers: 0, Size: 70, SharedSize: -1 },
    { Containers: -1, Size: 50, SharedSize: 0 },
  ],
  Containers: [
    { State: 'running', SizeRw: 7 },
    { State: 'exited', SizeRw: 30 },
    { State: 'created' },
    { State: 'paused', SizeRw: 1 },
    { State: 'restarting', SizeRw: 2 },
  ],
  Volumes: [
    { UsageData: { Size: 11, RefCount: 1 } },
    { UsageData: { Size: 5, RefCount: 0 } },
    { UsageData: { Size: -1, RefCount: -1 } },
  ],
  BuildCache: [
    { InUse: true, Shared: false, Size: 3 },
    { InUse: false, Shared: true, Size: 20 },
    { InUse: false, Shared: false, Size: 100 },
  ],
};

const expected = {
  image: { totalBytes: 1000, reclaimableBytes: 300 },
  container: { totalBytes: 40, reclaimableBytes: 30 },
  volume: { totalBytes: 16, reclaimableBytes: 5 },
  build_cache: { totalBytes: 123, reclaimableBytes: 100 },
};

test('the lists of older engines are summed up as newer engines do it', () => {
  assert.deepEqual(parseDiskUsage(lists), expected);
});

test('the sums of API 1.52 are taken as they are, also beside the lists; what is 0 is left out by the engine', () => {
  const sums = {
    ImageUsage: { TotalCount: 4, ActiveCount: 1, TotalSize: 1000, Reclaimable: 300 },
    ContainerUsage: { TotalSize: 40, Reclaimable: 30 },
    VolumeUsage: { TotalSize: 16, Reclaimable: 5 },
    BuildCacheUsage: { TotalSize: 123, Reclaimable: 100 },
  };
  assert.deepEqual(parseDiskUsage(sums), expected);
  assert.deepEqual(parseDiskUsage({ ...lists, ...sums, Images: [] }), expected);
  const none = { totalBytes: 0, reclaimableBytes: 0 };
  assert.deepEqual(parseDiskUsage({ ImageUsage: {}, VolumeUsage: {} }), { image: none, volume: none });
});

test('writable layers by container, in the lists of older engines and of newer ones; empty ones have no size', () => {
  const items = [{ Id: 'a', SizeRw: 7 }, { Id: 'b' }, { Id: 'c', SizeRw: -1 }, { SizeRw: 3 }, null];
  const expectedLayers = new Map([
    ['a', 7],
    ['b', 0],
  ]);
  assert.deepEqual(parseDiskUsage({ Containers: items }).writableLayers, expectedLayers);
  assert.deepEqual(
    parseDiskUsage({ ContainerUsage: { TotalSize: 7, Items: items } }).writableLayers,
    expectedLayers,
  );
  for (const none of [{}, { Containers: null }, { Containers: [] }, { ContainerUsage: { TotalSize: 7 } }])
    assert.equal(parseDiskUsage(none).writableLayers, undefined);
});

test('an empty list is 0, a list that is not there is absent, and nonsense costs its figure alone', () => {
  const none = { totalBytes: 0, reclaimableBytes: 0 };
  assert.deepEqual(parseDiskUsage({ Containers: null, Volumes: [] }), { container: none, volume: none });
  assert.deepEqual(parseDiskUsage({}), {});
  const nonsense = {
    ...lists,
    LayersSize: -5,
    Volumes: 'many',
    BuildCache: [{ Size: '9' }, { Size: 1, InUse: true }],
  };
  assert.deepEqual(parseDiskUsage(nonsense), {
    image: { reclaimableBytes: 300 },
    container: expected.container,
    build_cache: {},
  });
  for (const answer of [null, [], 'text', 7]) {
    assert.throws(() => parseDiskUsage(answer), { name: 'SourceError', code: 'bad-response' });
  }
});

test('no answer throws anything else, or gives a negative figure or NaN', () => {
  const answer = fc.record(
    Object.fromEntries(
      Object.keys(lists).map((key) => [key, fc.oneof(fc.anything(), fc.array(fc.object()))]),
    ),
  );
  fc.assert(
    fc.property(answer, (fields) => {
      for (const size of Object.values(parseDiskUsage(fields))) {
        for (const bytes of Object.values(size ?? {})) assert.ok(Number.isSafeInteger(bytes) && bytes >= 0);
      }
    }),
  );
});

test('telegraf’s recorded answer', needsPeerCases, () => {
  assert.deepEqual(parseDiskUsage(recordedJson('telegraf/windows_memory_stats/data/disk.json')), {
    image: { totalBytes: 10_000_000_000, reclaimableBytes: 123456789 + 425484494 },
    container: { totalBytes: 0, reclaimableBytes: 0 },
    volume: { totalBytes: 123456789, reclaimableBytes: 123456789 },
    build_cache: { totalBytes: 0, reclaimableBytes: 0 },
  });
});

for (const apiVersion of ['1.41', '1.51', '1.52']) {
  test(`simulated, API ${apiVersion}: every type, the same figures in either form`, async () => {
    const now = () => Date.UTC(2026, 10, 23);
    await using engine = await startSimulatedEngine({ scenario: 'demo', apiVersion, now });
    const endpoint = { url: `unix://${engine.socket}` };
    const source = new DockerSource({ endpoint, callTimeoutMillis: 5000, now });
    const signal = new AbortController().signal;
    await source.describe(signal);
    const usage = await source.diskUsage(signal, { sums: true, containers: true });
    const ofContainers = await source.diskUsage(signal, { sums: false, containers: true });
    const { writableLayers, ...sums } = await source.diskUsage(signal, { sums: true, containers: false });
    source.close();
    const layers = [...(usage.writableLayers?.values() ?? [])];
    assert.equal(
      layers.reduce((sum, bytes) => sum + bytes, 0),
      usage.container?.totalBytes,
    );
    assert.deepEqual(ofContainers.writableLayers, usage.writableLayers);
    assert.equal(ofContainers.image === undefined, apiVersion !== '1.41');
    // Older engines give the lists whatever they are asked for.
    assert.equal(writableLayers === undefined, apiVersion === '1.52');
    assert.equal(Object.keys(sums).length, diskObjectTypes.length);
    for (const type of diskObjectTypes) {
      const { totalBytes = 0, reclaimableBytes = 0 } = usage[type] ?? {};
      assert.ok(reclaimableBytes > 0 && totalBytes > reclaimableBytes, type);
    }
    assert.deepEqual(usage.build_cache, { totalBytes: 212 * 2 ** 20, reclaimableBytes: 180 * 2 ** 20 });
  });
}

test('an engine that refuses throws, and does not count as one without disk usage', async () => {
  await using engine = await startSimulatedEngine({ scenario: 'demo' });
  engine.fault('df', { kind: 'status', status: 403 });
  const endpoint = { url: `unix://${engine.socket}` };
  const source = new DockerSource({ endpoint, callTimeoutMillis: 5000, now: Date.now });
  await assert.rejects(source.diskUsage(new AbortController().signal, { sums: true, containers: false }), {
    code: 'runtime-error',
  });
  source.close();
});
