import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cpuUsage, pageFaults, residentMemory, workingSet } from '../../../src/metrics/formulas.ts';
import type { MemoryUsage, Sample } from '../../../src/model/sample.ts';
import { parseStats } from '../../../src/sources/docker/stats.ts';
import { captures, recordedJson, runningContainers } from '../../support/wire/recorded-cases.ts';

const at = Date.UTC(2026, 0, 1);

function sampleAt(millis: number, totalNanos: number | bigint, more: Partial<Sample> = {}): Sample {
  return { takenAt: at + millis, windows: false, cpu: { totalNanos }, ...more };
}

/** `calculateMemUsageUnixNoCache` of docker/cli, for the same two keys of a response. */
function cliMemory(usage: number, stats: Readonly<Record<string, unknown>>): number {
  const total = stats['total_inactive_file'];
  if (typeof total === 'number' && total < usage) return usage - total;
  const own = Number(stats['inactive_file'] ?? 0);
  return own < usage ? usage - own : usage;
}

test('CPUs in use: time used by time passed between our own two samples', () => {
  assert.equal(cpuUsage(sampleAt(10_000, 16_000_000_000), sampleAt(0, 1_000_000_000)), 1.5);
  assert.equal(cpuUsage(sampleAt(10_000, 1_000_000_000), sampleAt(0, 1_000_000_000)), 0);
});

test("CPUs in use: the answer's own pair when there is no sample before", () => {
  const previousCpu = { takenAt: at + 9000, totalNanos: 1_000_000_000 };
  const sample = sampleAt(10_000, 1_500_000_000, { previousCpu });
  assert.equal(cpuUsage(sample, undefined), 0.5);
  assert.equal(cpuUsage(sample, sampleAt(0, 500_000_000)), 0.1);
});

test('CPUs in use: unknown at first, backwards, at once, after a fall, and across clocks', () => {
  assert.equal(cpuUsage(sampleAt(0, 1), undefined), undefined);
  assert.equal(cpuUsage(sampleAt(0, 2), sampleAt(1, 1)), undefined);
  assert.equal(cpuUsage(sampleAt(0, 2), sampleAt(0, 1)), undefined);
  assert.equal(cpuUsage(sampleAt(1000, 1), sampleAt(0, 2)), undefined);
  assert.equal(cpuUsage(sampleAt(3_600_001, 2), sampleAt(0, 1)), undefined);
  const unset = sampleAt(10, 5, { previousCpu: { totalNanos: 1 } });
  assert.equal(cpuUsage(unset, undefined), undefined);
  assert.equal(cpuUsage({ takenAt: at, windows: false }, sampleAt(-10, 1)), undefined);
});

test('CPUs in use: exact above 2^53', () => {
  const before = 2n ** 60n;
  assert.equal(cpuUsage(sampleAt(1000, before + 1_000_000_000n), sampleAt(0, before)), 1);
});

test('CPUs in use: Windows counts in ticks of 100 ns', () => {
  const windows = { windows: true };
  assert.equal(cpuUsage(sampleAt(1000, 25_000_000, windows), sampleAt(0, 5_000_000, windows)), 2);
});

test("CPUs in use by the runtime's own read times, also in a recording of long ago", () => {
  const before = sampleAt(500, 0, { readAt: 1000, cpu: { totalNanos: 1 } });
  assert.equal(cpuUsage(sampleAt(501, 1_000_000_001, { readAt: 3000 }), before), 0.5);
});

test('recorded: the pair of files and the pair inside one answer agree with the wall clock', () => {
  for (const capture of captures) {
    for (const container of runningContainers(capture)) {
      const read = (name: string): unknown => recordedJson(`${capture}/${container}/${name}`);
      const fresh = parseStats(read('stats.json'), at);
      const before = parseStats(read('running_stats.json'), at);
      assert.ok(fresh && before);
      const nanos = Number(fresh.cpu?.totalNanos) - Number(before.cpu?.totalNanos);
      const millis = Number(fresh.readAt) - Number(before.readAt);
      assert.equal(cpuUsage(fresh, before), nanos / (millis * 1e6), `${capture}/${container}`);
    }
    const pair = parseStats(recordedJson(`${capture}/engine/two_sample_stats.json`), at);
    const cpus = pair && cpuUsage(pair, undefined);
    // Its quota is 0.2 CPUs; one period more or less of 100 ms falls into the second measured.
    assert.ok(cpus && cpus > 0.1 && cpus < 0.3, `${capture}: ${cpus}`);
  }
});

test('recorded: the working set is what docker stats shows', () => {
  for (const capture of captures) {
    for (const container of runningContainers(capture)) {
      const memory = parseStats(recordedJson(`${capture}/${container}/stats.json`), at)?.memory;
      assert.ok(memory?.usage);
      assert.equal(workingSet(memory), cliMemory(Number(memory.usage), memory.stats));
      const anonymous = memory.stats[capture === 'cgroup_v1' ? 'total_rss' : 'anon'];
      assert.equal(residentMemory(memory), anonymous);
    }
  }
});

test('working set: as the CLI for any answer that has a key to subtract', () => {
  const bytes = fc.integer({ min: 1, max: 1000 });
  const stats = fc.record(
    { total_inactive_file: bytes, inactive_file: bytes, anon: bytes },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(bytes, stats, (usage, keys) => {
      const known = keys.total_inactive_file !== undefined || keys.inactive_file !== undefined;
      const kept = Object.fromEntries(Object.entries(keys).filter(([, value]) => value !== undefined));
      assert.equal(workingSet({ usage, stats: kept }), known ? cliMemory(usage, keys) : undefined);
    }),
  );
});

test('working set: of Windows the private one, of no usage none', () => {
  const windows: MemoryUsage = { commitBytes: 9, privateWorkingSet: 5, stats: {} };
  assert.equal(workingSet(windows), 5);
  assert.equal(workingSet({ stats: { inactive_file: 1 } }), undefined);
});

test('working set: exact above 2^53', () => {
  assert.equal(workingSet({ usage: 2n ** 60n + 5n, stats: { inactive_file: 2n ** 60n } }), 5);
});

test('page faults: minor ones are those that are not major, and unknown without both', () => {
  const faults = (stats: Record<string, number>) => {
    const { minor, major } = pageFaults({ stats });
    return { minor, major };
  };
  assert.deepEqual(faults({ pgfault: 10, pgmajfault: 3 }), { minor: 7, major: 3 });
  assert.deepEqual(faults({ total_pgfault: 10, total_pgmajfault: 3, pgfault: 1 }), { minor: 7, major: 3 });
  assert.deepEqual(faults({ pgfault: 10 }), { minor: undefined, major: undefined });
  assert.deepEqual(faults({ pgfault: 2, pgmajfault: 3 }), { minor: undefined, major: 3 });
});

test('an integer that OTLP cannot hold is no figure, and none is made of it', () => {
  const sample = parseStats(
    {
      memory_stats: { usage: 2n ** 64n - 1n, limit: 2n ** 63n, stats: { anon: 1 } },
      cpu_stats: { cpu_usage: { total_usage: 2n ** 64n - 1n }, system_cpu_usage: 9 },
      pids_stats: { current: 1, limit: 2n ** 64n - 1n },
    },
    at,
  );
  assert.ok(sample?.memory);
  assert.equal(workingSet(sample.memory), undefined);
  assert.deepEqual(
    [sample.memory.usage, sample.memory.limit, sample.cpu?.totalNanos],
    [undefined, undefined, undefined],
  );
  assert.deepEqual(sample.pids, { current: 1 });
});
