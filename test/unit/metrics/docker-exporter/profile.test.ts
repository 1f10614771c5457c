import assert from 'node:assert/strict';
import { test } from 'node:test';
import { profiles } from '../../../../src/metrics/catalogue.ts';
import { DockerExporterInstruments } from '../../../../src/self-metrics/docker-exporter-instruments.ts';
import { profileRows } from '../../../../src/metrics/listing.ts';
import { containerStatuses, type ContainerStatus } from '../../../../src/model/container.ts';
import type { Sample } from '../../../../src/model/sample.ts';
import type { ContainerSnapshot } from '../../../../src/model/snapshot.ts';
import {} from '../../../support/wire/recorded-cases.ts';
import { boundariesOf, collecting, pointsOf, typeOf } from '../../../support/wire/collected.ts';
import {
  runtimeSnapshot,
  valuesOf,
  observationsOf,
  recordedAnswers,
  snapshotFrom,
  snapshotWith,
} from '../observed.ts';

const { containers, runtime, oneRuntimeOnly } = profiles.docker_exporter;

/** prometheus-net/docker_exporter's own list, by its source (c6d0132b). */
const ofContainers = {
  docker_container_cpu_used_total: 'gauge',
  docker_container_cpu_capacity_total: 'gauge',
  docker_container_memory_used_bytes: 'gauge',
  docker_container_network_in_bytes: 'gauge',
  docker_container_network_out_bytes: 'gauge',
  docker_container_disk_read_bytes: 'gauge',
  docker_container_disk_write_bytes: 'gauge',
  docker_container_restart_count: 'gauge',
  docker_container_running_state: 'gauge',
  docker_container_start_time_seconds: 'gauge',
  docker_probe_container_failed_total: 'counter',
} as const;

const ofRuntime = { docker_containers: 'gauge', docker_probe_successfully_completed_time: 'gauge' } as const;

const histograms = [
  'docker_probe_duration_seconds',
  'docker_probe_list_containers_duration_seconds',
  'docker_probe_inspect_duration_seconds',
  'docker_probe_stats_duration_seconds',
];

const counters = ['docker_probe_list_containers_failed_total', 'docker_probe_inline_timeouts_total'];

/** One value of a container, by the metric's name without `docker_container_`. */
function valueOf(name: string, parts: Partial<ContainerSnapshot>): number | undefined {
  const found = valuesOf(snapshotWith(parts), ['docker_exporter']);
  return found.get(`docker_container_${name}{"name":"web"}`);
}

function running(sample: Partial<Sample>): Partial<ContainerSnapshot> {
  return { state: { status: 'running' }, sample: { takenAt: 20_000, windows: false, ...sample } };
}

test('names, types and labels are the peer’s, all of them and no other', () => {
  assert.equal(oneRuntimeOnly, true);
  assert.deepEqual(
    Object.fromEntries(containers.map(({ name, literal }) => [name, literal?.type])),
    ofContainers,
  );
  for (const { name, attributes, kind, literal } of containers) {
    assert.deepEqual(attributes, ['name'], name);
    assert.equal(kind, literal?.type, name);
  }
  assert.deepEqual(Object.fromEntries(runtime.map(({ name, literal }) => [name, literal?.type])), ofRuntime);
  for (const { name, attributes } of runtime) assert.deepEqual(attributes, [], name);
});

test('the list of metrics has what the peer has of itself, too', () => {
  const rows = profileRows(['docker_exporter']).filter(({ name }) => name.startsWith('docker_'));
  const own = [
    ...counters.map((name) => [name, 'counter']),
    ...histograms.map((name) => [name, 'histogram']),
  ];
  assert.deepEqual(Object.fromEntries(rows.map(({ name, kind }) => [name, kind])), {
    ...ofContainers,
    ...ofRuntime,
    ...Object.fromEntries(own),
  });
  for (const { exposedName, name, isOn } of rows) assert.deepEqual([exposedName, isOn], [name, true]);
});

test('recorded: the figures of a container that runs', () => {
  const found = valuesOf(snapshotFrom(recordedAnswers('cgroup_v1', 'io_writer')), ['docker_exporter']);
  const label = '{"name":"io_writer"}';
  const expected = {
    docker_container_cpu_used_total: 767273600,
    docker_container_cpu_capacity_total: 13925390000000,
    docker_container_memory_used_bytes: 3104768,
    docker_container_network_in_bytes: 30264,
    docker_container_network_out_bytes: 29302,
    docker_container_disk_read_bytes: 178307072,
    docker_container_disk_write_bytes: 347385856,
    docker_container_restart_count: 0,
    docker_container_running_state: 1,
    docker_probe_container_failed_total: 0,
  };
  for (const [name, value] of Object.entries(expected)) assert.equal(found.get(name + label), value, name);
  const started = found.get(`docker_container_start_time_seconds${label}`);
  assert.equal(new Date((started ?? 0) * 1000).getUTCFullYear(), 2026);
});

test('recorded: of a container that ended the restarts and the state remain', () => {
  const answers = recordedAnswers('cgroup_v2', 'oom_exited', false);
  const label = '{"name":"oom_exited"}';
  assert.deepEqual(
    [...valuesOf(snapshotFrom(answers), ['docker_exporter'])],
    [
      [`docker_container_restart_count${label}`, 0],
      [`docker_container_running_state${label}`, 0],
      [`docker_probe_container_failed_total${label}`, 0],
    ],
  );
});

