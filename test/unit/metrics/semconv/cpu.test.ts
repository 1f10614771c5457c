import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CpuUsage } from '../../../../src/model/sample.ts';
import { semconv, snapshotWith } from '../observed.ts';

/** The points of `container.cpu.time` by their attributes, in seconds. */
function cpuTime(cpu: CpuUsage): Record<string, number> {
  const found = semconv(snapshotWith({ sample: { takenAt: 2000, windows: false, cpu } }));
  const points = [...found].filter(([key]) => key.startsWith('container.cpu.time'));
  return Object.fromEntries(points.map(([key, value]) => [/"cpu.mode":"(\w+)"/.exec(key)?.[1] ?? '', value]));
}

/** A response on cgroup v1, which lists the CPUs. */
function v1(totalNanos: number, userNanos: number, kernelNanos: number): CpuUsage {
  return { totalNanos, userNanos, kernelNanos, perCpuNanos: [totalNanos, 0] };
}

test('modes are those that the runtime gives', () => {
  assert.deepEqual(cpuTime({ totalNanos: 3e9, userNanos: 2e9, kernelNanos: 1e9 }), { user: 2, system: 1 });
  assert.deepEqual(cpuTime({ totalNanos: 3e9, userNanos: 3e9, kernelNanos: 0 }), { user: 3, system: 0 });
  assert.deepEqual(cpuTime({ totalNanos: 3e9, kernelNanos: 1e9 }), { system: 1 });
});

test('cgroup v1: both modes are there from the first steps of 10 ms on', () => {
  assert.deepEqual(cpuTime(v1(3e6, 0, 0)), { user: 0, system: 0 });
  assert.deepEqual(cpuTime(v1(18e6, 0, 0)), { user: 0, system: 0 });
  assert.deepEqual(cpuTime(v1(25e6, 10e6, 0)), { user: 0.01, system: 0 });
});

test('a runtime without modes gives the total, in one point without', () => {
  assert.deepEqual(cpuTime({ totalNanos: 3e6 }), { '': 0.003 });
  assert.deepEqual(cpuTime({ totalNanos: 3e6, userNanos: 0, kernelNanos: 0 }), { '': 0.003 });
  assert.deepEqual(cpuTime(v1(3e9, 0, 0)), { '': 3 });
  const { userNanos: _, ...lacking } = v1(3e6, 0, 0);
  assert.deepEqual(cpuTime(lacking), { '': 0.003 });
});
