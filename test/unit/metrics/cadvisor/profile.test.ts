import assert from 'node:assert/strict';
import { test } from 'node:test';
import { profiles } from '../../../../src/metrics/catalogue.ts';
import type { ContainerStatus } from '../../../../src/model/container.ts';
import type { Sample } from '../../../../src/model/sample.ts';
import type { ContainerSnapshot } from '../../../../src/model/snapshot.ts';
import { recordedText } from '../../../support/wire/recorded-cases.ts';
import { cadvisorList } from './metric-list.ts';
import {
  runtime as dockerRuntime,
  runtimeSnapshot,
  identity,
  observationsOf,
  recordedAnswers,
  snapshotFrom,
  snapshotWith,
  type Observation,
} from '../observed.ts';

const { containers, runtime, oneRuntimeOnly } = profiles.cadvisor;

/** A metric's observations of a container, by its name without `container_`. */
function shown(name: string, snapshot: ContainerSnapshot): readonly Observation[] {
  const instrument = containers.find((each) => each.name === `container_${name}`);
  assert.ok(instrument, name);
  return observationsOf(instrument, snapshot);
}

function valuesOf(name: string, snapshot: ContainerSnapshot): readonly number[] {
  return shown(name, snapshot).map(({ value }) => value);
}

/** Each series by what labels it has besides the container's. */
function series(name: string, snapshot: ContainerSnapshot, ...labels: string[]): Record<string, number> {
  const entries = shown(name, snapshot).map(({ value, attributes }) => {
    return [labels.map((label) => attributes[label]).join(' '), value] as const;
  });
  return Object.fromEntries(entries);
}

function running(sample: Partial<Sample>, parts: Partial<ContainerSnapshot> = {}): ContainerSnapshot {
  const state = { status: 'running' as const };
  return snapshotWith({ state, ...parts, sample: { takenAt: 20_500, windows: false, ...sample } });
}

test('names, types and labels are cAdvisor’s, all of them and no other', () => {
  assert.equal(oneRuntimeOnly, true);
  const base = ['id', 'name', 'image', 'container_label_*'];
  const ours = containers.map(({ name, literal, attributes }) => {
    assert.deepEqual(attributes.slice(0, 4), base, name);
    return [name.replace('container_', ''), literal?.type ?? '', ...attributes.slice(4)];
  });
  const order = ([a = '']: string[], [b = '']: string[]): number => (a < b ? -1 : 1);
  assert.deepEqual(ours.toSorted(order), cadvisorList.map((row) => [...row]).toSorted(order));
});

test('a unit is what the name ends with: no translation of OTLP changes a name', () => {
  for (const { name, unit } of containers) {
    assert.equal(unit === 'By', name.includes('_bytes'), name);
    assert.equal(unit === 's', name.includes('_seconds'), name);
    assert.ok(['By', 's', ''].includes(unit), name);
  }
});

test('labels: the cgroup’s path, the name, the image as typed, and the container’s own labels', () => {
  const image = { reference: 'nginx:1.27', name: 'nginx', tags: ['1.27'], repoDigests: [] };
  const labels = { 'a.b': 'first', a_b: 'second', 'my--label': 'x', empty: '', é: 'y' };
  const [seen] = shown('last_seen', running({}, { identity: { ...identity, image, labels } }));
  assert.deepEqual(seen, {
    value: 20,
    startedAt: undefined,
    attributes: {
      id: `/docker/${'c'.repeat(64)}`,
      name: 'web',
      image: 'nginx:1.27',
      container_label_a_b: 'first',
      container_label_my__label: 'x',
      container_label__: 'y',
    },
  });
});

test('series of a container are labelled anew when its identity changes', () => {
  const idOf = (snapshot: ContainerSnapshot) => shown('last_seen', snapshot)[0]?.attributes['id'];
  assert.equal(idOf(running({})), `/docker/${identity.id}`);
  const systemd = { ...identity, cgroupPath: `/system.slice/docker-${identity.id}.scope` };
  assert.equal(idOf(running({}, { identity: systemd })), systemd.cgroupPath);
  const { cgroupPath: _unknown, ...unknown } = identity;
  assert.equal(idOf(running({}, { identity: unknown })), `/${identity.id}`);
});

test('thousands of labels are not repeated on thousands of series', () => {
  const labels = Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`label.${index}`, 'value']));
  const serviceBytes = Array.from({ length: 10_000 }, (_, minor) => {
    return { major: 8, minor, operation: 'read', value: 1 };
  });
  const snapshot = running({ blockIo: { serviceBytes } }, { identity: { ...identity, labels } });
  assert.equal(Object.keys(shown('last_seen', snapshot)[0]?.attributes ?? {}).length, 2002);
  const devices = shown('fs_reads_bytes_total', snapshot);
  assert.equal(devices.length, 10_000);
  assert.deepEqual(Object.keys(devices[0]?.attributes ?? {}), ['id', 'name', 'device']);
});

