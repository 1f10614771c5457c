import assert from 'node:assert/strict';
import { test } from 'node:test';
import { profiles } from '../../../../src/metrics/catalogue.ts';
import type { ContainerSnapshot } from '../../../../src/model/snapshot.ts';
import { countedEvents } from '../counted-events.ts';
import { kernelMeasured } from '../kernel-measured.ts';
import { observationsOf, recordedAnswers, snapshotFrom, snapshotWith } from '../observed.ts';

/** The values of a metric, by its name without `container_`. */
function valuesOf(name: string, snapshot: ContainerSnapshot): readonly number[] {
  return observed(name, snapshot).map(({ value }) => value);
}

function observed(name: string, snapshot: ContainerSnapshot) {
  const instrument = profiles.cadvisor.containers.find((each) => each.name === `container_${name}`);
  assert.ok(instrument, name);
  return observationsOf(instrument, snapshot);
}

function expectValues(snapshot: ContainerSnapshot, expected: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(expected))
    assert.deepEqual(valuesOf(name, snapshot), [value], name);
}

/** Each counter starts at a time of its own. */
const starts = { of: (group: string, counter?: string) => `${group}/${counter}`.length };

test('recorded, cgroup v2: what memory.events, memory.peak, memory.stat and memory.swap.current count', () => {
  expectValues(kernelMeasured('cgroup_v2', 'oom_killed'), {
    memory_max_usage_bytes: 16777216,
    memory_swap: 0,
    memory_kernel_usage: 253952,
    memory_failcnt: 82,
    memory_events_max_total: 82,
    memory_events_high_total: 0,
    memory_workingset_refault_file_total: 0,
    memory_workingset_refault_anon_total: 0,
    oom_events_total: 2,
  });
  expectValues(kernelMeasured('cgroup_v2', 'io_writer'), {
    memory_total_active_file_bytes: 0,
    memory_total_inactive_file_bytes: 1986560,
    memory_mapped_file: 0,
    oom_events_total: 0,
  });
});

test('recorded, cgroup v1: swap, kernel memory, kills and refaults; memory.events is of v2 alone', () => {
  const killed = kernelMeasured('cgroup_v1', 'oom_killed');
  expectValues(killed, {
    memory_max_usage_bytes: 16777216,
    memory_swap: 0,
    memory_kernel_usage: 249856,
    memory_failcnt: 0,
    oom_events_total: 2,
  });
  for (const name of ['memory_events_max_total', 'memory_events_high_total'])
    assert.deepEqual(valuesOf(name, killed), [], name);
  const writer = kernelMeasured('cgroup_v1', 'io_writer');
  assert.deepEqual(valuesOf('memory_workingset_refault_file_total', writer), [12]);
});

test('recorded: waiting is some of the kernel, and stalled is full, on a hybrid host too', () => {
  expectValues(kernelMeasured('cgroup_v2', 'io_writer'), {
    pressure_cpu_waiting_seconds_total: 1.28381,
    pressure_cpu_stalled_seconds_total: 1.113424,
    pressure_memory_waiting_seconds_total: 0,
    pressure_memory_stalled_seconds_total: 0,
    pressure_io_waiting_seconds_total: 0.707968,
    pressure_io_stalled_seconds_total: 0.703881,
  });
  expectValues(kernelMeasured('cgroup_v1', 'io_writer'), {
    pressure_cpu_waiting_seconds_total: 0.17348,
    pressure_io_stalled_seconds_total: 0.465856,
  });
});

test('recorded, cgroup v2: operations by device; discards are no operation of cAdvisor there', () => {
  const writer = kernelMeasured('cgroup_v2', 'io_writer');
  expectValues(writer, { fs_reads_total: 2740, fs_writes_total: 3073, fs_reads_bytes_total: 179568640 });
  const operations = observed('blkio_device_usage_total', writer).map(({ attributes, value }) => {
    return [attributes['operation'], value];
  });
  assert.deepEqual(operations, [
    ['Read', 179568640],
    ['Write', 348864512],
  ]);
});

