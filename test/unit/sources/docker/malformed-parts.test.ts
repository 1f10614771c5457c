import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseInspect } from '../../../../src/sources/docker/inspect.ts';
import { ContainerListReader } from '../../../../src/sources/docker/list.ts';
import { parseStats } from '../../../../src/sources/docker/stats.ts';

const entry = (op: unknown, value = 1, major: unknown = 8) => ({ major, minor: 0, op, value });

function answer(parts: object): object {
  return { cpu_stats: { cpu_usage: { total_usage: 5 } }, blkio_stats: {}, ...parts };
}

function unknownIn(parts: object): readonly string[] {
  return parseStats(answer({ blkio_stats: lists(null), ...parts }), 0)?.unknown ?? [];
}

function lists(list: unknown): object {
  return { io_service_bytes_recursive: list };
}

test('what an engine leaves out is known to be none', () => {
  for (const networks of [undefined, null, {}, { eth0: {} }]) assert.deepEqual(unknownIn({ networks }), []);
  for (const list of [null, [], [entry('Read'), entry('')]])
    assert.deepEqual(unknownIn({ blkio_stats: lists(list) }), []);
});

test('what makes no sense is not', () => {
  for (const networks of [1, 'eth0', [], { eth0: null }, { eth0: 5 }])
    assert.deepEqual(unknownIn({ networks }), ['networks']);
  const noLists = [undefined, {}, 'none', [null], [entry(1)], [entry(undefined)], [entry('Read', 1, 'x')]];
  for (const list of noLists) assert.deepEqual(unknownIn({ blkio_stats: lists(list) }), ['blockIo']);
  for (const whole of [undefined, null, []]) assert.deepEqual(unknownIn({ blkio_stats: whole }), ['blockIo']);
});

test('of memory: nonsense is not the same as a key that the engine leaves out', () => {
  const unknown = (parts: object) =>
    parseStats(answer({ memory_stats: { usage: 9, ...parts } }), 0)?.memory?.unknown;
  assert.equal(unknown({ stats: { anon: 1 } }), undefined);
  assert.deepEqual(unknown({ failcnt: 'x', stats: 7 }), ['failcnt', 'stats']);
  assert.deepEqual(unknown({ stats: { inactive_file: -1, total_inactive_file: {} } }), [
    'inactive_file',
    'total_inactive_file',
  ]);
});

test('a peak or failures without a usage are shown; zeros alone are what a dead container has', () => {
  const memory = (parts: object) => parseStats(answer({ memory_stats: parts }), 0)?.memory;
  assert.equal(memory({ max_usage: 9 })?.maxUsage, 9);
  assert.equal(memory({ failcnt: 2 })?.failures, 2);
  assert.equal(memory({ usage: 0, max_usage: 0, failcnt: 0, stats: { cache: 0 } }), undefined);
});

test('a device that is listed twice in one operation is there once, without a value', () => {
  const list = [entry('Read', 1), entry('read', 2), entry('Write', 3)];
  const sample = parseStats(answer({ blkio_stats: lists(list) }), 0);
  assert.deepEqual(sample?.blockIo?.serviceBytes, [
    { major: 8, minor: 0, operation: 'read' },
    { major: 8, minor: 0, operation: 'write', value: 3 },
  ]);
});

test('a limit that makes no sense may be set', () => {
  const unknown = (HostConfig: unknown) => parseInspect('x', { HostConfig }).limits.unknown;
  assert.equal(unknown({ Memory: 0, NanoCpus: null, MemorySwap: -1 }), undefined);
  assert.deepEqual(unknown({ Memory: '1g', CpuShares: 1.5 }), ['cpuShares', 'memoryBytes']);
  assert.equal(unknown(null)?.length, 7);
});

test('of a list, refused containers have the beginning of their name, however many and long they are', () => {
  const reader = new ContainerListReader();
  const refused = { reason: 'too-large', field: 'Labels' } as const;
  reader.take({ text: JSON.stringify({ Id: 'a', Names: ['/web'] }) });
  reader.take({ text: JSON.stringify({ Id: 'b', Names: ['/big'] }), refused });
  reader.take({ text: JSON.stringify({ Id: 'c', Names: [`/${'x'.repeat(5000)}`] }), refused });
  for (let count = 0; count < 2000; count += 1)
    reader.take({ text: JSON.stringify({ Id: 'd', Names: ['/many'] }), refused });
  const listing = reader.end();
  assert.deepEqual(
    listing.listed.map(({ name }) => name),
    ['web'],
  );
  const [big, long] = listing.refused;
  assert.deepEqual(
    [big, long],
    [
      { name: 'big', ...refused },
      { name: 'x'.repeat(256), ...refused },
    ],
  );
  assert.equal(listing.refused.length, 2002);
  assert.ok(listing.refused.filter(({ name }) => name !== undefined).length <= 1000);
});