test('the running state is 1, 0.5 or 0', () => {
  const stateOf = (status: ContainerStatus) => valueOf('running_state', { state: { status } });
  const states = containerStatuses.map((status) => [status, stateOf(status)]);
  assert.deepEqual(Object.fromEntries(states), {
    created: 0,
    running: 1,
    paused: 0,
    restarting: 0.5,
    removing: 0,
    exited: 0,
    dead: 0,
  });
  assert.equal(valueOf('running_state', {}), undefined);
});

test('no network and no disk counted are 0 while a container runs, as the peer has it', () => {
  for (const name of ['network_in_bytes', 'network_out_bytes', 'disk_read_bytes', 'disk_write_bytes']) {
    assert.equal(valueOf(name, running({})), 0, name);
    assert.equal(valueOf(name, { state: { status: 'exited' } }), undefined, name);
  }
});

test('interfaces and devices are summed up; a sum that lacks a term is absent', () => {
  const networks = [
    { name: 'eth0', receivedBytes: 1, transmittedBytes: 2 },
    { name: 'eth1', receivedBytes: 10 },
  ];
  assert.equal(valueOf('network_in_bytes', running({ networks })), 11);
  assert.equal(valueOf('network_out_bytes', running({ networks })), undefined);
  const entry = (minor: number, operation: string, value: number) => ({ major: 8, minor, operation, value });
  const serviceBytes = [entry(0, 'read', 1), entry(1, 'read', 2), entry(0, 'sync', 9)];
  assert.equal(valueOf('disk_read_bytes', running({ blockIo: { serviceBytes } })), 3);
  assert.equal(valueOf('disk_write_bytes', running({ blockIo: { serviceBytes } })), undefined);
});

test('nothing is 0 of which nothing is known', () => {
  const unknown = running({ unknown: ['networks', 'blockIo'] });
  for (const name of ['network_in_bytes', 'network_out_bytes', 'disk_read_bytes', 'disk_write_bytes'])
    assert.equal(valueOf(name, unknown), undefined, name);
  assert.equal(valueOf('disk_read_bytes', running({ windows: true, storage: { writeBytes: 1 } })), undefined);
});

test('Windows: ticks by processor, capacity by the clock, its own storage counters', () => {
  const windows = {
    windows: true,
    processors: 4,
    cpu: { totalNanos: 100 },
    storage: { readBytes: 5, writeBytes: 6 },
  };
  const parts = { ...running(windows), state: { status: 'running' as const, startedAt: 19_000 } };
  assert.equal(valueOf('cpu_used_total', parts), 25);
  assert.equal(valueOf('cpu_capacity_total', parts), 10_000_000);
  assert.equal(valueOf('disk_read_bytes', parts), 5);
  assert.equal(valueOf('disk_write_bytes', parts), 6);
  const later = { ...parts, state: { status: 'running' as const, startedAt: 30_000 } };
  assert.equal(valueOf('cpu_capacity_total', later), undefined);
});

test('the start time is there only while it runs', () => {
  const startedAt = 1_700_000_000_500;
  assert.equal(valueOf('start_time_seconds', { state: { status: 'running', startedAt } }), 1_700_000_000.5);
  assert.equal(valueOf('start_time_seconds', { state: { status: 'exited', startedAt } }), undefined);
});

test('containers and the last success are absent until they are known', () => {
  const values = (parts: object) =>
    runtime.flatMap((each) => observationsOf(each, runtimeSnapshot(parts)).map(({ value }) => value));
  assert.deepEqual(values({}), []);
  assert.deepEqual(values({ containerCount: 0, lastSuccess: 2500 }), [0, 2.5]);
});

test('its own metrics, through the SDK: counters from 0, histograms in its fourteen buckets', async () => {
  const { meter, collect, shutdown } = collecting();
  const instruments = new DockerExporterInstruments(meter);
  const before = await collect();
  for (const name of counters) assert.deepEqual(pointsOf(before.get(name)), [[0, {}]], name);
  instruments.probeEnded('e', 2);
  instruments.callEnded('e', 'list', 0.25, 'timeout');
  instruments.callEnded('e', 'list', 0.25);
  instruments.callEnded('e', 'inspect', 1, 'runtime-error');
  instruments.callEnded('e', 'stats', 3);
  instruments.inlineTimedOut();
  const after = await collect();
  assert.deepEqual([...after.keys()].sort(), [...counters, ...histograms].sort());
  for (const name of counters) {
    assert.deepEqual(pointsOf(after.get(name)), [[1, {}]], name);
    assert.equal(typeOf(after.get(name)), 'counter');
  }
  const recorded = [
    [1, 2],
    [2, 0.5],
    [1, 1],
    [1, 3],
  ];
  for (const [index, name] of histograms.entries()) {
    assert.deepEqual(pointsOf(after.get(name)), [[recorded[index], {}]], name);
    const bounds = boundariesOf(after.get(name)) ?? [];
    assert.deepEqual([bounds.length, bounds[0], bounds[1], bounds[13]], [14, 0.5, 0.75, 0.5 * 1.5 ** 13]);
    assert.equal(after.get(name)?.descriptor.unit, '');
  }
  await shutdown();
});
