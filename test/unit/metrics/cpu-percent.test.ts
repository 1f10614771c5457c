import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cpuPercent } from '../../../src/metrics/formulas.ts';
import type { CpuUsage, Sample } from '../../../src/model/sample.ts';

function sample(takenAt: number, cpu: CpuUsage): Sample {
  return { takenAt, windows: false, cpu };
}

const before = sample(1000, { totalNanos: 1e9, systemNanos: 10e9, onlineCpus: 2 });

test('the share of the host CPU time, times the CPUs that are on', () => {
  const after = sample(2000, { totalNanos: 1.5e9, systemNanos: 12e9, onlineCpus: 2 });
  assert.equal(cpuPercent(after, before), 50);
});

test('integers above 2^53 are subtracted exactly', () => {
  const older = sample(1000, { totalNanos: 2n ** 60n, systemNanos: 2n ** 61n, onlineCpus: 1 });
  const newer = sample(2000, { totalNanos: 2n ** 60n + 3n, systemNanos: 2n ** 61n + 4n, onlineCpus: 1 });
  assert.equal(cpuPercent(newer, older), 75);
});

test('the CPUs are counted from the list of cores where the runtime gives no number', () => {
  const perCpuNanos = [1, 1, 1, 1];
  const older = sample(1000, { totalNanos: 0, systemNanos: 100, perCpuNanos });
  const newer = sample(2000, { totalNanos: 50, systemNanos: 300, perCpuNanos });
  assert.equal(cpuPercent(newer, older), 100);
});

test('a runtime that does not tell the host CPU time is measured by wall clock', () => {
  const newer = sample(2000, { totalNanos: 1.25e9 });
  assert.equal(cpuPercent(newer, before), 25);
});

test('unknown without a previous sample, and when the host CPU time stands still', () => {
  const newer = sample(2000, { totalNanos: 2e9, systemNanos: 10e9, onlineCpus: 2 });
  assert.equal(cpuPercent(newer, undefined), undefined);
  assert.equal(cpuPercent(newer, before), undefined);
});

test('on Windows it is the share of all processors', () => {
  const windows = (takenAt: number, totalNanos: number): Sample => ({
    ...sample(takenAt, { totalNanos }),
    windows: true,
    processors: 4,
  });
  assert.equal(cpuPercent(windows(2000, 2e7), windows(1000, 0)), 50);
});
