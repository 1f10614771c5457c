import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { profileNames } from '../../../src/config/settings/names.ts';
import { wholeCatalogue } from '../../../src/metrics/catalogue.ts';
import type { Sample } from '../../../src/model/sample.ts';
import { parseStats } from '../../../src/sources/docker/stats.ts';
import { CounterHistory } from '../../../src/tracker/container/counter-history.ts';
import { observationsOf, snapshotWith } from './observed.ts';

const counters = wholeCatalogue(profileNames).containers.filter(({ kind }) => kind === 'counter');
const startedAt = Date.UTC(2026, 10, 23);

const directions = ['rx', 'tx'].flatMap((way) =>
  ['bytes', 'packets', 'errors', 'dropped'].map((counter) => [`${way}_${counter}`, 5000] as const),
);
const network = Object.fromEntries(directions);
const devices = ['Read', 'Write', 'Total'].map((op) => ({ major: 8, minor: 0, op, value: 5000 }));
const lists = ['service_bytes', 'serviced', 'service_time', 'wait_time', 'merged', 'time'];

/** Every counter that an engine has on cgroup v1, and those of v2's `memory.stat`. */
const answer = {
  cpu_stats: {
    cpu_usage: {
      total_usage: 9e9,
      usage_in_usermode: 5e9,
      usage_in_kernelmode: 4e9,
      percpu_usage: [5e9, 4e9],
    },
    system_cpu_usage: 9e12,
    online_cpus: 2,
    throttling_data: { periods: 100, throttled_periods: 90, throttled_time: 5e9 },
  },
  memory_stats: {
    usage: 9_000_000,
    failcnt: 70,
    stats: {
      pgfault: 900,
      pgmajfault: 80,
      pgpgin: 700,
      pgpgout: 600,
      pgscan: 500,
      pgsteal: 400,
      total_pgfault: 1900,
      total_pgmajfault: 180,
      total_pgpgin: 1700,
      total_pgpgout: 1600,
      thp_fault_alloc: 5,
      workingset_refault: 50,
    },
  },
  blkio_stats: {
    ...Object.fromEntries(lists.map((list) => [`io_${list}_recursive`, devices])),
    sectors_recursive: devices,
  },
  networks: { eth0: network, eth1: network },
  pids_stats: { current: 3 },
};

/** Paths of the counters in the response; without the total CPU time, as its fall is a restart. */
const paths = [
  ...['usage_in_usermode', 'usage_in_kernelmode', 'percpu_usage.1'].map(
    (key) => `cpu_stats.cpu_usage.${key}`,
  ),
  ...Object.keys(answer.cpu_stats.throttling_data).map((key) => `cpu_stats.throttling_data.${key}`),
  'memory_stats.failcnt',
  ...Object.keys(answer.memory_stats.stats).map((key) => `memory_stats.stats.${key}`),
  ...Object.keys(answer.blkio_stats).flatMap((list) => [0, 1].map((at) => `blkio_stats.${list}.${at}.value`)),
  ...Object.keys(network).map((key) => `networks.eth0.${key}`),
];

function sampleOf(stats: unknown, takenAt: number): Sample {
  const sample = parseStats(stats, takenAt);
  assert.ok(sample);
  return sample;
}

/** The response with that one counter as after a wrap. */
function fallenAt(path: string): unknown {
  const copy = structuredClone(answer);
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  const holder: unknown = keys.reduce((at: unknown, key): unknown => Reflect.get(Object(at), key), copy);
  Reflect.set(Object(holder), last, 1);
  return copy;
}

/** Value and start of every counter of every profile. */
function series(history: CounterHistory, sample: Sample): Map<string, { value: number; startedAt: unknown }> {
  const snapshot = snapshotWith({
    state: { status: 'running', startedAt },
    limits: { cpus: 2 },
    sample,
    starts: history.starts(startedAt),
  });
  const all = counters.flatMap((instrument) =>
    observationsOf(instrument, snapshot).map(
      (each) => [`${instrument.name}${JSON.stringify(each.attributes)}`, each] as const,
    ),
  );
  return new Map(all);
}

function after(history: CounterHistory, stats: unknown, takenAt: number): ReturnType<typeof series> {
  const sample = sampleOf(stats, takenAt);
  history.count(sample);
  history.keep(sample);
  return series(history, sample);
}

suite('a counter that falls alone begins again, and no other series of any profile does', () => {
  for (const path of paths) {
    test(path, () => {
      const history = new CounterHistory(startedAt);
      history.beginRun(startedAt, {});
      const before = after(history, answer, startedAt + 60_000);
      const now = after(history, fallenAt(path), startedAt + 70_000);
      let fallen = 0;
      for (const [name, { value, startedAt: start }] of now) {
        const earlier = before.get(name);
        assert.ok(earlier, name);
        const hasFallen = value < earlier.value;
        fallen += Number(hasFallen);
        // Minor faults are all without the major ones: they begin again with either.
        const isDerived = path.endsWith('total_pgmajfault') && name.includes(':"minor"');
        assert.equal(start, hasFallen || isDerived ? startedAt + 60_000 : earlier.startedAt, name);
      }
      assert.ok(fallen > 0, 'the counter is in some profile');
    });
  }
});
