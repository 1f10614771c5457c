import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cpuPercent } from '../../../src/metrics/formulas.ts';
import { needsPeerCases, recordedJson, recordedText, listedFrom } from '../../support/wire/recorded-cases.ts';
import { valuesOf, identity, semconv, snapshotFrom } from './observed.ts';

const receivedAt = Date.UTC(2026, 10, 23);

/** The responses of one case of the docker_stats receiver. */
function valuesOfCase(folder: string): Map<string, number> {
  const read = (name: string): unknown => recordedJson(`docker_stats/${folder}/${name}.json`);
  assert.ok(listedFrom(read('containers')).length > 0);
  return semconv(snapshotFrom({ stats: read('stats'), inspect: read('container'), receivedAt }));
}

/** Metrics whose value the receiver's own test expects too, under its names. */
const expected = {
  cgroups_v2: {
    'container.memory.working_set': 234647552,
    'container.cpu.time{"cpu.mode":"system"}': 0.970974,
    'container.network.io{"network.interface.name":"eth0","network.io.direction":"receive"}': 1296,
    'container.disk.io{"system.device":"8:0","disk.io.direction":"read"}': 167936,
    'container.disk.io{"system.device":"8:0","disk.io.direction":"write"}': 0,
    'container.pids.current': 1,
  },
  cpu_limit: {
    'container.memory.working_set': 348160,
    'container.cpu.time{"cpu.mode":"system"}': 0.005467,
    'container.network.io{"network.interface.name":"eth0","network.io.direction":"receive"}': 3608,
    'container.disk.io{"system.device":"253:1","disk.io.direction":"read"}': 1998848,
    'container.disk.io{"system.device":"7:2","disk.io.direction":"read"}': 1998848,
    'container.pids.current': 1,
    'container.pids.limit.current': 2192,
  },
  single_container: {
    'container.memory.working_set': 724992,
    'container.cpu.time{"cpu.mode":"system"}': 0.01,
    'container.network.io{"network.interface.name":"eth0","network.io.direction":"receive"}': 1532,
    'container.disk.io{"system.device":"254:0","disk.io.direction":"read"}': 2502656,
    'container.pids.current': 1,
  },
  single_container_with_optional_resource_attributes: {
    'container.memory.working_set': 724992,
    'container.pids.current': 1,
  },
} as const;

for (const [folder, values] of Object.entries(expected)) {
  test(`docker_stats ${folder}: the figures that its own test expects`, needsPeerCases, () => {
    const found = valuesOfCase(folder);
    for (const [key, value] of Object.entries(values)) assert.equal(found.get(key), value, key);
  });
}

test('docker_stats on cgroup v1: sync, async, discard and total count nothing twice', needsPeerCases, () => {
  const keys = [...valuesOfCase('single_container').keys()].filter((key) =>
    key.startsWith('container.disk.io'),
  );
  assert.equal(keys.length, 2);
});

test('docker_stats cpu_limit: the two-sample answer alone gives the usage', needsPeerCases, () => {
  assert.equal(valuesOfCase('cpu_limit').get('container.cpu.usage'), 0);
  assert.equal(valuesOfCase('cgroups_v2').get('container.cpu.usage'), undefined);
});

/** telegraf's Windows response, and the same ten seconds and 1.6e9 ticks later. */
function windows(): { stats: unknown; previous: unknown; inspect: unknown; receivedAt: number } {
  const folder = 'telegraf/windows_memory_stats/data';
  const previous = recordedJson(`${folder}/stats_123456789.json`);
  const text = JSON.stringify(previous)
    .replace('2017-01-11T08:32:46', '2017-01-11T08:32:56')
    .replace('"total_usage":536718750', '"total_usage":2136718750');
  return {
    previous,
    stats: JSON.parse(text),
    inspect: recordedJson(`${folder}/inspect_123456789.json`),
    receivedAt,
  };
}