test('bursts are of containers with a quota', () => {
  const throttled = kernelMeasured('cgroup_v2', 'cpu_throttled');
  expectValues(throttled, { cpu_cfs_burst_periods_total: 0, cpu_cfs_burst_seconds_total: 0 });
  const throttling = { burstPeriods: 3, burstNanos: 1_500_000_000 };
  const sample = { takenAt: 1, windows: false, cpu: { throttling } };
  const state = { status: 'running' as const };
  const limited = snapshotWith({ state, sample, limits: { cpus: 1 } });
  expectValues(limited, { cpu_cfs_burst_periods_total: 3, cpu_cfs_burst_seconds_total: 1.5 });
  for (const name of ['cpu_cfs_burst_periods_total', 'cpu_cfs_burst_seconds_total'])
    assert.deepEqual(valuesOf(name, snapshotWith({ state, sample })), [], name);
});

test('by the runtime’s API there is none of it', () => {
  const byRuntime = snapshotFrom(recordedAnswers('cgroup_v2', 'oom_killed'));
  for (const { name, source } of profiles.cadvisor.containers)
    if (source === 'cgroup') assert.deepEqual(valuesOf(name.replace('container_', ''), byRuntime), [], name);
  assert.deepEqual(valuesOf('oom_events_total', byRuntime), []);
  // The API's count is of another thing on cgroup v2.
  assert.deepEqual(valuesOf('memory_failcnt', byRuntime), []);
});

test('counters begin each by itself', () => {
  const snapshot = kernelMeasured('cgroup_v2', 'oom_killed', { starts });
  const startOf = (name: string) => observed(name, snapshot).map(({ startedAt }) => startedAt);
  const lengthOf = (key: string) => [key.length];
  assert.deepEqual(startOf('memory_events_max_total'), lengthOf('memory/event max'));
  assert.deepEqual(startOf('memory_failcnt'), lengthOf('memory/event max'));
  assert.deepEqual(startOf('oom_events_total'), lengthOf('memory/event oom_kill'));
  assert.deepEqual(startOf('pressure_io_stalled_seconds_total'), lengthOf('pressure/io fullNanos'));
});

test('kills: by the events over all runs, and neither the value nor its start ever falls', () => {
  const seenAt = (oom: number, parts: Partial<ContainerSnapshot> = {}, kills?: number) => {
    const events = { ...countedEvents(), since: 500, actions: new Map([['oom' as const, oom]]) };
    const snapshot = kernelMeasured('cgroup_v2', 'oom_killed', { events, starts, ...parts });
    const sample = snapshot.sample?.memory && {
      ...snapshot.sample,
      memory: { ...snapshot.sample.memory, events: { oom_kill: kills ?? 2 } },
    };
    return observed('oom_events_total', { ...snapshot, ...(sample && { sample }) });
  };
  const exited = { state: { status: 'exited' as const } };
  const sequence = [
    seenAt(0, {}, 0),
    // Two processes at once are one event; the container goes on.
    seenAt(1, {}, 2),
    // The kill that ended the run; the container is stopped, and then runs in a cgroup that counts from zero.
    seenAt(2, exited, 3),
    seenAt(2, {}, 0),
    seenAt(3, {}, 1),
    seenAt(3, {}, 7),
  ].flatMap((observations) => observations.map(({ value, startedAt }) => [value, startedAt]));
  assert.deepEqual(sequence, [
    [0, 500],
    [1, 500],
    [2, 500],
    [3, 500],
    [3, 500],
  ]);
});

test('kills: by the kernel, of the present run, where the runtime sends no events', () => {
  const [seen, ...more] = observed('oom_events_total', kernelMeasured('cgroup_v2', 'oom_killed', { starts }));
  assert.deepEqual([seen?.value, seen?.startedAt, more], [2, 'memory/event oom_kill'.length, []]);
});
