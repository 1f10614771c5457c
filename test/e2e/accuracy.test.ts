import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { waitUntil } from '../support/real/daemon.ts';
import { startAgent, type AgentProcess } from '../support/real/agent-process.ts';
import { skipUnless } from '../support/real/component.ts';
import {
  cpuPercent,
  dockerStats,
  humanBytes,
  memoryUsed,
  type DockerStats,
} from '../support/real/docker-stats.ts';
import type { Exposition } from '../support/wire/exposition.ts';
import { passes } from '../support/assert/fresh-reading.ts';
import { startEngine, type EngineVersion, type RealEngine } from '../support/real/real-engine.ts';
import { RecordingProxy, type RecordedAnswer } from '../support/fakes/recording-proxy.ts';

const readingCount = 3;
/** Between two readings: the runtime reads clock, cgroup and the host's CPU time at slightly different times. */
const windowMillis = 10_000;
const mib = 2 ** 20;
/** A file that a container's command makes when ready; by a builtin, as a process of its own would be counted. */
const readyMark = '/ready';
const versions: readonly EngineVersion[] = ['20.10', 'current'];

const fillCache = 'head -c 31457280 /dev/zero >/held; sync';

/** Containers, and what they are known to have. */
const specs = {
  memory: {
    options: ['--memory=64m', '--shm-size=32m', '--pids-limit=50'],
    command: `head -c 20971520 /dev/zero >/dev/shm/held; : >${readyMark}; exec sleep 1000`,
  },
  cache: {
    options: ['--memory=128m', '--memory-reservation=96m'],
    command: `${fillCache}; : >${readyMark}; exec sleep 1000`,
  },
  quota: { options: ['--cpus=0.2'], command: `: >${readyMark}; while :; do :; done` },
  free: { options: [], command: `: >${readyMark}; while :; do :; done` },
  idle: { options: [], command: `sleep 1000 & sleep 1000 & : >${readyMark}; exec sleep 1000` },
} as const;

type Name = keyof typeof specs;
const names = Object.keys(specs) as Name[];
/** The kernel moves pages between the lists of a page cache as it likes, so from second to second. */
const steady = names.filter((name) => name !== 'cache');

/** One scrape between two equal docker stats, and the runtime's responses that the scrape was made of. */
interface Reading {
  readonly shown: Exposition;
  readonly after: DockerStats;
  readonly answers: Readonly<Record<Name, readonly RecordedAnswer[]>>;
}

suite('figures', { concurrency: true, skip: skipUnless('engine-20.10', 'engine-current') }, () => {
  // One test after another within each, as some take new readings.
  for (const version of versions) suite(version, { concurrency: false }, () => accuracyOf(version));
});

