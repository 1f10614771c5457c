import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Measurement } from '../../../bench/measurement.ts';
import { readOptions } from '../../../bench/options.ts';
import { plan } from '../../../bench/plan.ts';
import type { AgentName, Part, RuntimeName, Step } from '../../../bench/plan.ts';
import { goalsOf } from '../../../bench/report/goals.ts';
import { renderReport } from '../../../bench/report/report.ts';
import type { Result } from '../../../bench/results.ts';

const circumstances = { at: '2026-01-01T00:00:00Z', commit: 'abc', node: 'v24', machine: '2 × cpu' };
const steps = plan(readOptions(['--repeat=3'])).flatMap((group) => group.steps);
const none = { daemon: 0, containerd: 0, shims: 0 };

/** The planned step of an agent. */
function stepOf(part: Part, runtime: RuntimeName, agent: AgentName, repetition = 1): Step {
  const found = steps.find(
    (step) =>
      step.part === part &&
      step.runtime === runtime &&
      step.agent === agent &&
      step.repetition === repetition &&
      step.task === 'window',
  );
  assert.ok(found);
  return found;
}

function window(step: Step, values: Partial<Measurement> & { readonly total?: number } = {}): Result {
  const { total = 1, ...rest } = values;
  const measurement: Measurement = {
    program: 'dist',
    completed: step.cycles,
    probes: undefined,
    inlineTimeouts: undefined,
    exported: { exports: 0, requests: 0, bytes: 0, points: 0 },
    cpuPerCycle: { ...none, agent: total, runtime: 0, total },
    idlePerSecond: none,
    residentMebibytes: { mean: 50, max: 60 },
    blockMillis: {},
    scrapeMillis: [10],
    cachedScrapeMillis: [5],
    scrapeBytes: 1000,
    series: 100,
    containerSeries: 90,
    readySeconds: undefined,
    others: 0,
    load: 0,
    calls: undefined,
    ...rest,
  };
  return { step, ...circumstances, measurement };
}

/** What the report says of a row, in the order of its lines. */
function rowOf(results: readonly Result[], row: number): readonly (boolean | undefined)[] {
  return goalsOf(results)
    .filter((goal) => goal.row === row)
    .map(({ holds }) => holds);
}

