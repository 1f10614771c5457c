import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ScopeMetrics } from '@opentelemetry/sdk-metrics';
import { catalogueOf } from '../../../src/metrics/catalogue.ts';
import type { ExportResult } from '../../../src/model/export-observer.ts';
import { Telemetry } from '../../../src/readers/telemetry.ts';
import type { TelemetryOptions } from '../../../src/readers/telemetry.ts';
import { Trackers } from '../../../src/tracker/trackers.ts';
import type { OtlpMetric, OtlpRequest } from '../../support/collector.ts';
import { namesOf, pointsIn } from '../../support/collected-points.ts';
import { plainOptions } from '../../support/otlp-exports.ts';
import { pointsNamed } from '../../support/otlp-points.ts';
import { ScriptedCollector } from '../../support/scripted-collector.ts';
import { hang } from '../../support/scripted-source.ts';
import { patientMillis, TrackedEngine } from '../../support/tracked-engine.ts';

type OtlpOptions = NonNullable<TelemetryOptions['otlp']>;

/** The agent's telemetry over a scripted engine, pushing to a scripted collector. */
class Pushing implements AsyncDisposable {
  readonly engine = new TrackedEngine(['a']);
  readonly exports: ExportResult[] = [];
  readonly telemetry: Telemetry;

  constructor(url: string, changed: Partial<OtlpOptions> = {}, more: Partial<TelemetryOptions> = {}) {
    const { engine } = this;
    engine.container('a').startedAt -= 60_000;
    const options: TelemetryOptions = {
      resource: { 'service.name': 'tidegauge' },
      otlp: { ...plainOptions, url, ...changed },
      console: false,
      prometheus: true,
      intervalMillis: 60_000,
      exportTimeoutMillis: 60_000,
      hostName: 'host',
      now: engine.clock.now(),
      ...more,
    };
    this.telemetry = new Telemetry(options, { exportEnded: (result) => void this.exports.push(result) });
    const trackers = new Trackers([engine.set], patientMillis, engine.observer);
    const labels = { containerIdLabel: true, engineLabel: false };
    this.telemetry.observe(trackers, catalogueOf(['semconv']), labels);
  }

  async flush(afterMillis = 10_000): Promise<void> {
    await this.engine.clock.advance(afterMillis);
    await this.telemetry.flush();
  }

  async scrape(timeoutMillis = 10_000): Promise<ScopeMetrics[]> {
    return (await this.telemetry.scrape(timeoutMillis)).scopeMetrics;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.telemetry.shutdown(1000);
  }
}

function metricsOf({ resourceMetrics = [] }: OtlpRequest): OtlpMetric[] {
  return resourceMetrics
    .flatMap(({ scopeMetrics = [] }) => scopeMetrics)
    .flatMap(({ metrics = [] }) => metrics);
}

/** The temporality of a metric in the last request: 1 is delta, 2 cumulative. */
function temporalityOf(collector: ScriptedCollector, name: string): number | undefined {
  const metrics = collector.json().flatMap(metricsOf);
  return metrics.findLast((metric) => metric.name === name)?.sum?.aggregationTemporality;
}

test('a flush exports at once, under two Resources: the agent’s and the container’s', async () => {
  await using collector = await ScriptedCollector.start();
  await using pushing = new Pushing(collector.origin);
  pushing.telemetry.meter.createCounter('own').add(1);
  await pushing.flush();
  const [request] = collector.json();
  assert.ok(request);
  const keys = request.resourceMetrics?.map(({ resource }) => resource?.attributes?.map(({ key }) => key));
  assert.deepEqual(keys?.[0], ['service.name']);
  assert.equal(pointsNamed(request, 'a', 'container.cpu.time').length, 2);
  assert.ok(keys?.slice(1).every((each) => each?.every((key) => !key.startsWith('service.'))));
  assert.deepEqual([pushing.exports.length, pushing.exports[0]?.error], [1, undefined]);
});

test('push and scrape share a probe and read the same', async () => {
  await using collector = await ScriptedCollector.start();
  await using pushing = new Pushing(collector.origin);
  await pushing.flush();
  const scopes = await pushing.scrape();
  const [request = {}] = collector.json();
  assert.deepEqual(
    pointsIn(scopes, 'a', 'container.cpu.time').map(({ value }) => value),
    pointsNamed(request, 'a', 'container.cpu.time').map(({ value }) => value),
  );
  assert.equal(pushing.engine.source.count('list'), 1);
});

test('a scrape waits for a probe no longer than it may, and gets what there is', async () => {
  await using collector = await ScriptedCollector.start();
  await using pushing = new Pushing(collector.origin);
  await pushing.flush();
  pushing.engine.source.before = () => hang();
  await pushing.engine.clock.advance(10_000);
  const scrape = pushing.scrape(700);
  await pushing.engine.clock.advance(700);
  assert.deepEqual(namesOf(await scrape), ['a']);
  assert.equal(pushing.engine.observer.inlineTimeouts.length, 1);
  pushing.engine.set.close();
});

for (const [temporality, own, container] of [
  ['cumulative', 2, 2],
  ['delta', 1, 1],
  // As the specification has it: counters that are observed stay cumulative.
  ['lowmemory', 1, 2],
] as const) {
  test(`${temporality}: the agent’s counters ${own}, containers’ ${container}; a scrape is cumulative`, async () => {
    await using collector = await ScriptedCollector.start();
    await using pushing = new Pushing(collector.origin, { temporality });
    pushing.telemetry.meter.createCounter('own').add(1);
    await pushing.flush();
    pushing.engine.container('a').cpuNanos += 4e9;
    await pushing.flush();
    assert.equal(temporalityOf(collector, 'own'), own);
    assert.equal(temporalityOf(collector, 'container.cpu.time'), container);
    const [scraped] = pointsIn(await pushing.scrape(), 'a', 'container.cpu.time');
    assert.equal(scraped?.value, 3.75);
    const last = collector.json().at(-1) ?? {};
    const [pushed] = pointsNamed(last, 'a', 'container.cpu.time');
    assert.equal(pushed?.value, container === 1 ? 3 : 3.75);
  });
}

test('an export time-out longer than the interval is no error', async () => {
  await using collector = await ScriptedCollector.start();
  await using pushing = new Pushing(
    collector.origin,
    {},
    { intervalMillis: 1000, exportTimeoutMillis: 30_000 },
  );
  await pushing.flush();
  assert.equal(pushing.exports.length, 1);
});

test('shutdown collects and exports a last time', async () => {
  await using collector = await ScriptedCollector.start();
  const pushing = new Pushing(collector.origin);
  await pushing.engine.clock.advance(10_000);
  await pushing.telemetry.shutdown(1000);
  const [request = {}] = collector.json();
  assert.equal(pointsNamed(request, 'a', 'container.cpu.time').length, 2);
});

test('a collector that is away fails no flush and no scrape', async () => {
  const collector = await ScriptedCollector.start();
  const { origin } = collector;
  await collector[Symbol.asyncDispose]();
  await using pushing = new Pushing(origin, { requestTimeoutMillis: 700 });
  await pushing.flush();
  assert.equal(pushing.exports[0]?.error, 'ECONNREFUSED');
  assert.deepEqual(namesOf(await pushing.scrape()), ['a']);
});

test('a scrape without the exporter prometheus rejects', async () => {
  await using pushing = new Pushing('http://127.0.0.1:9', { requestTimeoutMillis: 1 }, { prometheus: false });
  await assert.rejects(pushing.telemetry.scrape(1), /prometheus is not on/);
});
