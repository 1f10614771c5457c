import assert from 'node:assert/strict';
import { test } from 'node:test';
import { profiles } from '../../../../src/metrics/catalogue.ts';
import type { ContainerSnapshot } from '../../../../src/model/snapshot.ts';
import { kernelMeasured } from '../kernel-measured.ts';
import { observationsOf, recordedAnswers, snapshotFrom, snapshotWith } from '../observed.ts';

function observed(name: string, snapshot: ContainerSnapshot) {
  const instrument = profiles.docker_stats.containers.find((each) => each.name === name);
  assert.ok(instrument, name);
  return observationsOf(instrument, snapshot);
}

function shown(name: string, snapshot: ContainerSnapshot) {
  return observed(name, snapshot).map(({ value, attributes }) => [attributes['operation'], value]);
}

test('recorded, cgroup v2 by the kernel’s files: the peak', () => {
  const killed = kernelMeasured('cgroup_v2', 'oom_killed');
  assert.deepEqual(shown('container.memory.usage.max', killed), [[undefined, 16777216]]);
});

for (const [capture, fails] of [
  ['cgroup_v2', 2],
  ['cgroup_v2_systemd', 3],
  ['cgroup_v2_api_1.56', 3],
  ['cgroup_v1', 0],
] as const)
  test(`recorded, ${capture}: failures are those of the runtime’s API by the kernel’s files, too`, () => {
    const name = 'container.memory.fails';
    assert.deepEqual(shown(name, snapshotFrom(recordedAnswers(capture, 'oom_killed'))), [[undefined, fails]]);
    assert.deepEqual(shown(name, kernelMeasured(capture, 'oom_killed')), [[undefined, fails]]);
  });

test('failures begin with the counter that they are', () => {
  const starts = { of: (_group: string, counter?: string) => (counter === 'event oom' ? 7000 : 1000) };
  const startOf = (snapshot: ContainerSnapshot) =>
    observed('container.memory.fails', snapshot).map(({ startedAt }) => startedAt);
  assert.deepEqual(startOf(kernelMeasured('cgroup_v2', 'oom_killed', { starts })), [7000]);
  const sample = { takenAt: 1, windows: false, memory: { failures: 2, stats: {} } };
  assert.deepEqual(startOf(snapshotWith({ sample, starts })), [1000]);
});

test('recorded, cgroup v2 by the kernel’s files: the operations that the receiver has, without discards', () => {
  const writer = kernelMeasured('cgroup_v2', 'io_writer');
  assert.deepEqual(shown('container.blockio.io_service_bytes_recursive', writer), [
    ['read', 179568640],
    ['write', 348864512],
  ]);
  const v1 = shown('container.blockio.io_serviced_recursive', kernelMeasured('cgroup_v1', 'io_writer'));
  assert.deepEqual(
    v1.find(([operation]) => operation === 'discard'),
    ['discard', 424],
  );
});
