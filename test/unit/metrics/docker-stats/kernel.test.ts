import assert from 'node:assert/strict';
import { test } from 'node:test';
import { profiles } from '../../../../src/metrics/catalogue.ts';
import type { ContainerSnapshot } from '../../../../src/model/snapshot.ts';
import { kernelMeasured } from '../kernel-measured.ts';
import { observationsOf } from '../observed.ts';

function shown(name: string, snapshot: ContainerSnapshot) {
  const instrument = profiles.docker_stats.containers.find((each) => each.name === name);
  assert.ok(instrument, name);
  return observationsOf(instrument, snapshot).map(({ value, attributes }) => {
    return [attributes['operation'], value];
  });
}

test('recorded, cgroup v2 by the kernel’s files: the peak, and how often the limit was hit', () => {
  const killed = kernelMeasured('cgroup_v2', 'oom_killed');
  assert.deepEqual(shown('container.memory.usage.max', killed), [[undefined, 16777216]]);
  assert.deepEqual(shown('container.memory.fails', killed), [[undefined, 82]]);
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
