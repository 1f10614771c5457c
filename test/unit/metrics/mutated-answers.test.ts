import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { wholeCatalogue, type ProfileName } from '../../../src/metrics/catalogue.ts';
import { parseInspect } from '../../../src/sources/docker/inspect.ts';
import { parseStats } from '../../../src/sources/docker/stats.ts';
import { type Capture } from '../../support/wire/recorded-cases.ts';
import { cadvisorInputs, cadvisorZeros } from './cadvisor/inputs.ts';
import { dockerStatsInputs } from './docker-stats/inputs.ts';
import { afterMutations, mutationsOf, saysNone, touches, type Mutation } from './mutations.ts';
import { valuesOf, recordedAnswers, snapshotFrom } from './observed.ts';

const total = 'stats/cpu_stats/cpu_usage/total_usage';
const cpuLimits = ['NanoCpus', 'CpuQuota', 'CpuPeriod'].map((key) => `inspect/HostConfig/${key}`);
const workingSet = ['usage', 'stats/inactive_file', 'stats/total_inactive_file'].map(
  (key) => `stats/memory_stats/${key}`,
);
const faults = ['pgfault', 'pgmajfault', 'total_pgfault', 'total_pgmajfault'].map(
  (key) => `stats/memory_stats/stats/${key}`,
);
const status = 'inspect/State/Status';
const startedAt = 'inspect/State/StartedAt';
const exporterName = 'inspect/Name';

type Inputs = readonly (readonly [series: string, ...inputs: string[]])[];

/** Inputs of each value by the beginning of its key; the first match counts. */
const inputs: Inputs = [
  ['container.info', 'inspect/Config/Image', 'inspect/Image', 'inspect/Config/Labels'],
  ['container.status.state', status],
  ['container.restarts.current', 'inspect/RestartCount'],
  ['container.exit_code', status, 'inspect/State/ExitCode'],
  ['container.oom_killed', 'inspect/State/OOMKilled'],
  ['container.start_time', startedAt],
  ['container.uptime', status, startedAt, 'stats/read'],
  ['container.pids.current', 'stats/pids_stats/current'],
  ['container.pids.limit', 'stats/pids_stats/limit', 'inspect/HostConfig/PidsLimit'],
  ['container.cpu.time{"cpu.mode":"user"}', 'stats/cpu_stats/cpu_usage/usage_in_usermode'],
  ['container.cpu.time{"cpu.mode":"system"}', 'stats/cpu_stats/cpu_usage/usage_in_kernelmode'],
  ['container.cpu.time', 'stats/cpu_stats/cpu_usage'],
  ['container.cpu.usage', total, 'stats/read'],
  ['container.cpu.limit.current', ...cpuLimits],
  ['container.cpu.limit.utilization', total, 'stats/read', ...cpuLimits],
  ['container.cpu.throttling.periods', 'stats/cpu_stats/throttling_data/periods'],
  ['container.cpu.throttling.throttled_periods', 'stats/cpu_stats/throttling_data/throttled_periods'],
  ['container.cpu.throttling.throttled_time', 'stats/cpu_stats/throttling_data/throttled_time'],
  ['container.memory.usage.peak', 'stats/memory_stats/max_usage'],
  ['container.memory.usage', 'stats/memory_stats/usage'],
  ['container.memory.working_set', ...workingSet],
  ['container.memory.rss', ...['anon', 'rss', 'total_rss'].map((key) => `stats/memory_stats/stats/${key}`)],
  ['container.memory.available', 'inspect/HostConfig/Memory', ...workingSet],
  ['container.memory.limit.current', 'inspect/HostConfig/Memory'],
  ['container.memory.limit.utilization', 'inspect/HostConfig/Memory', ...workingSet],
  ['container.memory.reservation', 'inspect/HostConfig/MemoryReservation'],
  ['container.paging.faults', ...faults],
  ['container.memory.linux', 'stats/memory_stats/stats'],
  ['container.paging.', 'stats/memory_stats/stats'],
  ['container.cpu.logical.time', 'stats/cpu_stats/cpu_usage/percpu_usage'],
  ['container.disk.io', 'stats/blkio_stats/io_service_bytes_recursive'],
  ['container.disk.operations', 'stats/blkio_stats/io_serviced_recursive'],
  ['docker_container_cpu_used', total, exporterName],
  ['docker_container_cpu_capacity', total, 'stats/cpu_stats/system_cpu_usage', exporterName],
  ['docker_container_memory', 'stats/memory_stats/usage', exporterName],
  ['docker_container_network', 'stats/networks', exporterName],
  ['docker_container_disk', 'stats/blkio_stats/io_service_bytes_recursive', exporterName],
  ['docker_container_restart_count', 'inspect/RestartCount', exporterName],
  ['docker_container_running_state', status, exporterName],
  ['docker_container_start_time', status, startedAt, exporterName],
  ['docker_probe_container_failed', exporterName],
  ...cadvisorInputs,
];

