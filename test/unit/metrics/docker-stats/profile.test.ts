import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { catalogueOf, profiles, resourceOf, wholeCatalogue } from '../../../../src/metrics/catalogue.ts';
import type { Sample } from '../../../../src/model/sample.ts';
import type { ContainerSnapshot } from '../../../../src/model/snapshot.ts';
import { prometheusName } from '../../../../src/metrics/prometheus-names.ts';
import {
  captures,
  needsPeerCases,
  recordedContainers,
  recordedText,
  runningContainers,
} from '../../../support/wire/recorded-cases.ts';
import { identity, observationsOf, recordedAnswers, snapshotFrom, snapshotWith } from '../observed.ts';

const { containers } = profiles.docker_stats;

/** Every value of a container by metric and attributes, including metrics that are off by default. */
function values(snapshot: ContainerSnapshot): Map<string, number> {
  return new Map(
    containers.flatMap((instrument) =>
      observationsOf(instrument, snapshot).map(({ value, attributes }) => {
        const suffix = Object.keys(attributes).length > 0 ? JSON.stringify(attributes) : '';
        return [`${instrument.name}${suffix}`, value] as const;
      }),
    ),
  );
}

function running(sample: Partial<Sample>, parts: Partial<ContainerSnapshot> = {}): ContainerSnapshot {
  const state = { status: 'running' as const, restartCount: 2, startedAt: 1000 };
  return snapshotWith({ state, sample: { takenAt: 20_000, windows: false, ...sample }, ...parts });
}

test('the receiver’s metrics, all 71 and its newest, 14 of them on', needsPeerCases, () => {
  const all = Object.keys(parse(recordedText('docker_stats/all-metrics-config.yaml')).all_set.metrics);
  assert.equal(all.length, 71);
  assert.deepEqual(
    containers.map(({ name }) => name).toSorted(),
    [...all, 'container.state.health.status'].toSorted(),
  );
  assert.equal(
    catalogueOf(['docker_stats']).containers.filter(({ stability }) => stability === 'peer').length,
    14,
  );
});

test('what is on by default has the names of the Collector’s Prometheus exporter', () => {
  const on = containers.filter(({ offByDefault }) => !offByDefault);
  assert.deepEqual(on.map((each) => prometheusName(each).name).toSorted(), [
    'container_blockio_io_service_bytes_recursive_total',
    'container_cpu_usage_kernelmode_nanoseconds_total',
    'container_cpu_usage_nanoseconds_total',
    'container_cpu_usage_usermode_nanoseconds_total',
    'container_cpu_utilization_ratio',
    'container_memory_file_bytes',
    'container_memory_percent_ratio',
    'container_memory_total_cache_bytes',
    'container_memory_usage_limit_bytes',
    'container_memory_usage_total_bytes',
    'container_network_io_usage_rx_bytes_total',
    'container_network_io_usage_rx_dropped_total',
    'container_network_io_usage_tx_bytes_total',
    'container_network_io_usage_tx_dropped_total',
  ]);
});

test('recorded: counters have a start, everything else has none, attributes are as declared', () => {
  const snapshots = captures.flatMap((capture) =>
    runningContainers(capture).map((name) => snapshotFrom(recordedAnswers(capture, name))),
  );
  for (const instrument of containers) {
    for (const { value, attributes, startedAt } of snapshots.flatMap((each) =>
      observationsOf(instrument, each),
    )) {
      assert.ok(Number.isFinite(value) && value >= 0, instrument.name);
      assert.equal(startedAt !== undefined, instrument.kind === 'counter', instrument.name);
      assert.deepEqual(Object.keys(attributes).toSorted(), instrument.attributes.toSorted(), instrument.name);
    }
  }
});

test('recorded: a container that does not run has no figure', () => {
  for (const capture of captures) {
    assert.ok(recordedContainers(capture).includes('oom_exited'));
    assert.deepEqual([...values(snapshotFrom(recordedAnswers(capture, 'oom_exited', false))).keys()], []);
  }
});

