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
  { name: 'cycling', image: 'cycling:1', restart: 'always', maxBackoffMillis: 100 },
  { name: 'sick', image: 'sick:1', healthcheck: { intervalMillis: 0, goodMillis: 1, badMillis: 0 } },
  { name: 'throttled', image: 'throttled:1', limits: { cpus: 0.5 }, load: { cpus: 2 } },
  {
    name: 'full',
    image: 'full:1',
    ageMillis: 3_600_000,
    limits: { memoryBytes: 2 ** 28 },
    load: { memoryBytes: 2 ** 29 },
  },
] as const;

/** Changes the runtime's containers before the scrape of that minute. */
async function act(runtime: SimulatedEngine, minute: number): Promise<void> {
  if (minute > 2 && minute <= 8) runtime.restart('looping');
  if (minute === 4) runtime.outOfMemory('starved');
  if (minute > 2 && minute <= 8) runtime.outOfMemory('cycling');
  if (minute === 6) {
    runtime.add({ name: 'fleeting', image: 'fleeting:1', autoRemove: true });
    runtime.outOfMemory('fleeting');
  }
  if (minute === 5) runtime.setHealth('sick', 'unhealthy');
  if (minute === 10) await runtime.down();
}

suite('alert rules', { skip: skipUnless('promtool') }, () => {
  test('each fires once in its story and for no other container', async () => {
    const tests = [
      firing(1, {}),
      firing(9, containerAlerts),
      // Whatever ended before the runtime went away stays in sight for 15 minutes.
      expected(14, 'TidegaugeBlind', ''),
      expected(14, 'TidegaugeExportFailing', ''),
      expected(14, 'UnseenContainerOutOfMemory', undefined),
    ];
    const inputs = [...(await story())].map(([series, values]) => ({ series, values: values.join(' ') }));
    await check({ interval: '1m', input_series: inputs, promql_expr_test: tests });
  });

  test('a kill before the first scrape is one alert, for as long as others, also of a removed container', async () => {
    const never = '0x40';
    await check({
      interval: '1m',
      input_series: [
        { series: outOfMemory('brief'), values: '_x4 1x35' },
        { series: outOfMemory('calm'), values: never },
        { series: outOfMemory('young'), values: '_x4 0x35' },
        // Removed: its last scrape was two minutes after the kill.
        { series: outOfMemory('gone'), values: '_x4 1x1 _x40' },
        { series: outOfMemory(undefined, 'brief'), values: '_x4 2x35' },
        { series: outOfMemory(undefined, 'calm'), values: never },
      ],
      promql_expr_test: [
        firing(3, {}),
        ...[6, 12, 18].map((minute) => firing(minute, { ContainerOutOfMemory: ['brief', 'gone'] })),
        firing(22, {}),
      ],
    });
  });

  test('a kill that no scrape saw at a container is one alert, whatever else is seen', async () => {
    await check({
      interval: '1m',
      input_series: [
        // Three kills by minute 5, one of them seen; a second one is seen at minute 8.
        { series: outOfMemory('seen'), values: '0x4 1x2 2x32' },
        { series: outOfMemory(undefined, 'a'), values: '0x4 3x2 4x32' },
        { series: outOfMemory(undefined, 'b'), values: '0x4 0x35' },
      ],
      promql_expr_test: [
        firing(3, {}),
        ...[6, 9, 18].map((minute) =>
          firing(minute, { ContainerOutOfMemory: ['seen'], UnseenContainerOutOfMemory: [''] }),
        ),
        firing(21, { ContainerOutOfMemory: ['seen'] }),
        firing(26, {}),
      ],
    });
  });

  test('a restart of the agent makes no kill twice', async () => {
    await check({
      interval: '1m',
      input_series: [
        { series: outOfMemory('killed'), values: '0x4 1x4 0x31' },
        { series: outOfMemory(undefined, 'killed'), values: '0x4 1x4 0x31' },
      ],
      promql_expr_test: [6, 11, 19].map((minute) => firing(minute, { ContainerOutOfMemory: ['killed'] })),
    });
  });

  test('starts after a kill are no restart loop; others are, with kills and without events', async () => {
    const started = (name: string): string =>
      `container_events_total{container_name="${name}",container_event_action="start"}`;
    const startTime = (name: string): string => `container_start_time_seconds{container_name="${name}"}`;
    await check({
      interval: '1m',
      input_series: [
        ...['killed', 'crashing'].flatMap((name) => [
          { series: started(name), values: '1x4 2 3 4 5 6 7 8 9x30' },
          { series: startTime(name), values: '1x4 2 3 4 5 6 7 8 9x30' },
        ]),
        { series: outOfMemory('killed'), values: '0x4 1 2 3 4 5 6 7 8x30' },
        { series: outOfMemory('crashing'), values: '0x4 1x37' },
        { series: startTime('podman'), values: '1x4 2 3 4 5 6 7 8 9x30' },
      ],
      promql_expr_test: [
        firing(3, {}),
        firing(13, {
          ContainerOutOfMemory: ['crashing', 'killed'],
          ContainerRestartLoop: ['crashing', 'podman'],
        }),
      ],
    });
  });

  test('unhealthy is what runs: one that is stopped or paused is not, whatever its engine says', async () => {
    const unhealthy = (name: string): string =>
      `container_health_status{container_name="${name}",container_health_status="unhealthy"}`;
    const running = (name: string): string =>
      `container_status_state{container_name="${name}",container_status_state="running"}`;
    await check({
      interval: '1m',
      input_series: [
        ...['sick', 'stopped', 'paused'].map((name) => ({ series: unhealthy(name), values: '1x20' })),
        { series: running('sick'), values: '1x20' },
        { series: running('stopped'), values: '0x20' },
        { series: running('paused'), values: '0x20' },
      ],
      promql_expr_test: [firing(5, { ContainerUnhealthy: ['sick'] })],
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

/** Lets promtool test the rules; rejects with its output. */
async function check(test: object): Promise<void> {
  await using directory = await mkdtempDisposable(join(tmpdir(), 'tidegauge-alerts-'));
  await cp(rules, join(directory.path, 'rules.yaml'));
  const file = join(directory.path, 'test.yaml');
  await writeFile(file, stringify({ rule_files: ['rules.yaml'], evaluation_interval: '1m', tests: [test] }));
  await promisify(execFile)(componentPath('promtool'), ['test', 'rules', file], { maxBuffer: 2 ** 24 });
}

/** The alerts of the story by the containers that they fire for; one OOM kill has one. */
const containerAlerts = {
  ContainerRestartLoop: ['looping'],
  ContainerOutOfMemory: ['cycling', 'fleeting', 'starved'],
  ContainerUnhealthy: ['sick'],
  ContainerThrottled: ['throttled'],
  ContainerNearMemoryLimit: ['full'],
} as const;

/** The counter of OOM kills of a container, or of an image. */
function outOfMemory(container: string | undefined, image?: string): string {
  return container === undefined
    ? `container_image_events_total{container_image_name="${image}",container_event_action="oom"}`
    : `container_events_total{container_name="${container}",container_event_action="oom"}`;
}

/** An expectation of promtool's: these alerts fire for these containers, once each, and no others. */
function firing(minute: number, alerts: Readonly<Record<string, readonly string[]>>): object {
  return {
    expr: 'count by (alertname, container_name) (ALERTS{alertstate="firing"})',
    eval_time: `${minute}m`,
    exp_samples: Object.entries(alerts).flatMap(([alertname, containers]) =>
      containers.map((container) => ({
        labels: `{alertname="${alertname}"${container ? `,container_name="${container}"` : ''}}`,
        value: 1,
      })),
    ),
  };
}

/** An expectation of promtool's: the alert fires for that container alone, or for none. */
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
  const context = { clock: systemClock, log: new KeptLog(), environment: {}, version: '0' };
  const agent = new Agent(config, context);
  const series = new Map<string, string[]>();
  try {
    const { address } = await agent.start();
    let failed = 0;
    for (let minute = 0; minute < minutes; minute += 1) {
      await act(runtime, minute);
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
