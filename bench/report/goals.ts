import type { Measurement } from '../measurement.ts';
import type { AgentName, Part, RuntimeName } from '../plan.ts';
import type { Result } from '../results.ts';
import { ratiosOf, windowsOf } from './select.ts';
import type { Where } from './select.ts';
import { quantile, spreadOf, spreadText } from './spread.ts';
import type { Spread } from './spread.ts';

/** One goal, and what was measured of it. */
export interface Goal {
  readonly row: number;
  readonly what: string;
  readonly goal: string;
  readonly measured: string;
  /** Undefined where it was not measured, or not as the goal asks for. */
  readonly holds: boolean | undefined;
}

type Check = (results: readonly Result[]) => Omit<Goal, 'row'>;

const realRuntimes = ['20.10', 'current'] as const;

/** The goals, each with its median over the repetitions and their range. */
export function goalsOf(results: readonly Result[]): readonly Goal[] {
  return checks.flatMap(([row, check]) => ({ row, ...check(results) }));
}

const checks: readonly (readonly [row: number, check: Check])[] = [
  [1, (results) => totalShare(results, '20.10', 'kernel', 1 / 12)],
  [1, (results) => totalShare(results, 'current', 'kernel', 1 / 8)],
  ...realRuntimes.flatMap((runtime): (readonly [number, Check])[] => [
    [2, (results) => cadvisorShare(results, runtime, false)],
    [2, (results) => cadvisorShare(results, runtime, true)],
  ]),
  [3, (results) => totalShare(results, '20.10', 'api', 0.42)],
  [3, (results) => totalShare(results, 'current', 'api', 0.33)],
  ...realRuntimes.map((runtime): readonly [number, Check] => [
    4,
    (results) => readingShare(results, runtime),
  ]),
  [5, agentShare],
  ...realRuntimes.map((runtime): readonly [number, Check] => [
    6,
    (results) => resident(results, { part: 'real', runtime, agent: 'kernel' }, 80),
  ]),
  [6, (results) => resident(results, { part: 'simulated', runtime: 'simulated', agent: 'api' }, 110)],
  [6, (results) => resident(results, { part: 'large', runtime: 'simulated', agent: 'api' }, 220)],
  [7, longestBlock],
  ...realRuntimes.map((runtime): readonly [number, Check] => [8, (results) => scrapeShare(results, runtime)]),
  ...realRuntimes.map((runtime): readonly [number, Check] => [9, (results) => startTime(results, runtime)]),
  [
    10,
    (results) => skipped(results, { part: 'fast', runtime: '20.10', agent: 'api' }, '200 on 20.10, 5 s, API'),
  ],
  [
    10,
    (results) =>
      skipped(results, { part: 'large', runtime: 'simulated', agent: 'api' }, '5,000 simulated, 10 s'),
  ],
];

function totalShare(
  results: readonly Result[],
  runtime: RuntimeName,
  agent: AgentName,
  max: number,
): Omit<Goal, 'row'> {
  const [ours, peer] = [whereReal(runtime, agent), whereReal(runtime, 'docker_stats')];
  const share = spreadOf(ratiosOf(results, [ours, peer], ({ cpuPerCycle }) => cpuPerCycle.total));
  const [series, peerSeries] = [seriesOf(results, ours), seriesOf(results, peer)];
  // A peer with more series would be no fair one.
  const isFair = series !== undefined && peerSeries !== undefined && peerSeries <= series;
  return {
    what: `agent + runtime CPU, ${agent === 'kernel' ? 'kernel' : 'API'} way ÷ docker_stats, ${sizeOf(results, ours)} on ${runtime}`,
    goal: `≤ ${max.toFixed(3)}`,
    measured: share ? `${spreadText(share, 3)}; ${series} series against ${peerSeries}` : notMeasured,
    holds: isFair ? below(share, max) : undefined,
  };
}

function cadvisorShare(
  results: readonly Result[],
  runtime: RuntimeName,
  perSeries: boolean,
): Omit<Goal, 'row'> {
  const max = perSeries ? 1 / 3 : 1 / 8;
  const pair = [whereReal(runtime, 'kernel'), whereReal(runtime, 'cadvisor')] as const;
  const share = spreadOf(
    ratiosOf(results, pair, ({ cpuPerCycle, series }) => cpuPerCycle.total / (perSeries ? series : 1)),
  );
  return {
    what: `the same, kernel way ÷ cAdvisor at 10 s, ${perSeries ? 'per series' : 'total'}, ${runtime}`,
    goal: `≤ ${max.toFixed(3)}`,
    measured: spreadText(share, 3),
    holds: below(share, max),
  };
}

function readingShare(results: readonly Result[], runtime: RuntimeName): Omit<Goal, 'row'> {
  const readings = results.flatMap(({ step, reading }) =>
    reading && step.runtime === runtime ? [reading] : [],
  );
  const share = spreadOf(readings.map(({ ours, floor }) => ours / floor));
  const reopening = spreadOf(readings.map(({ ours, floorReopening }) => ours / floorReopening));
  return {
    what: `reading alone ÷ the floor, ${runtime}`,
    goal: '≤ 2',
    measured: share
      ? `${spreadText(share, 2)}; ÷ the floor that opens net/dev each time ${spreadText(reopening, 2)}`
      : notMeasured,
    holds: below(share, 2),
  };
}