function accuracyOf(version: EngineVersion): void {
  const stack = new AsyncDisposableStack();
  const ids = new Map<Name, string>();
  const readings: Reading[] = [];
  let runtime: RealEngine;
  let take: () => Promise<Reading>;

  before(async () => {
    runtime = stack.use(await startEngine(version));
    for (const name of names)
      ids.set(name, await runtime.run(name, specs[name].options, specs[name].command));
    for (const name of names) await runtime.untilFile(name, readyMark);
    const proxy = stack.use(await RecordingProxy.start(runtime.socket));
    // Only the test's scrapes cause probes.
    const agent = stack.use(
      await startAgent({
        args: [
          `--docker-url=${proxy.url}`,
          '--exporter=prometheus',
          '--min-probe-interval=300ms',
          '--usage-source=runtime',
        ],
      }),
    );
    await agent.untilReady();
    await agent.metrics();
    take = () => takeReading(runtime, agent, (name) => proxy.answers(ids.get(name) ?? ''));
    while (readings.length < readingCount) readings.push(await take());
  });
  after(() => stack.disposeAsync());

  test('the working set is what docker stats prints', () => {
    for (const { shown, after: newer } of readings) {
      for (const name of steady) {
        const bytes = shown.value('container_memory_working_set_bytes', { container_name: name });
        assert.equal(humanBytes(bytes ?? NaN), newer[name]?.memory, name);
      }
    }
  });

  test('the working set is what the docker command computes from the same answer, to the byte', () => {
    for (const { shown, answers } of readings) {
      for (const name of names) {
        const bytes = shown.value('container_memory_working_set_bytes', { container_name: name });
        assert.equal(bytes, memoryUsed(newest(answers[name])), name);
      }
    }
  });

  test('memory that is held and memory that is cache are told apart', async () => {
    // The kernel reclaims pages of a cache whenever a group above runs short: then there is no cache to
    // compare.
    const refill = async (): Promise<Reading> => {
      await runtime.docker('exec', 'cache', 'sh', '-c', fillCache);
      return await take();
    };
    for (const reading of readings) {
      await passes(reading, refill, ({ shown }) => {
        const held = shown.value('container_memory_working_set_bytes', { container_name: 'memory' }) ?? 0;
        assert.ok(held >= 20 * mib && held < 24 * mib, `held ${held}`);
        const usage = shown.value('container_memory_usage_bytes', { container_name: 'cache' }) ?? 0;
        const set = shown.value('container_memory_working_set_bytes', { container_name: 'cache' }) ?? 0;
        assert.ok(usage >= 16 * mib && usage <= 128 * mib, `usage ${usage}`);
        assert.ok(set < 8 * mib, `working set ${set}`);
      });
    }
  });

  test('CPU is what the docker command computes from the same two responses', async () => {
    for (const reading of readings) {
      for (const name of names) {
        // Each by itself: the runtime is held up for one of them, and not for all at once.
        await passes(reading, take, ({ shown, answers }) => {
          const expected = cpuPercent(answers[name]);
          const cpus = shown.value('container_cpu_usage', { container_name: name }) ?? NaN;
          const error = Math.abs(cpus * 100 - expected);
          assert.ok(error <= Math.max(0.5, expected * 0.02), `${name}: ${cpus * 100} beside ${expected}`);
        });
      }
    }
  });

  test('CPU stays under the quota', async () => {
    for (const reading of readings) {
      await passes(reading, take, ({ shown }) => {
        const quota = { container_name: 'quota' };
        const cpus = shown.value('container_cpu_usage', quota) ?? NaN;
        assert.ok(cpus > 0 && cpus < 0.22, `${cpus} CPUs of 0.2`);
        const share = shown.value('container_cpu_limit_utilization_ratio', quota) ?? NaN;
        assert.ok(Math.abs(share - cpus / 0.2) < 1e-9);
      });
    }
  });

  test('CPU is throttled by the quota', () => {
    for (const { shown, answers } of readings) {
      const quota = { container_name: 'quota' };
      const { periods, throttled_periods, throttled_time } = newest(answers.quota).cpu_stats.throttling_data;
      const throttling = 'container_cpu_throttling';
      assert.equal(shown.value(`${throttling}_periods_total`, quota), periods);
      assert.equal(shown.value(`${throttling}_throttled_periods_total`, quota), throttled_periods);
      assert.equal(shown.value(`${throttling}_throttled_time_seconds_total`, quota), throttled_time / 1e9);
      assert.equal(
        shown.value(`${throttling}_throttled_periods_total`, { container_name: 'free' }),
        0,
        'without a quota',
      );
    }
    const throttled = 'container_cpu_throttling_throttled_periods_total';
    assert.ok((readings.at(-1)?.shown.value(throttled, { container_name: 'quota' }) ?? 0) > 0);
  });

  test('CPU time never falls and is the total that the runtime gives', () => {
    for (const name of names) {
      const times = readings.map(({ shown }) =>
        shown.sum('container_cpu_time_seconds_total', { container_name: name }),
      );
      assert.deepEqual(
        times,
        times.toSorted((a, b) => a - b),
        name,
      );
      readings.forEach(({ answers }, index) => {
        const total = newest(answers[name]).cpu_stats.cpu_usage.total_usage / 1e9;
        // User and kernel time are counted in ticks of 10 ms each on cgroup v1, the total is not.
        assert.ok(
          Math.abs((times[index] ?? NaN) - total) <= 0.05 + total * 0.05,
          `${name}: ${times[index]} ${total}`,
        );
      });
    }
  });

  test('limits are those that were set, and absent where none was', () => {
    for (const { shown } of readings) {
      const limits = (name: Name): (number | undefined)[] =>
        [
          'container_cpu_limit_current',
          'container_memory_limit_current_bytes',
          'container_memory_reservation_current_bytes',
          'container_pids_limit_current',
        ].map((metric) => shown.value(metric, { container_name: name }));
      assert.deepEqual(limits('memory'), [undefined, 64 * mib, undefined, 50]);
      assert.deepEqual(limits('cache'), [undefined, 128 * mib, 96 * mib, undefined]);
      assert.deepEqual(limits('quota'), [0.2, undefined, undefined, undefined]);
      assert.deepEqual(limits('free'), [undefined, undefined, undefined, undefined]);
      const labels = { container_name: 'memory' };
      const left = shown.value('container_memory_available_bytes', labels) ?? NaN;
      const used = shown.value('container_memory_working_set_bytes', labels) ?? NaN;
      assert.equal(left + used, 64 * mib);
      assert.equal(shown.value('container_memory_limit_utilization_ratio', labels), used / (64 * mib));
    }
  });

  test('processes are counted as docker stats counts them', () => {
    for (const { shown, after: newer } of readings) {
      for (const name of names) {
        const pids = shown.value('container_pids_current', { container_name: name });
        assert.equal(pids, newer[name]?.pids, name);
      }
      assert.equal(shown.value('container_pids_current', { container_name: 'idle' }), 3);
    }
  });
}

async function takeReading(
  runtime: RealEngine,
  agent: AgentProcess,
  answersOf: (name: Name) => readonly RecordedAnswer[],
): Promise<Reading> {
  const attempt = async (): Promise<Reading | undefined> => {
    await delay(windowMillis);
    const older = await dockerStats(runtime);
    const shown = await agent.metrics();
    const answers = Object.fromEntries(names.map((name) => [name, answersOf(name)])) as Reading['answers'];
    const newer = await dockerStats(runtime);
    // When it moved in between, nobody can say what the scrape should have shown.
    const isSteady = steady.every((name) => older[name]?.memory === newer[name]?.memory);
    return isSteady ? { shown, after: newer, answers } : undefined;
  };
  return await waitUntil('docker stats to settle', attempt, 300_000);
}

function newest(answers: readonly RecordedAnswer[]): RecordedAnswer {
  const answer = answers.at(-1);
  assert.ok(answer);
  return answer;
}