test('Windows: CPU in ticks of 100 ns, memory by commit and private working set', needsPeerCases, () => {
  const found = semconv(snapshotFrom(windows()));
  assert.equal(found.get('container.cpu.time{"cpu.mode":"user"}'), 39.046875);
  assert.equal(found.get('container.cpu.usage'), 16);
  assert.equal(found.get('container.memory.usage'), 77160448);
  assert.equal(found.get('container.memory.working_set'), 59961344);
  assert.equal(found.get('container.memory.rss'), undefined);
  assert.equal(found.get('container.cpu.throttling.periods'), undefined);
});

test('Windows: docker_exporter divides the ticks by the processors', needsPeerCases, () => {
  const answers = windows();
  const found = valuesOf(snapshotFrom({ ...answers, stats: answers.previous }), ['docker_exporter']);
  // The response has no name: then the id is shown.
  const label = JSON.stringify({ name: identity.id });
  assert.equal(found.get(`docker_container_cpu_used_total${label}`), 536718750 / 64);
  assert.equal(found.get(`docker_container_memory_used_bytes${label}`), 77160448);
});

/** A line of expected.out: `docker_container_mem,tags field=1i,other=2u time`. */
function expectedFields(measurement: string, having = ''): Map<string, number> {
  const lines = recordedText('telegraf/windows_memory_stats/expected.out').split('\n');
  const line = lines.find((each) => each.startsWith(`${measurement},`) && each.includes(having)) ?? '';
  return new Map(
    [...line.matchAll(/[ ,](\w+)=(-?[\d.]+)[iu]?/g)].map(([, key = '', value]) => [key, Number(value)]),
  );
}

test('Windows: what telegraf’s own case expects of memory, mapped', needsPeerCases, () => {
  const answers = windows();
  const found = semconv(snapshotFrom({ ...answers, stats: answers.previous }));
  const expected = expectedFields('docker_container_mem');
  // Its zeros are keys that the response does not have: an absent value, for us.
  const mapped = {
    limit: 'container.memory.limit.current',
    usage_percent: 'container.memory.limit.utilization',
  };
  for (const [field, name] of Object.entries(mapped)) {
    assert.equal(expected.get(field), 0);
    assert.equal(found.get(name), undefined, name);
  }
  const { memory } = snapshotFrom(answers).sample ?? {};
  assert.deepEqual([expected.get('usage'), memory?.usage], [0, undefined]);
  assert.deepEqual([expected.get('max_usage'), memory?.maxUsage], [0, undefined]);
  // Its fields of a runtime on Windows: commit_bytes, commit_peak_bytes, private_working_set.
  assert.equal(found.get('container.memory.usage'), 77160448);
  assert.equal(found.get('container.memory.usage.peak'), 105000960);
  assert.equal(found.get('container.memory.working_set'), 59961344);
});

test(
  'Windows: CPU percent by ticks and processors; without a previous sample neither we nor telegraf have one',
  needsPeerCases,
  () => {
    const answers = windows();
    const { sample, previous } = snapshotFrom(answers);
    assert.ok(sample && previous);
    // 1.6e9 ticks of the 64 × 1e8 that went by.
    assert.equal(cpuPercent(sample, previous), 25);
    const first = snapshotFrom({ ...answers, stats: answers.previous, previous: undefined }).sample;
    assert.equal(first && cpuPercent(first, undefined), undefined);
    assert.equal(expectedFields('docker_container_cpu').size, 0);
  },
);

test('Windows: storage is counted per container', needsPeerCases, () => {
  const answers = windows();
  const storage_stats = {
    read_count_normalized: 7,
    read_size_bytes: 4096,
    write_count_normalized: 9,
    write_size_bytes: 8192,
  };
  const found = semconv(snapshotFrom({ ...answers, stats: { ...Object(answers.stats), storage_stats } }));
  const valueOf = (name: string, direction: string) =>
    found.get(`${name}${JSON.stringify({ 'disk.io.direction': direction })}`);
  assert.equal(valueOf('container.disk.io', 'read'), 4096);
  assert.equal(valueOf('container.disk.io', 'write'), 8192);
  assert.equal(valueOf('container.disk.operations', 'read'), 7);
  assert.equal(valueOf('container.disk.operations', 'write'), 9);
});