test('a container is shown while it has a cgroup, and not at all without one', () => {
  const count = (status: ContainerStatus): number =>
    containers.flatMap((each) => observationsOf(each, snapshotWith({ state: { status } }))).length;
  for (const status of ['created', 'restarting', 'removing', 'exited', 'dead'] as const)
    assert.equal(count(status), 0, status);
  for (const status of ['running', 'paused'] as const) assert.ok(count(status) > 5, status);
});

test('recorded, cgroup v1: every CPU, the hierarchy’s memory, devices by operation', () => {
  const snapshot = snapshotFrom(recordedAnswers('cgroup_v1', 'io_writer'));
  const stats = JSON.parse(recordedText('cgroup_v1/io_writer/stats.json'));
  const perCpu: number[] = stats.cpu_stats.cpu_usage.percpu_usage;
  const cpus = perCpu.flatMap((nanos, index) =>
    nanos > 0 ? [[`cpu${String(index).padStart(2, '0')}`, nanos / 1e9]] : [],
  );
  assert.deepEqual(series('cpu_usage_seconds_total', snapshot, 'cpu'), Object.fromEntries(cpus));
  const memory = stats.memory_stats;
  assert.deepEqual(valuesOf('memory_rss', snapshot), [memory.stats.total_rss]);
  assert.deepEqual(valuesOf('memory_cache', snapshot), [memory.stats.total_cache]);
  assert.deepEqual(valuesOf('memory_failcnt', running({ memory: { failures: 3, stats: {} } })), [3]);
  assert.deepEqual(valuesOf('memory_max_usage_bytes', snapshot), [memory.max_usage]);
  assert.deepEqual(valuesOf('memory_working_set_bytes', snapshot), [
    memory.usage - memory.stats.total_inactive_file,
  ]);
  assert.deepEqual(series('blkio_device_usage_total', snapshot, 'device', 'major', 'minor', 'operation'), {
    '254:0 254 0 Read': 178307072,
    '254:0 254 0 Write': 347385856,
    '254:0 254 0 Sync': 703950848,
    '254:0 254 0 Async': 166526976,
    '254:0 254 0 Discard': 344784896,
    '254:0 254 0 Total': 870477824,
  });
  assert.deepEqual(series('fs_reads_bytes_total', snapshot, 'device'), { '254:0': 178307072 });
  assert.deepEqual(series('fs_reads_total', snapshot, 'device'), { '254:0': 2726 });
  assert.deepEqual(valuesOf('spec_cpu_shares', snapshot), [512]);
  assert.deepEqual(valuesOf('spec_memory_reservation_limit_bytes', snapshot), [33554432]);
});

test('recorded, cgroup v2: CPU in total, a quota from --cpus, throttling in seconds, limits', () => {
  const snapshot = snapshotFrom(recordedAnswers('cgroup_v2_api_1.56', 'cpu_throttled'));
  const stats = JSON.parse(recordedText('cgroup_v2_api_1.56/cpu_throttled/stats.json'));
  const { total_usage: total } = stats.cpu_stats.cpu_usage;
  assert.deepEqual(series('cpu_usage_seconds_total', snapshot, 'cpu'), { total: total / 1e9 });
  const { throttled_time: throttled, periods } = stats.cpu_stats.throttling_data;
  assert.deepEqual(valuesOf('cpu_cfs_throttled_seconds_total', snapshot), [throttled / 1e9]);
  assert.deepEqual(valuesOf('cpu_cfs_periods_total', snapshot), [periods]);
  assert.deepEqual(valuesOf('spec_cpu_quota', snapshot), [20_000]);
  assert.deepEqual(valuesOf('spec_cpu_period', snapshot), [100_000]);
  assert.deepEqual(valuesOf('spec_memory_limit_bytes', snapshot), [67108864]);
  assert.deepEqual(valuesOf('spec_memory_swap_limit_bytes', snapshot), [0]);
  assert.deepEqual(valuesOf('threads_max', snapshot), [50]);
  assert.deepEqual(valuesOf('threads', snapshot), [3]);
  const keys = stats.memory_stats.stats;
  assert.deepEqual(series('memory_failures_total', snapshot, 'failure_type', 'scope'), {
    'pgfault container': keys.pgfault,
    'pgfault hierarchy': keys.pgfault,
    'pgmajfault container': keys.pgmajfault,
    'pgmajfault hierarchy': keys.pgmajfault,
  });
  assert.deepEqual(valuesOf('memory_mapped_file', snapshot), [keys.file_mapped]);
  assert.deepEqual(valuesOf('memory_file_dirty_bytes', snapshot), [keys.file_dirty]);
  assert.deepEqual(valuesOf('memory_pgscan_total', snapshot), [keys.pgscan]);
  assert.deepEqual(valuesOf('memory_failcnt', snapshot), []);
  assert.deepEqual(valuesOf('memory_max_usage_bytes', snapshot), []);
});