test('nothing measured: every row is there and none holds or fails', () => {
  const goals = goalsOf([]);
  assert.deepEqual([...new Set(goals.map(({ row }) => row))], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  assert.ok(goals.every(({ holds }) => holds === undefined));
});

test('a share is taken within each repetition, and its median counts', () => {
  const pairs = [
    [1, 0.05, 1],
    [2, 0.5, 10],
    [3, 0.9, 1],
  ] as const;
  const results = pairs.flatMap(([repetition, ours, peer]) => [
    window(stepOf('real', '20.10', 'kernel', repetition), { total: ours }),
    window(stepOf('real', '20.10', 'docker_stats', repetition), { total: peer }),
  ]);
  assert.deepEqual(rowOf(results, 1), [true, undefined]);
  assert.match(goalsOf(results)[0]?.measured ?? '', /^0\.050 \(0\.050–0\.900\); 100 series against 100$/);
});

test('a peer with more series is no fair one', () => {
  const results = [
    window(stepOf('real', 'current', 'api'), { total: 0.1 }),
    window(stepOf('real', 'current', 'docker_stats'), { series: 101 }),
  ];
  assert.deepEqual(rowOf(results, 3), [undefined, undefined]);
});

test('cAdvisor is compared in total and per series', () => {
  const results = [
    window(stepOf('real', 'current', 'kernel'), { total: 0.2, series: 100 }),
    window(stepOf('real', 'current', 'cadvisor'), { total: 2, series: 400 }),
  ];
  assert.deepEqual(rowOf(results, 2), [undefined, undefined, true, false]);
});

test('reading is compared with the strict floor', () => {
  const step = stepOf('real', 'current', 'kernel');
  const reading = { ours: 3, floor: 1, floorReopening: 2, filesPerContainer: 15, rounds: 60 };
  assert.deepEqual(rowOf([{ step, ...circumstances, reading }], 4), [undefined, false]);
});

test('the largest memory of all repetitions counts, and of the bundle alone', () => {
  const of = (max: number, program = 'dist'): readonly Result[] =>
    [60, max].map((each, index) =>
      window(stepOf('large', 'simulated', 'api', index + 1), {
        program,
        residentMebibytes: { mean: 1, max: each },
      }),
    );
  assert.deepEqual(rowOf(of(220), 6), [undefined, undefined, undefined, true]);
  assert.deepEqual(rowOf(of(221), 6), [undefined, undefined, undefined, false]);
  assert.deepEqual(rowOf(of(100, 'src'), 6), [undefined, undefined, undefined, undefined]);
});

test('a block of the first minute counts, too', () => {
  const of = (start: number, later: number): Result =>
    window(stepOf('large', 'simulated', 'api'), { blockMillis: { start, later } });
  assert.deepEqual(rowOf([of(50, 40)], 7), [true]);
  assert.deepEqual(rowOf([of(51, 40)], 7), [false]);
  assert.deepEqual(rowOf([of(40, 51)], 7), [false]);
});

test('scrapes are compared by the 99th percentile over all repetitions, those at a steady period', () => {
  const results = [
    window(stepOf('real', '20.10', 'same_series'), { scrapeMillis: [10, 90], cachedScrapeMillis: [1] }),
    window(stepOf('real', '20.10', 'docker_stats'), { scrapeMillis: [30, 120] }),
  ];
  assert.deepEqual(rowOf(results, 8), [false, undefined]);
});

test('a start is the median of all starts', () => {
  const step = stepOf('real', '20.10', 'kernel');
  const of = (...startSeconds: readonly number[]): Result => ({ step, ...circumstances, startSeconds });
  assert.deepEqual(rowOf([of(0.5, 0.9), of(0.4)], 9), [true, undefined]);
  assert.deepEqual(rowOf([of(0.7)], 9), [false, undefined]);
});

test('every cycle counts', () => {
  const step = stepOf('fast', '20.10', 'api');
  assert.deepEqual(rowOf([window(step)], 10), [true, undefined]);
  assert.deepEqual(rowOf([window(step), window(step, { completed: step.cycles - 1 })], 10), [
    false,
    undefined,
  ]);
});

test('the report has goals, agents and what the scaling is by', () => {
  const scaling = steps.filter(({ part, repetition }) => part === 'scaling' && repetition === 1);
  const results = [
    window(stepOf('real', '20.10', 'kernel')),
    ...scaling.map((step) =>
      window(step, { total: 0.01 + step.containers / 1e5, series: 45 * step.containers }),
    ),
  ];
  const report = renderReport(results);
  assert.match(
    report,
    /\| 1 \| agent \+ runtime CPU, kernel way ÷ docker_stats, 200 on 20\.10 \| ≤ 0\.083 \| – \| not measured \|/,
  );
  assert.match(report, /### 20\.10, 200 containers/);
  assert.match(report, /\| per container \|  \| 0\.0100 \|/);
  assert.match(report, /\| fixed \|  \| 10\.00 \|/);
});

test('fleets are by the points a second that were received, however many requests they came in', () => {
  const [step] = plan(readOptions(['--only=backends', '--repeat=1', '--containers=100'])).flatMap(
    (group) => group.steps,
  );
  assert.ok(step);
  const cost = { cpuSeconds: 0.5, residentMebibytes: 40 };
  const backends = {
    seconds: 20,
    points: 8000,
    pushedBytes: 64_000,
    scrapedSeries: 4500,
    scrapes: 2,
    scrapedBytes: 9000,
    collector: cost,
    prometheus: cost,
  };
  const report = renderReport([{ step, ...circumstances, backends }]);
  assert.match(report, /40\.0 points and 45\.0 series a container, 8\.0 bytes a point\./);
  // 1,000 × 100 containers at 10 s: 400,000 points a second, of which a core takes 16,000.
  assert.match(report, /\| 1,000 × 100 \| 10 s \| 4,500,000 \| 400,000 \| 276\.48 GB \| 25\.00 \/ 20\.00 \|/);
});