function agentShare(results: readonly Result[]): Omit<Goal, 'row'> {
  const where = { part: 'simulated', runtime: 'simulated', exports: 'prometheus' } as const;
  const pair = [
    { ...where, agent: 'api' },
    { ...where, agent: 'docker_stats_default' },
  ] as const;
  const share = spreadOf(ratiosOf(results, pair, ({ cpuPerCycle, series }) => cpuPerCycle.agent / series));
  return {
    what: 'agent CPU per series, 1,000 simulated ÷ docker_stats with its defaults',
    goal: '≤ 0.125',
    measured: spreadText(share, 3),
    holds: below(share, 1 / 8),
  };
}

function resident(results: readonly Result[], where: Where, max: number): Omit<Goal, 'row'> {
  const windows = windowsOf(results, where);
  const maxima = spreadOf(windows.map(({ measurement }) => measurement.residentMebibytes.max));
  const isDist = windows.every(({ measurement }) => measurement.program === 'dist');
  return {
    what: `RSS max on dist, ${sizeOf(results, where)} ${where.runtime}, ${where.agent}`,
    goal: `≤ ${max} MiB`,
    measured: spreadText(maxima, 0),
    // The largest of all, not the median: it is a maximum.
    holds: maxima && isDist ? maxima.max <= max : undefined,
  };
}

function longestBlock(results: readonly Result[]): Omit<Goal, 'row'> {
  const windows = windowsOf(results, { part: 'large', runtime: 'simulated', agent: 'api' });
  const later = spreadOf(windows.map(({ measurement }) => measurement.blockMillis.later));
  const start = spreadOf(windows.map(({ measurement }) => measurement.blockMillis.start));
  const both = [later?.max, start?.max].filter((value) => value !== undefined);
  return {
    what: 'longest event-loop block, 5,000 simulated, push and scrape at one moment',
    goal: '≤ 50 ms',
    measured: later
      ? `${spreadText(later, 0)}; in the first minute ${spreadText(start, 0)}`
      : spreadText(start, 0),
    holds: both.length > 0 ? Math.max(...both) <= 50 : undefined,
  };
}

function scrapeShare(results: readonly Result[], runtime: RuntimeName): Omit<Goal, 'row'> {
  const p99 = (
    agent: AgentName,
    millisOf: (measurement: Measurement) => readonly number[],
  ): number | undefined =>
    quantile(
      windowsOf(results, whereReal(runtime, agent)).flatMap(({ measurement }) => millisOf(measurement)),
      0.99,
    );
  const perCycle = ({ scrapeMillis }: Measurement): readonly number[] => scrapeMillis;
  const cached = ({ cachedScrapeMillis }: Measurement): readonly number[] => cachedScrapeMillis;
  const [ours, peer] = [p99('same_series', perCycle), p99('docker_stats', perCycle)];
  const [whole, held] = [p99('kernel', perCycle), p99('same_series', cached)];
  const share = ours === undefined || peer === undefined ? undefined : ours / peer;
  return {
    what: `scrape p99, kernel way ÷ the receiver's by the Collector's Prometheus exporter, same series, ${runtime}`,
    goal: '≤ 0.333',
    measured:
      share === undefined
        ? notMeasured
        : `${share.toFixed(2)}: ${millis(ours)} at a steady period against ${millis(peer)} ms; ${millis(held)} right after each other (the receiver's ${millis(p99('docker_stats', cached))}); profile semconv ${millis(whole)}`,
    holds: share === undefined ? undefined : share <= 1 / 3,
  };
}

function startTime(results: readonly Result[], runtime: RuntimeName): Omit<Goal, 'row'> {
  const starts = results.filter(({ step, startSeconds }) => startSeconds && step.runtime === runtime);
  const seconds = spreadOf(starts.flatMap(({ startSeconds = [] }) => startSeconds));
  const cpu = spreadOf(starts.flatMap(({ startCpuSeconds = [] }) => startCpuSeconds));
  return {
    what: `start of the process to the first complete /metrics, ${starts[0]?.step.containers ?? 50} containers, kernel way, ${runtime}`,
    goal: '≤ 0.6 s',
    measured: seconds ? `${spreadText(seconds, 2)}, CPU ${spreadText(cpu, 2)} s` : notMeasured,
    holds: below(seconds, 0.6),
  };
}

function skipped(results: readonly Result[], where: Where, what: string): Omit<Goal, 'row'> {
  const windows = windowsOf(results, where);
  const counts = windows.map(({ step, measurement }) => step.cycles - measurement.completed);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const cycles = windows.reduce((sum, { step }) => sum + step.cycles, 0);
  return {
    what: `cycles skipped, ${what}`,
    goal: '0',
    measured: windows.length === 0 ? notMeasured : `${total} of ${cycles}`,
    holds: windows.length === 0 ? undefined : total === 0,
  };
}

const notMeasured = '–';

function whereReal(runtime: RuntimeName, agent: AgentName): Where & { readonly part: Part } {
  return { part: 'real', runtime, agent };
}

function seriesOf(results: readonly Result[], where: Where): number | undefined {
  return windowsOf(results, where)[0]?.measurement.series;
}

function sizeOf(results: readonly Result[], where: Where): string {
  const size = windowsOf(results, where)[0]?.step.containers;
  return size === undefined ? '' : size.toLocaleString('en');
}

function below(spread: Spread | undefined, max: number): boolean | undefined {
  return spread && spread.median <= max;
}

function millis(value: number | undefined): string {
  return value === undefined ? '–' : value.toFixed(0);
}