test('without a quota there is no throttling, as cAdvisor has it; without a limit its limits are 0', () => {
  const snapshot = snapshotFrom(recordedAnswers('cgroup_v2', 'idle'));
  for (const name of ['spec_cpu_quota', 'cpu_cfs_periods_total', 'cpu_cfs_throttled_seconds_total'])
    assert.deepEqual(valuesOf(name, snapshot), [], name);
  for (const name of ['spec_memory_limit_bytes', 'spec_memory_swap_limit_bytes', 'threads_max'])
    assert.deepEqual(valuesOf(name, snapshot), [0], name);
  assert.deepEqual(valuesOf('spec_cpu_shares', snapshot), [1024]);
});

test('a limit of tasks that is not known is absent; the sample’s counts where there is one', () => {
  const threadsMax = (limit?: number): readonly number[] =>
    valuesOf(
      'threads_max',
      running(
        { pids: { current: 3, ...(limit !== undefined && { limit }) } },
        { limits: { unknown: ['pids'] } },
      ),
    );
  assert.deepEqual(threadsMax(), []);
  assert.deepEqual(threadsMax(9), [9]);
});

test('more inactive cache than usage leaves a working set of 0; no cache to subtract leaves none', () => {
  const workingSet = (stats: Record<string, number>): readonly number[] =>
    valuesOf('memory_working_set_bytes', running({ memory: { usage: 10, stats } }));
  assert.deepEqual(workingSet({ inactive_file: 11 }), [0]);
  assert.deepEqual(workingSet({ inactive_file: 4, total_inactive_file: 3 }), [7]);
  assert.deepEqual(workingSet({}), []);
});

test('swap is counted with memory on cgroup v1 and alone on v2', () => {
  const limits = { memoryBytes: 100, memorySwapBytes: 250 };
  const swap = (cgroupVersion: number): readonly number[] =>
    valuesOf(
      'spec_memory_swap_limit_bytes',
      running({}, { limits, runtime: { ...dockerRuntime, cgroupVersion } }),
    );
  assert.deepEqual([swap(1), swap(2)], [[250], [150]]);
});

test('networks by interface, each since its own start; those of another container with their owner', () => {
  const networks = [{ name: 'eth0', receivedBytes: 1, transmittedDropped: 2 }, { name: 'eth1' }];
  const starts = { of: (group: string) => (group === 'network eth0' ? 7000 : 1) };
  const own = running({ networks }, { starts });
  const [received, ...more] = shown('network_receive_bytes_total', own);
  assert.deepEqual([received?.value, received?.attributes['interface'], more], [1, 'eth0', []]);
  assert.equal(received?.startedAt, 7000);
  assert.deepEqual(series('network_transmit_packets_dropped_total', own, 'interface'), { eth0: 2 });
  const joined = running({ networks }, { sharedNetwork: { ownerId: 'abc', isCountedHere: false } });
  assert.deepEqual(shown('network_receive_bytes_total', joined), []);
});

test('health: 1 healthy, 0 starting or unhealthy, -1 without a check', () => {
  const health = (state: object): readonly number[] =>
    valuesOf('health_state', snapshotWith({ state: { status: 'running', ...state } }));
  assert.deepEqual(health({ health: 'healthy' }), [1]);
  assert.deepEqual(health({ health: 'unhealthy' }), [0]);
  assert.deepEqual(health({ health: 'starting' }), [0]);
  assert.deepEqual(health({}), [-1]);
});

test('times are whole seconds; a container that never started began when it was made', () => {
  const made = { ...identity, createdAt: 1_700_000_000_999 };
  const parts = { identity: made, state: { status: 'running' as const, startedAt: 1_700_000_100_500 } };
  assert.deepEqual(valuesOf('creation_time_seconds', snapshotWith(parts)), [1_700_000_000]);
  assert.deepEqual(valuesOf('start_time_seconds', snapshotWith(parts)), [1_700_000_100]);
  const unstarted = { ...parts, state: { status: 'running' as const } };
  assert.deepEqual(valuesOf('start_time_seconds', snapshotWith(unstarted)), [1_700_000_000]);
});

test('Windows: CPU time from ticks of 100 ns', () => {
  const cpu = { totalNanos: 25_000_000, userNanos: 10_000_000, kernelNanos: 15_000_000 };
  const snapshot = running({ windows: true, cpu });
  assert.deepEqual(series('cpu_usage_seconds_total', snapshot, 'cpu'), { total: 2.5 });
  assert.deepEqual(valuesOf('cpu_user_seconds_total', snapshot), [1]);
  assert.deepEqual(valuesOf('cpu_system_seconds_total', snapshot), [1.5]);
});

test('the host: CPUs and memory as the runtime gives them, and whether it answers', () => {
  const described = { ...dockerRuntime, cpus: 4, memoryBytes: 8 };
  const values = (parts: object) =>
    runtime.flatMap((each) => observationsOf(each, runtimeSnapshot(parts)).map(({ value }) => value));
  // The last but one is the information on versions.
  assert.deepEqual(values({ runtime: described, containerCount: 3 }), [4, 8, 1, 0]);
  assert.deepEqual(values({}), [1]);
});