test('the percentage of CPU is since our own sample, else since the answer’s; a first live one has none', () => {
  const cpu = { totalNanos: 3e9, systemNanos: 40e9, onlineCpus: 4 };
  const before = { totalNanos: 1e9, systemNanos: 20e9 };
  const percent = (parts: Partial<ContainerSnapshot>, sample: Partial<Sample> = {}) =>
    values(running({ cpu, readAt: 20_000, ...sample }, parts)).get('container.cpu.utilization');
  const previous = { takenAt: 10_000, windows: false, cpu: { totalNanos: 2e9, systemNanos: 30e9 } };
  assert.equal(percent({ previous }, { previousCpu: before }), 40);
  assert.equal(percent({}, { previousCpu: before }), 40);
  assert.equal(percent({}), undefined);
  // A recorded response has no other sample to come.
  const day = 24 * 3_600_000;
  assert.equal(percent({}, { takenAt: 2 * day, readAt: 1 }), 30);
  // A runtime whose clock is a quarter of an hour off is no recording.
  for (const readAt of [2 * day - 900_000, 2 * day + 900_000])
    assert.equal(percent({}, { takenAt: 2 * day, readAt }), undefined);
  assert.equal(
    percent({ previous: { ...previous, cpu: { totalNanos: 4e9, systemNanos: 50e9 } } }),
    undefined,
  );
});

test('Windows: nanoseconds for ticks, the percentage is of all processors, no throttling', () => {
  const cpu = { totalNanos: 3e7, throttling: { periods: 0 } };
  const previous = { takenAt: 19_000, windows: true, cpu: { totalNanos: 1e7 } };
  const memory = { privateWorkingSet: 5, commitBytes: 7, stats: {} };
  const found = values(running({ cpu, memory, windows: true, processors: 4 }, { previous }));
  assert.equal(found.get('container.cpu.usage.total'), 3e9);
  assert.equal(found.get('container.cpu.utilization'), 50);
  assert.equal(found.get('container.memory.usage.total'), 5);
  assert.equal(found.has('container.cpu.throttling_data.periods'), false);
  assert.equal(found.has('container.memory.fails'), false);
});

test('memory is without the inactive page cache, in percent of the limit', () => {
  const of = (memory: Sample['memory'] & object) => {
    const found = values(running({ memory }));
    return [found.get('container.memory.usage.total'), found.get('container.memory.percent')];
  };
  assert.deepEqual(
    of({ usage: 100, limit: 400, stats: { total_inactive_file: 60, inactive_file: 1 } }),
    [40, 10],
  );
  assert.deepEqual(of({ usage: 100, limit: 400, stats: { inactive_file: 20 } }), [80, 20]);
  assert.deepEqual(of({ usage: 100, limit: 400, stats: { inactive_file: 100 } }), [100, 25]);
  assert.deepEqual(of({ usage: 100, stats: {} }), [100, undefined]);
});

test('no false zeros; the zeros that Docker leaves out', () => {
  const found = values(running({ cpu: { totalNanos: 1 }, memory: { usage: 1, stats: { anon: 0 } } }));
  for (const name of [
    'memory.usage.max',
    'memory.usage.limit',
    'cpu.logical.count',
    'cpu.usage.system',
    'pids.limit',
  ])
    assert.equal(found.has(`container.${name}`), false, name);
  assert.equal(found.get('container.memory.fails'), 0);
  assert.equal(found.get('container.memory.anon'), 0);
  assert.equal(found.get('container.cpu.shares'), 0);
  assert.equal(found.get('container.restarts'), 2);
  assert.equal(found.get('container.uptime'), 19);
});

test('the CPU limit is that of --cpus, else the size of the set, else the quota', () => {
  const limit = (limits: ContainerSnapshot['limits']) =>
    values(running({}, { limits })).get('container.cpu.limit');
  const quota = { cpus: 0.5, cpuQuotaMicros: 50_000 };
  assert.equal(limit({ ...quota, nanoCpus: 15e8, cpuset: '0,3' }), 1.5);
  assert.equal(limit({ ...quota, cpuset: '0-2,7' }), 4);
  assert.equal(limit({ ...quota, cpuset: 'a-b' }), undefined);
  assert.equal(limit({ ...quota, cpuset: '3-1' }), undefined);
  assert.equal(limit(quota), 0.5);
  assert.equal(limit({ ...quota, cpuPeriodMicros: 25_000 }), 2);
  assert.equal(limit({}), undefined);
});

