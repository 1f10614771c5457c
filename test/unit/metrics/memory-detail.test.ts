import assert from 'node:assert/strict';
import { test } from 'node:test';
import { catalogueOf, profiles } from '../../../src/metrics/catalogue.ts';
import { semconvCpuLogical } from '../../../src/metrics/semconv/cpu-io.ts';
import { semconvMemoryDetail } from '../../../src/metrics/semconv/memory-detail.ts';
import type { Sample } from '../../../src/model/sample.ts';
import { KernelFiles, type Capture } from '../../support/wire/recorded-cases.ts';
import { observationsOf, recordedAnswers, snapshotFrom, snapshotWith } from './observed.ts';

/** Figures by metric and value of the one attribute. */
function detailOf(capture: Capture, container: string): Map<string, number> {
  const snapshot = snapshotFrom(recordedAnswers(capture, container));
  return new Map(
    semconvMemoryDetail.flatMap((instrument) =>
      observationsOf(instrument, snapshot).map(({ value, attributes }) => {
        const [of] = Object.values(attributes);
        const name = instrument.name.replace(/^container\.(memory|paging)\.(linux\.)?/, '');
        return [of === undefined ? name : `${name} ${of}`, value] as const;
      }),
    ),
  );
}

function ofMetric(found: ReadonlyMap<string, number>, name: string): ReadonlyMap<string, number> {
  return new Map([...found].filter(([key]) => key.startsWith(`${name} `)));
}

function sum(found: ReadonlyMap<string, number>): number {
  return [...found.values()].reduce((total, value) => total + value, 0);
}

for (const [capture, container] of [
  ['cgroup_v2', 'io_writer'],
  ['cgroup_v2', 'oom_killed'],
  ['cgroup_v2_systemd', 'cpu_throttled'],
  ['cgroup_v2_api_1.56', 'io_writer'],
] as const) {
  test(`${capture} ${container}: every key of the kernel, each byte once`, () => {
    const found = detailOf(capture, container);
    const stats = Object(recordedAnswers(capture, container).stats).memory_stats.stats;
    const { anon, file, shmem, kernel_stack: stack, slab, sock } = stats;
    assert.equal(sum(ofMetric(found, 'usage')), anon + file + stack + slab + sock);
    assert.equal(found.get('usage page_cache'), file - shmem);
    assert.equal(found.get('usage shared'), shmem);
    assert.equal(sum(ofMetric(found, 'slab.usage')), slab);
    assert.equal(found.get('page_cache.usage mapped'), stats.file_mapped);
    assert.equal(found.get('page_cache.usage dirty'), stats.file_dirty);
    assert.equal(found.get('page_cache.usage writeback'), stats.file_writeback);
    assert.equal(found.get('lru.usage inactive_file'), stats.inactive_file);
    assert.equal(found.get('transparent_hugepages.usage'), stats.anon_thp);
    assert.equal(found.get('transparent_hugepages.allocations fault'), stats.thp_fault_alloc);
    assert.equal(found.get('operations scan'), stats.pgscan);
    assert.equal(found.get('operations lazyfreed'), stats.pglazyfreed);
    assert.equal(found.get('workingset.events refault'), stats.workingset_refault);
    assert.equal(found.get('operations charge'), undefined);
  });
}

test('cgroup v2: no key of the answer is left out, faults and inodes of other metrics excepted', () => {
  const { stats } = Object(recordedAnswers('cgroup_v2', 'io_writer').stats).memory_stats;
  const sample: Sample = { takenAt: 1, windows: false, memory: { stats: {} } };
  const unseen = Object.keys(stats).filter((key) => {
    const memory = { stats: { file: 3, [key]: 7 } };
    const snapshot = snapshotWith({ sample: { ...sample, memory } });
    const before = snapshotWith({ sample: { ...sample, memory: { stats: { file: 3 } } } });
    const all = (entity: typeof snapshot) =>
      JSON.stringify(semconvMemoryDetail.map((each) => observationsOf(each, entity)));
    return all(snapshot) === all(before);
  });
  assert.deepEqual(unseen.sort(), ['pgfault', 'pgmajfault']);
});

test('cgroup v1: the same types from the keys that count children too', () => {
  const found = detailOf('cgroup_v1', 'io_writer');
  const kernel = new KernelFiles('cgroup_v1', 'io_writer');
  const { stats } = Object(recordedAnswers('cgroup_v1', 'io_writer').stats).memory_stats;
  assert.ok(kernel);
  assert.equal(found.get('usage anonymous'), stats.total_rss);
  assert.equal(found.get('usage page_cache'), stats.total_cache);
  assert.equal(found.get('page_cache.usage dirty'), stats.total_dirty);
  assert.equal(found.get('lru.usage active_file'), stats.total_active_file);
  assert.equal(found.get('transparent_hugepages.usage'), stats.total_rss_huge);
  assert.equal(found.get('operations charge'), stats.total_pgpgin);
  assert.equal(found.get('operations scan'), undefined);
  assert.equal(found.get('usage slab'), undefined);
});

test('cgroup v1: a parent’s figures are the hierarchy’s, not its own', () => {
  const stats = { cache: 1, total_cache: 10, shmem: 1, total_shmem: 4, rss: 2, total_rss: 20 };
  const snapshot = snapshotWith({ sample: { takenAt: 1, windows: false, memory: { stats } } });
  const values = semconvMemoryDetail.flatMap((each) =>
    observationsOf(each, snapshot).map(({ value }) => value),
  );
  assert.deepEqual(values, [6, 20, 4]);
});

test('cores: each once under its number, none that was never there, and not in container.cpu.time', () => {
  const cpu = { totalNanos: 6e9, perCpuNanos: [4e9, 0, 0, 2e9, 0], onlineCpus: 2 };
  const snapshot = snapshotWith({ sample: { takenAt: 1, windows: false, cpu } });
  const found = observationsOf(semconvCpuLogical, snapshot);
  assert.deepEqual(
    found.map(({ value, attributes }) => [attributes['cpu.logical_number'], value]),
    [
      [0, 4],
      [1, 0],
      [3, 2],
    ],
  );
  const time = profiles.semconv.containers.find(({ name }) => name === 'container.cpu.time');
  assert.ok(time);
  assert.deepEqual(
    observationsOf(time, snapshot).map(({ value }) => value),
    [6],
  );
});

test('all of it is off by default, one by one to be switched on', () => {
  const details = [...semconvMemoryDetail, semconvCpuLogical].map(({ name }) => name);
  const on = (switches?: ReadonlyMap<string, boolean>) =>
    catalogueOf(['semconv'], switches)
      .containers.map(({ name }) => name)
      .filter((name) => details.includes(name));
  assert.deepEqual(on(), []);
  for (const name of details) assert.deepEqual(on(new Map([[name, true]])), [name]);
});
