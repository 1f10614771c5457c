import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withCadvisorOptions, cadvisorDefaults } from '../../../../src/metrics/cadvisor/options.ts';
import { catalogueOf, hostNeeds, profiles } from '../../../../src/metrics/catalogue.ts';
import { AttributeCache } from '../../../../src/model/instrument.ts';
import type { ContainerInstrument } from '../../../../src/model/instrument.ts';
import type { CgroupSnapshot } from '../../../../src/model/snapshot.ts';
import { kernelMeasured } from '../kernel-measured.ts';
import { observationsOf, runtime, runtimeSnapshot } from '../observed.ts';

const { containers } = profiles.cadvisor;

/** A cgroup with the usage of a recorded container. */
function cgroup(parts: Partial<CgroupSnapshot> = {}): CgroupSnapshot {
  const { sample, starts, stateAt } = kernelMeasured('cgroup_v2', 'io_writer');
  assert.ok(sample);
  const own = { owner: {}, path: '/', identity: { createdAt: 5000 }, limits: {}, state: {} };
  return { ...own, runtime, sample, starts, stateAt, ...parts };
}

/** The series of a cgroup by the name of their metric without `container_`. */
function shown(of: CgroupSnapshot, instruments: readonly ContainerInstrument[] = containers) {
  const series = new Map<string, { value: number; labels: object }[]>();
  for (const instrument of instruments)
    instrument.observeCgroup?.(
      of,
      (value, labels = {}) => {
        const key = instrument.name.replace('container_', '');
        series.set(key, [...(series.get(key) ?? []), { value, labels }]);
      },
      new AttributeCache(),
    );
  return series;
}

test('a cgroup has the figures of a container, and its path as the only label', () => {
  const found = shown(cgroup({ path: '/system.slice' }));
  assert.deepEqual(found.get('memory_usage_bytes')?.[0]?.labels, { id: '/system.slice' });
  for (const name of [
    'cpu_usage_seconds_total',
    'memory_working_set_bytes',
    'fs_reads_bytes_total',
    'threads',
  ])
    assert.ok(found.has(name), name);
  assert.deepEqual(found.get('start_time_seconds'), [{ value: 5, labels: { id: '/system.slice' } }]);
  assert.deepEqual(found.get('spec_memory_limit_bytes')?.[0]?.value, 0);
  assert.equal(found.get('health_state')?.[0]?.value, -1);
});

test('the root has each file system of the host', () => {
  const filesystem = { device: '/dev/sda1', capacityBytes: 100, availableBytes: 50 };
  const found = shown(cgroup({ filesystems: [{ usageBytes: 40, filesystem }] }));
  assert.deepEqual(found.get('fs_usage_bytes'), [{ value: 40, labels: { id: '/', device: '/dev/sda1' } }]);
  assert.deepEqual(found.get('fs_limit_bytes')?.[0]?.value, 100);
  assert.equal(shown(cgroup()).has('fs_usage_bytes'), false);
});

test('options of the profile hold for cgroups, too', () => {
  const sample = { takenAt: 1, windows: false, cpu: { totalNanos: 3e9, perCpuNanos: [1e9, 2e9] } };
  const whole = withCadvisorOptions(containers, { ...cadvisorDefaults, perCpu: false });
  const usage = (instruments: readonly ContainerInstrument[]) =>
    shown(cgroup({ sample }), instruments)
      .get('cpu_usage_seconds_total')
      ?.map(({ labels }) => labels);
  assert.deepEqual(usage(whole), [{ id: '/', cpu: 'total' }]);
  assert.deepEqual(usage(containers), [
    { id: '/', cpu: 'cpu00' },
    { id: '/', cpu: 'cpu01' },
  ]);
});

test('the conventions know no other cgroups, and no other profile shows any', () => {
  for (const name of ['semconv', 'docker_stats', 'docker_exporter'] as const)
    for (const each of profiles[name].containers) assert.equal('observeCgroup' in each, false, each.name);
  assert.deepEqual(hostNeeds(catalogueOf(['semconv']), 'slices'), { machine: false, cgroups: 'none' });
  assert.deepEqual(
    hostNeeds(catalogueOf(['semconv', 'cadvisor'], new Map([['container.start_time', false]])), 'root'),
    {
      machine: true,
      cgroups: 'root',
    },
  );
});

/** The values of a metric of the host with their labels. */
function ofHost(name: string, parts: Parameters<typeof runtimeSnapshot>[0]) {
  const instrument = profiles.cadvisor.runtime.find((each) => each.name === name);
  assert.ok(instrument, name);
  return observationsOf(instrument, runtimeSnapshot(parts)).map(({ value, attributes }) => [
    value,
    attributes,
  ]);
}

test('the machine by its own files, with its ids; by the runtime where these are not known to be its', () => {
  const described = { ...runtime, cpus: 8, memoryBytes: 16 };
  const nodes = [{ id: '0', memoryBytes: 512, hugePages: new Map([['2048', 7]]), distances: [10, 20] }];
  const machine = { machineId: 'm', bootId: 'b', logicalCpus: 4, physicalCores: 2, memoryBytes: 8, nodes };
  const ids = { machine_id: 'm', boot_id: 'b' };
  const both = { runtime: described, machine };
  assert.deepEqual(ofHost('machine_cpu_cores', both), [[4, ids]]);
  assert.deepEqual(ofHost('machine_cpu_physical_cores', both), [[2, ids]]);
  assert.deepEqual(ofHost('machine_memory_bytes', both), [[8, ids]]);
  assert.deepEqual(ofHost('machine_scrape_error', both), [[0, {}]]);
  assert.deepEqual(ofHost('machine_swap_bytes', both), []);
  assert.deepEqual(ofHost('machine_node_memory_capacity_bytes', both), [[512, { ...ids, node_id: '0' }]]);
  assert.deepEqual(ofHost('machine_node_hugepages_count', both), [
    [7, { ...ids, node_id: '0', page_size: '2048' }],
  ]);
  assert.deepEqual(ofHost('machine_node_distance', both), [
    [10, { ...ids, node_id: '0', target_node_id: '0' }],
    [20, { ...ids, node_id: '0', target_node_id: '1' }],
  ]);
  assert.deepEqual(ofHost('machine_cpu_cores', { runtime: described }), [[8, {}]]);
  assert.deepEqual(ofHost('machine_cpu_sockets', { runtime: described }), []);
});

test('versions of kernel, system and runtime', () => {
  const described = { ...runtime, kernelVersion: '6.1', operatingSystem: 'Debian' };
  assert.deepEqual(ofHost('cadvisor_version_info', { runtime: described, containerCount: 0 }), [
    [1, { kernelVersion: '6.1', osVersion: 'Debian', dockerVersion: '28.0.0' }],
  ]);
  assert.deepEqual(ofHost('cadvisor_version_info', { runtime: described }), []);
});