const networkFields: Readonly<Record<string, string>> = {
  'container.network.io': 'bytes',
  'container.network.packet.count': 'packets',
  'container.network.errors': 'errors',
  'container.network.packet.dropped': 'dropped',
};

function inputsOf(series: string, of: Inputs): readonly string[] {
  const network = /^(container\.network\.[a-z.]+)\{.*:"(\w+)",.*:"(\w+)"\}$/.exec(series);
  if (network) {
    const [, name = '', device = '', direction] = network;
    return [`stats/networks/${device}/${direction === 'receive' ? 'rx' : 'tx'}_${networkFields[name]}`];
  }
  const found = of.find(([beginning]) => series.startsWith(beginning));
  assert.ok(found, `nobody said what ${series} is made of`);
  return found.slice(1);
}

function isAffected(series: string, mutations: readonly Mutation[], of: Inputs): boolean {
  return inputsOf(series, of).some((input) => mutations.some((mutation) => touches(mutation, input)));
}

/** Series that peers show as 0 when the runtime reports none or no limit. */
const zeroForNone =
  /^(docker_container_(network|disk)|container_spec_memory|container\.cpu\.shares|container\.memory\.fails)/;

/** More memory in use than the limit leaves none. */
function isTrueZero(series: string, mutations: readonly Mutation[]): boolean {
  if (zeroForNone.test(series)) return mutations.some(({ to }) => saysNone(to));
  return series === 'container.memory.available' || cadvisorZeros.test(series);
}

/** No NaN, no negative value, no zero in place of an absent value, no new series. */
function expectBelievable(
  series: string,
  value: number,
  whole: ReadonlyMap<string, number>,
  { mutations, of }: { readonly mutations: readonly Mutation[]; readonly of: Inputs },
): void {
  const isAllowed = value >= 0 || series.startsWith('container_health_state');
  assert.ok(Number.isFinite(value) && isAllowed, `${series} is ${value}`);
  const before = whole.get(series);
  if (before === undefined) assert.ok(isAffected(series, mutations, of), `${series} came from nowhere`);
  else if (value === 0 && before !== 0) assert.ok(isTrueZero(series, mutations), `${series} is a false zero`);
}

const containers: readonly [Capture, string][] = [
  ['cgroup_v1', 'io_writer'],
  ['cgroup_v2', 'cpu_throttled'],
  ['cgroup_v2_systemd', 'io_writer'],
  ['cgroup_v2_api_1.56', 'cpu_throttled'],
];

/** `docker_stats` alone: its names mean other things than those of the conventions. */
const groups: readonly (readonly [profiles: readonly ProfileName[], Inputs])[] = [
  [['semconv', 'docker_exporter', 'cadvisor'], inputs],
  [['docker_stats'], dockerStatsInputs],
];

const cases = containers.flatMap((names) => groups.map((group) => [...names, ...group] as const));

for (const [capture, container, profiles, of] of cases) {
  test(`${capture}/${container}: ${profiles.join(', ')}: nonsense in an answer costs the figures made of it, and no other`, () => {
    const answers = recordedAnswers(capture, container);
    const everything = wholeCatalogue(profiles);
    const whole = valuesOf(snapshotFrom(answers), profiles, everything);
    assert.ok(whole.size > 30);
    fc.assert(
      fc.property(mutationsOf({ stats: answers.stats, inspect: answers.inspect }), (mutations) => {
        const found = valuesOf(snapshotFrom(afterMutations(answers, mutations)), profiles, everything);
        for (const series of whole.keys()) {
          if (!isAffected(series, mutations, of)) assert.equal(found.get(series), whole.get(series), series);
        }
        for (const [series, value] of found) expectBelievable(series, value, whole, { mutations, of });
      }),
      { numRuns: 3000 },
    );
  });
}

test('an answer that is no object throws SourceError bad-response, and no answer throws anything else', () => {
  const badResponse = { name: 'SourceError', code: 'bad-response' };
  for (const answer of [null, undefined, [], 'text', 7, true, 7n]) {
    assert.throws(() => parseStats(answer, 0), badResponse);
    assert.throws(() => parseInspect('x', answer), badResponse);
  }
  fc.assert(
    fc.property(fc.object({ withBigInt: true, withNullPrototype: true }), (answer) => {
      parseStats(answer, 0);
      parseInspect('x', answer);
    }),
  );
});

test('a whole part that is missing costs its figures alone', () => {
  const answers = recordedAnswers('cgroup_v2', 'cpu_throttled');
  const without = (key: string): Map<string, number> =>
    valuesOf(snapshotFrom({ ...answers, stats: { ...Object(answers.stats), [key]: null } }), ['semconv']);
  assert.equal(without('memory_stats').has('container.memory.usage'), false);
  assert.equal(without('memory_stats').has('container.memory.limit.current'), true);
  assert.equal(without('cpu_stats').has('container.cpu.usage'), false);
  assert.equal(without('cpu_stats').has('container.pids.current'), true);
});
