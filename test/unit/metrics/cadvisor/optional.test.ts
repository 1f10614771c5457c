import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cadvisorOptional } from '../../../../src/metrics/cadvisor/optional.ts';
import { catalogueOf, neededParts, profiles } from '../../../../src/metrics/catalogue.ts';
import type { Sample } from '../../../../src/model/sample.ts';
import type { ContainerSnapshot } from '../../../../src/model/snapshot.ts';
import { observationsOf, snapshotWith } from '../observed.ts';

/** The series of a metric, by its name without `container_`, by its own label. */
function series(name: string, sample: Partial<Sample>, parts: Partial<ContainerSnapshot> = {}) {
  const instrument = profiles.cadvisor.containers.find((each) => each.name === `container_${name}`);
  assert.ok(instrument, name);
  const state = { status: 'running' as const };
  const snapshot = snapshotWith({ state, sample: { takenAt: 1, windows: false, ...sample }, ...parts });
  return observationsOf(instrument, snapshot).map(({ value, attributes }) => {
    const { id: _id, name: _name, ...own } = attributes;
    return [value, own];
  });
}

test('off by default, each with the part that it needs; their files are read where one is on', () => {
  for (const each of cadvisorOptional) {
    assert.equal(each.offByDefault, true, each.name);
    const parts = neededParts({ containers: [each], runtime: [] });
    assert.deepEqual([...parts], [each.stampedBy], each.name);
  }
  assert.deepEqual([...neededParts(catalogueOf(['cadvisor']))], ['pressure']);
  assert.deepEqual([...neededParts(catalogueOf(['semconv']))], ['pressure']);
  assert.deepEqual([...neededParts(catalogueOf(['docker_stats']))], []);
  const switched = new Map([['container_sockets', true]]);
  assert.deepEqual([...neededParts(catalogueOf(['cadvisor'], switched))], ['pressure', 'descriptors']);
});

test('huge pages by size, pages by node, and whether memory moves', () => {
  const hugePages = [{ pageSize: '2MB', usage: 4, failures: 1 }];
  assert.deepEqual(series('hugetlb_usage_bytes', { hugePages }), [[4, { pagesize: '2MB' }]]);
  assert.deepEqual(series('hugetlb_failcnt', { hugePages }), [[1, { pagesize: '2MB' }]]);
  assert.deepEqual(series('hugetlb_max_usage_bytes', { hugePages }), []);
  const numa = [{ type: 'anon', scope: 'container', node: '0', pages: 3, bytes: 12_288 }] as const;
  assert.deepEqual(series('memory_numa_pages', { numa }), [
    [3, { type: 'anon', scope: 'container', node: '0' }],
  ]);
  assert.deepEqual(series('memory_migrate', { migratesMemory: true }), [[1, {}]]);
  assert.deepEqual(series('memory_migrate', {}), []);
});

test('processes, descriptors and limits', () => {
  const process = { processes: 2, fileDescriptors: 9, sockets: 3, maxOpenFiles: Infinity };
  assert.deepEqual(series('processes', { process }), [[2, {}]]);
  assert.deepEqual(series('file_descriptors', { process }), [[9, {}]]);
  assert.deepEqual(series('sockets', { process }), [[3, {}]]);
  assert.deepEqual(series('ulimits_soft', { process }), [[-1, { ulimit: 'max_open_files' }]]);
  const taskStates = new Map([['D', 4]]);
  assert.deepEqual(series('tasks_state', { process: { taskStates } }), [
    [0, { state: 'sleeping' }],
    [0, { state: 'running' }],
    [0, { state: 'stopped' }],
    [4, { state: 'uninterruptible' }],
  ]);
  for (const name of ['processes', 'file_descriptors', 'sockets', 'ulimits_soft', 'tasks_state'])
    assert.deepEqual(series(name, { process: {} }), [], name);
});

test('sockets by cAdvisor’s words, once for a network that several containers share', () => {
  const udp = { sockets: 2, dropped: 1, receiveQueueBytes: 7, transmitQueueBytes: 0 };
  const process = { ipv4: { tcp: new Map([[10, 3]]), udp }, ipv6: { tcp: new Map([[1, 5]]) } };
  const listening = series('network_tcp_usage_total', { process }).filter(([value]) => value !== 0);
  assert.deepEqual(listening, [[3, { tcp_state: 'listen' }]]);
  assert.equal(series('network_tcp6_usage_total', { process }).length, 11);
  assert.deepEqual(series('network_udp_usage_total', { process }), [
    [2, { udp_state: 'listen' }],
    [1, { udp_state: 'dropped' }],
    [7, { udp_state: 'rxqueued' }],
    [0, { udp_state: 'txqueued' }],
  ]);
  assert.deepEqual(series('network_udp6_usage_total', { process }), []);
  const shared = { sharedNetwork: { ownerId: 'x', isCountedHere: true } };
  assert.deepEqual(series('network_tcp_usage_total', { process }, shared), []);
});

test('I/O cost is in microseconds', () => {
  const entry = { major: 8, minor: 0, device: 'sda', operation: '', value: 1_500_000 };
  assert.deepEqual(series('fs_io_cost_wait_seconds_total', { blockIo: { costWait: [entry] } }), [
    [1.5, { device: '/dev/sda' }],
  ]);
});
