import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { completeSpec } from '../../../../src/simulator/world/container-spec.ts';
import type { Limits } from '../../../../src/simulator/world/container-spec.ts';
import { createWorkload, type ContainerUsage } from '../../../../src/simulator/world/workload.ts';

const host = { cpus: 8, memoryBytes: 16 * 2 ** 30 };

function workload(seed: string, limits: Limits = {}, cpus?: number): (seconds: number) => ContainerUsage {
  const spec = completeSpec(seed, {
    name: 'any',
    limits,
    networks: ['a', 'b'],
    ...(cpus && { load: { cpus } }),
  });
  return createWorkload(seed, spec, host);
}

function counters({ cpu, memory, networks, disk }: ContainerUsage): number[] {
  return [
    cpu.totalNanos,
    cpu.kernelNanos,
    cpu.userNanos,
    ...cpu.perCpuNanos,
    cpu.periods,
    cpu.throttledPeriods,
    cpu.throttledNanos,
    memory.pageFaults,
    memory.majorFaults,
    ...networks.flatMap((network) => Object.values(network).map(Number)),
    ...Object.values(disk).map(Number),
  ];
}

const anyLimits = fc.constantFrom<Limits[]>(
  {},
  { cpus: 0.5 },
  { cpuQuotaMicros: 20_000 },
  { memoryBytes: 64 * 2 ** 20 },
);
const anyMillis = fc.integer({ min: 0, max: 90 * 86_400_000 });

test('no counter ever falls within a run', () => {
  fc.assert(
    fc.property(
      fc.string(),
      anyLimits,
      anyMillis,
      fc.integer({ min: 1, max: 5000 }),
      (seed, limits, start, step) => {
        const at = workload(seed, limits);
        const before = counters(at(start / 1000));
        const after = counters(at((start + step) / 1000));
        for (const [index, value] of after.entries())
          assert.ok(value >= (before[index] ?? 0), `counter ${index} fell`);
      },
    ),
  );
});

test('every figure is a whole number that is not negative, and memory stays within its limit', () => {
  fc.assert(
    fc.property(fc.string(), anyLimits, anyMillis, (seed, limits, millis) => {
      const usage = workload(seed, limits)(millis / 1000);
      const gauges = Object.values(usage.memory).map(Number);
      for (const value of [...counters(usage), ...gauges]) assert.ok(Number.isInteger(value) && value >= 0);
      assert.ok(usage.memory.usage <= usage.memory.maxUsage && usage.memory.maxUsage <= usage.memory.limit);
    }),
  );
});

test('the same seed gives the same figures, another one others', () => {
  assert.deepEqual(workload('1')(1234.5), workload('1')(1234.5));
  assert.notDeepEqual(workload('1')(1234.5), workload('2')(1234.5));
});

test('a container that wants more CPU than its quota uses the quota and is throttled', () => {
  const at = workload('1', { cpus: 0.5 }, 1.7);
  const used = (at(110).cpu.totalNanos - at(100).cpu.totalNanos) / 10e9;
  assert.ok(Math.abs(used - 0.5) < 0.001);
  assert.ok(at(110).cpu.throttledPeriods > 1000);
});

test('an out-of-memory victim reaches its limit when it is killed', () => {
  const limits = { memoryBytes: 64 * 2 ** 20 };
  const ending = { afterMillis: 10_000, exitCode: 137, outOfMemory: true };
  const at = createWorkload('1', completeSpec('1', { name: 'any', limits, ending }), host);
  assert.ok(at(1).memory.usage < 32 * 2 ** 20);
  assert.ok(at(9.99).memory.usage > 60 * 2 ** 20);
});
