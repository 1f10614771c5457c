import { execFile } from 'node:child_process';
import { cp, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { Agent } from '../../src/agent/agent.ts';
import { systemClock } from '../../src/clock.ts';
import { startSimulatedEngine } from '../../src/simulator/start.ts';
import type { SimulatedEngine } from '../../src/simulator/simulated-engine.ts';
import { waitUntil } from '../support/real/daemon.ts';
import { componentPath, skipUnless } from '../support/real/component.ts';
import { parseExposition } from '../support/wire/exposition.ts';
import { KeptLog } from '../support/fakes/observed-probes.ts';
import { load } from '../support/fakes/load.ts';

const rules = join(import.meta.dirname, '../../deploy/prometheus/tidegauge-alerts.yaml');
/** A scrape stands for a minute of what Prometheus sees. */
const minutes = 16;
const specs = [
  { name: 'calm', image: 'calm:1' },
  { name: 'looping', image: 'looping:1' },
  { name: 'starved', image: 'starved:1' },
  { name: 'sick', image: 'sick:1', healthcheck: { intervalMillis: 0, goodMillis: 1, badMillis: 0 } },
  { name: 'throttled', image: 'throttled:1', limits: { cpus: 0.5 }, load: { cpus: 2 } },
  {
    name: 'full',
    image: 'full:1',
    ageMillis: 3_600_000,
    limits: { memoryBytes: 2 ** 28 },
    load: { memoryBytes: 2 ** 29 },
  },
];

/** What happens before each scrape. */
async function tell(runtime: SimulatedEngine, minute: number): Promise<void> {
  if (minute > 2 && minute <= 8) runtime.restart('looping');
  if (minute === 4) runtime.outOfMemory('starved');
  if (minute === 5) runtime.setHealth('sick', 'unhealthy');
  if (minute === 10) await runtime.down();
}

suite('alert rules', { skip: skipUnless('promtool') }, () => {
  test('each fires in its story and for nobody else', async () => {
    const tests = [
      // Before anything happened nobody is in trouble.
      ...Object.keys(fires).map((name) => expected(1, name, undefined)),
      ...Object.entries(fires).map(([name, who]) => expected(9, name, who)),
      expected(9, 'TidegaugeBlind', undefined),
      expected(14, 'TidegaugeBlind', ''),
      expected(14, 'TidegaugeExportFailing', ''),
    ];
    const inputs = [...(await story())].map(([series, values]) => ({ series, values: values.join(' ') }));
    await check({ interval: '1m', input_series: inputs, promql_expr_test: tests });
  });

  test('whom the kernel kills before the first scrape is an alert, for as long as others', async () => {
    const action = 'container_event_action="oom"';
    const never = '0x40';
    await check({
      interval: '1m',
      input_series: [
        { series: `container_events_total{container_name="brief",${action}}`, values: '_x4 1x35' },
        { series: `container_events_total{container_name="calm",${action}}`, values: never },
        { series: `container_events_total{container_name="young",${action}}`, values: '_x4 0x35' },
        {
          series: `container_image_events_total{container_image_name="brief",${action}}`,
          values: '_x4 1x35',
        },
        { series: `container_image_events_total{container_image_name="calm",${action}}`, values: never },
      ],
      promql_expr_test: [
        expected(3, 'ContainerOutOfMemory', undefined),
        expected(6, 'ContainerOutOfMemory', 'brief'),
        expected(6, 'ImageOutOfMemory', ''),
        expected(18, 'ContainerOutOfMemory', 'brief'),
        expected(22, 'ContainerOutOfMemory', undefined),
        expected(22, 'ImageOutOfMemory', undefined),
      ],
    });
  });

  test('an export that failed once and then passed is no alert', async () => {
    const series = 'tidegauge_export_failures_total{error_type="timeout"}';
    await check({
      interval: '1m',
      input_series: [{ series, values: '1x9 2x30' }],
      promql_expr_test: [11, 14, 16, 19, 25].map((minute) =>
        expected(minute, 'TidegaugeExportFailing', undefined),
      ),
    });
  });
});

/** Lets promtool judge the rules; rejects with what it says. */
async function check(test: object): Promise<void> {
  await using directory = await mkdtempDisposable(join(tmpdir(), 'tidegauge-alerts-'));
  await cp(rules, join(directory.path, 'rules.yaml'));
  const file = join(directory.path, 'test.yaml');
  await writeFile(file, stringify({ rule_files: ['rules.yaml'], evaluation_interval: '1m', tests: [test] }));
  await promisify(execFile)(componentPath('promtool'), ['test', 'rules', file], { maxBuffer: 2 ** 24 });
}

/** Which alert fires for whom. */
const fires = {
  ContainerRestartLoop: 'looping',
  ContainerOutOfMemory: 'starved',
  ImageOutOfMemory: '',
  ContainerUnhealthy: 'sick',
  ContainerThrottled: 'throttled',
  ContainerNearMemoryLimit: 'full',
} as const;

/** An expectation of promtool's: the alert fires for that container alone, or for nobody. */
function expected(minute: number, name: string, who: string | undefined): object {
  const labels = who ? `{container_name="${who}"}` : '{}';
  return {
    expr: `count by (container_name) (ALERTS{alertname="${name}",alertstate="firing"})`,
    eval_time: `${minute}m`,
    exp_samples: who === undefined ? [] : [{ labels, value: 1 }],
  };
}

/** Every series of the agent's expositions while the story goes on, a value or a gap for each scrape. */
async function story(): Promise<ReadonlyMap<string, readonly string[]>> {
  await using runtime = await startSimulatedEngine({ specs });
  const flags = {
    'docker-url': runtime.url,
    listen: '127.0.0.1:0',
    interval: '1s',
    'min-probe-interval': '100ms',
    'otlp-endpoint': 'http://127.0.0.1:9',
  };
  const { config } = load({ flags });
  const surroundings = { clock: systemClock, log: new KeptLog(), environment: {}, version: '0' };
  const agent = new Agent(config, surroundings);
  const series = new Map<string, string[]>();
  try {
    const { address } = await agent.start();
    let failed = 0;
    for (let minute = 0; minute < minutes; minute += 1) {
      await tell(runtime, minute);
      await wait(700);
      // Each minute has an export that fails, however slow the machine is.
      const shown = await waitUntil('a failed export', async () => {
        const text = await (await fetch(`${address}/metrics`)).text();
        return failuresIn(text) > failed ? text : undefined;
      });
      failed = failuresIn(shown);
      append(series, seriesIn(shown), minute);
    }
  } finally {
    await agent.stop();
  }
  return series;
}

function failuresIn(exposition: string): number {
  return parseExposition(exposition).sum('tidegauge_export_failures_total');
}

function append(
  series: Map<string, string[]>,
  shown: readonly (readonly [string, string])[],
  minute: number,
): void {
  for (const [key, value] of shown) {
    const before = series.get(key) ?? Array.from({ length: minute }, () => '_');
    series.set(key, [...before, value]);
  }
  for (const values of series.values()) if (values.length <= minute) values.push('_');
}

function seriesIn(exposition: string): readonly (readonly [string, string])[] {
  return parseExposition(exposition).series.map(({ name, labels, value }) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}=${JSON.stringify(text)}`);
    return [`${name}{${pairs.join(',')}}`, String(value)];
  });
}
