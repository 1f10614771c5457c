import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agreesWithKernel } from '../../../src/audit/compare.ts';
import { kernelRange, ourReadings } from '../../../src/audit/our-readings.ts';
import type { Sample } from '../../../src/model/sample.ts';
import { snapshotFrom } from '../metrics/observed.ts';

const tolerance = 0.001;

function kernelSample(cpuNanos: number, received: number): Sample {
  return {
    takenAt: 0,
    readAt: 0,
    windows: false,
    cpu: { totalNanos: cpuNanos },
    networks: [{ name: 'eth0', receivedBytes: received }],
  };
}

/** Two seconds between two responses, 1 s of CPU time between them. */
const snapshot = snapshotFrom({
  inspect: {},
  receivedAt: Date.UTC(2026, 0, 1, 0, 0, 2, 505),
  stats: {
    read: '2026-01-01T00:00:02.5Z',
    cpu_stats: { cpu_usage: { total_usage: 2e9 }, system_cpu_usage: 14e9, online_cpus: 2 },
    networks: { eth0: { rx_bytes: 1000 } },
  },
  previous: {
    read: '2026-01-01T00:00:00.5Z',
    cpu_stats: { cpu_usage: { total_usage: 1e9 }, system_cpu_usage: 10e9 },
  },
});
const around = {
  older: { before: kernelSample(0.9e9, 0), after: kernelSample(1.1e9, 0) },
  newer: { before: kernelSample(1.9e9, 990), after: kernelSample(2.1e9, 1010) },
};

test('a rate lies between the smallest and the largest difference of the readings around', () => {
  const { min, max } = kernelRange(ourReadings.cpus, snapshot, around) ?? assert.fail('none');
  assert.ok(Math.abs(min - 0.4) < 1e-9);
  assert.ok(Math.abs(max - 0.6) < 1e-9);
  const percent = kernelRange(ourReadings['cpu-percent'], snapshot, around) ?? assert.fail('none');
  assert.ok(Math.abs(percent.min - 40) < 1e-9);
  assert.ok(Math.abs(percent.max - 60) < 1e-9);
});

test('a count is as it was before and after, what the files lack has no range', () => {
  assert.deepEqual(kernelRange(ourReadings['network-received'], snapshot, around), { min: 990, max: 1010 });
  assert.equal(kernelRange(ourReadings.memory, snapshot, around), undefined);
  assert.equal(kernelRange(ourReadings.pids, snapshot, around), undefined);
});

test('a count agrees between the readings alone, a gauge as far outside as it moved', () => {
  const agrees = (
    metric: 'network-received' | 'memory' | 'cpus',
    command: number,
    min: number,
    max: number,
  ) => agreesWithKernel({ figure: metric, command, kernel: { min, max } }, tolerance);
  assert.ok(agrees('network-received', 5, 5, 5));
  assert.ok(agrees('network-received', 6, 5, 7));
  assert.ok(!agrees('network-received', 8, 5, 7));
  assert.ok(agrees('memory', 9, 5, 7));
  assert.ok(!agrees('memory', 10, 5, 7));
  assert.ok(!agrees('memory', 6, 5, 5));
  assert.ok(agrees('cpus', 0.2001, 0.19, 0.2));
  assert.ok(!agrees('cpus', 0.21, 0.19, 0.2));
  assert.ok(agreesWithKernel({ figure: 'memory', command: 1 }, tolerance));
});