test('health is a point per state, as the receiver has it since v0.160, where there is a check', () => {
  const state = { status: 'running' as const, health: 'starting' as const };
  const [health] = containers.filter(({ name }) => name === 'container.state.health.status');
  assert.ok(health);
  assert.deepEqual([health.kind, health.unit, health.valueType], ['updowncounter', '{container}', 'int']);
  assert.deepEqual(
    observationsOf(health, snapshotWith({ state })).map(({ value, attributes }) => [value, attributes]),
    [
      [1, { 'container.state.health.state': 'starting' }],
      [0, { 'container.state.health.state': 'healthy' }],
      [0, { 'container.state.health.state': 'unhealthy' }],
    ],
  );
  assert.deepEqual(observationsOf(health, snapshotWith({ state: { status: 'running' } })), []);
});

test('beside the conventions a shared name is there once and means what they say', () => {
  for (const names of [
    ['docker_stats', 'semconv'],
    ['semconv', 'docker_stats'],
  ] as const) {
    const switches = new Map(wholeCatalogue(names).containers.map(({ name }) => [name, true]));
    const all = catalogueOf(names, switches).containers;
    assert.equal(new Set(all.map(({ name }) => name)).size, all.length);
    assert.equal(new Set(all.map((each) => prometheusName(each).name)).size, all.length);
    for (const name of ['container.uptime', 'container.memory.rss'])
      assert.notEqual(all.find((each) => each.name === name)?.stability, 'peer');
  }
});

test('the resource is the receiver’s, with labels over variables; beside the conventions theirs win', () => {
  const image = { reference: 'redis:7', name: 'redis', id: 'sha256:1', tags: ['7'], repoDigests: [] };
  const environment = ['URL=http://x?a=b', 'EMPTY= ', 'BOTH=env', 'BROKEN'];
  const labels = { both: 'label', toString: '' };
  const snapshot = snapshotWith({
    identity: { ...identity, image, environment, labels, hostname: 'h', commandArguments: ['a', '-b'] },
  });
  const own = { 'container.id': identity.id, 'container.name': 'web', 'container.hostname': 'h' };
  const host = { 'host.name': 'docker-host', 'host.id': 'AAAA' };
  const peer = { ...own, ...host, 'container.runtime': 'docker', 'container.image.name': 'redis:7' };
  assert.deepEqual(resourceOf(['docker_stats'])(snapshot), peer);
  const resource = {
    switches: new Map([
      ['container.image.id', true],
      ['container.command_line', true],
      ['container.hostname', false],
    ]),
    environment: { URL: 'url', EMPTY: 'empty', BOTH: 'both', BROKEN: 'broken' },
    labels: { both: 'both', toString: 'inherited' },
  };
  const { 'container.hostname': _, ...others } = peer;
  assert.deepEqual(resourceOf(['docker_stats'], { metrics: new Map(), resource })(snapshot), {
    ...others,
    'container.image.id': 'sha256:1',
    'container.command_line': 'a -b',
    url: 'http://x?a=b',
    both: 'label',
  });
  const mapped = { resource: { team: 'a', 'container.hostname': 'other', both: 'other' }, point: {} };
  const withMapped = { ...snapshot, identity: { ...snapshot.identity, mapped } };
  const added = resourceOf(['docker_stats'], { metrics: new Map(), resource })(withMapped);
  assert.deepEqual([added['team'], added['both']], ['a', 'label'], 'settings add, and replace nothing');
  assert.equal(resourceOf(['docker_stats'])(withMapped)['container.hostname'], 'h');
  const joined = resourceOf(['docker_stats', 'semconv'])(snapshot);
  assert.equal(joined['container.image.name'], 'redis');
  assert.equal(joined['container.runtime'], 'docker');
  assert.deepEqual(resourceOf(['docker_exporter'])(snapshot)['container.hostname'], undefined);
});
