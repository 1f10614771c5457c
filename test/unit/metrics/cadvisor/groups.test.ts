import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cadvisorGroupNames } from '../../../../src/config/settings/names.ts';
import { groupOf } from '../../../../src/metrics/cadvisor/options.ts';
import { profiles } from '../../../../src/metrics/catalogue.ts';

/** What cAdvisor shows whatever groups are on; the rest of `machine_*` is the host's description. */
const always =
  /^(?:cadvisor_version_info|container_(?:last_seen|health_state|creation_time_seconds|start_time_seconds|spec_\w+|scrape_error)|machine_(?!cpu_cache_|thread_|node_)\w+)$/;

test('every metric of profile cadvisor is in a group of cAdvisor’s, or always there', () => {
  const { containers, runtime } = profiles.cadvisor;
  for (const { name } of [...containers, ...runtime])
    assert.equal(groupOf(name) === undefined, always.test(name), name);
});

test('a group is one that the settings name, and each has metrics but those that are options', () => {
  const { containers } = profiles.cadvisor;
  const found = new Set(containers.map(({ name }) => groupOf(name)).filter((group) => group !== undefined));
  const without = cadvisorGroupNames.filter((name) => !found.has(name));
  assert.deepEqual(without, ['app', 'cpu_topology', 'percpu']);
  for (const group of found)
    assert.ok(
      cadvisorGroupNames.some((name) => name === group),
      group,
    );
});

for (const [name, group] of [
  ['container_cpu_usage_seconds_total', 'cpu'],
  ['container_cpu_schedstat_run_seconds_total', 'sched'],
  ['container_tasks_state', 'cpuLoad'],
  ['container_memory_migrate', 'cpuset'],
  ['container_memory_bandwidth_local_bytes', 'resctrl'],
  ['container_memory_failcnt', 'memory'],
  ['container_fs_usage_bytes', 'disk'],
  ['container_fs_writes_bytes_total', 'diskIO'],
  ['container_network_tcp6_usage_total', 'tcp'],
  ['container_network_receive_bytes_total', 'network'],
  ['container_threads_max', 'process'],
] as const)
  test(`${name} is in ${group}`, () => assert.equal(groupOf(name), group));
