import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DataPointType } from '@opentelemetry/sdk-metrics';
import type { ScopeMetrics } from '@opentelemetry/sdk-metrics';
import { logSdk, Telemetry } from '../../../src/export/telemetry.ts';
import type { TelemetryOptions } from '../../../src/export/telemetry.ts';
import { catalogueOf } from '../../../src/metrics/catalogue.ts';
import type { Catalogue } from '../../../src/metrics/catalogue.ts';
import type { ExportResult } from '../../../src/model/observers.ts';
import { Trackers } from '../../../src/tracker/trackers.ts';
import { startHangingServer } from '../../support/fakes/hanging-server.ts';
import { KeptLog } from '../../support/fakes/observed-probes.ts';
import { ScriptedCollector } from '../../support/fakes/scripted-collector.ts';
import { hang } from '../../support/fakes/scripted-source.ts';
import { ampleMillis, TrackedRuntime } from '../../support/fakes/tracked-runtime.ts';
import type { OtlpMetric, OtlpRequest } from '../../support/real/collector.ts';
import { namesOf, pointsIn } from '../../support/wire/collected-points.ts';
import { plainOptions } from '../../support/wire/otlp-exports.ts';
import { pointsNamed } from '../../support/wire/otlp-points.ts';

type OtlpOptions = NonNullable<TelemetryOptions['otlp']>;

/** The agent's telemetry over a scripted runtime, pushing to a scripted collector. */
class Pushing implements AsyncDisposable {
  readonly runtime = new TrackedRuntime(['a']);
  readonly exports: ExportResult[] = [];
  readonly telemetry: Telemetry;

  constructor(
    url: string,
    changed: Partial<OtlpOptions> = {},
    more: Partial<TelemetryOptions> = {},
    catalogue: Catalogue = catalogueOf(['semconv']),
  ) {
    const { runtime } = this;
    runtime.container('a').startedAt -= 60_000;
    const options: TelemetryOptions = {
      resource: { 'service.name': 'tidegauge' },
      otlp: { ...plainOptions, url, ...changed },
      console: false,
      prometheus: true,
      intervalMillis: 60_000,
      exportTimeoutMillis: 60_000,
      hostName: 'host',
      now: runtime.clock.now(),
      ...more,
    };
    this.telemetry = new Telemetry(options, { exportEnded: (result) => void this.exports.push(result) });
    const trackers = new Trackers([runtime.set], ampleMillis, runtime.observer);
    const labels = { containerIdLabel: true, runtimeLabel: false };
    this.telemetry.observe(trackers, catalogue, labels);
  }

  async flush(afterMillis = 10_000): Promise<void> {
    await this.runtime.clock.advance(afterMillis);
    await this.telemetry.flush();
  }

  async scrape(timeoutMillis = 10_000): Promise<ScopeMetrics[]> {
    await this.telemetry.probe(timeoutMillis);
    return (await this.telemetry.collect()).scopeMetrics;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.telemetry.shutdown(ampleMillis);
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
  assert.equal(pushing.runtime.source.count('list'), 1);
});

test('a scrape waits for a probe no longer than it may, and gets what there is', async () => {
  await using collector = await ScriptedCollector.start();
  await using pushing = new Pushing(collector.origin);
  await pushing.flush();
  pushing.runtime.source.before = () => hang();
  await pushing.runtime.clock.advance(10_000);
  const scrape = pushing.scrape(700);
  await pushing.runtime.clock.advance(700);
  assert.deepEqual(namesOf(await scrape), ['a']);
  assert.equal(pushing.runtime.observer.inlineTimeouts.length, 1);
  pushing.runtime.set.close();
});

/** Every instrument of the profile; the last one throws while `isBroken` gives true. */
function breakable(isBroken: () => boolean): Catalogue {
  const { containers, runtime } = catalogueOf(['semconv']);
  const last = containers.slice(-1).map((instrument) => ({
    ...instrument,
    observe: () => {
      if (isBroken()) throw new TypeError('not a figure');
    },
  }));
  return { containers: [...containers.slice(0, -1), ...last], runtime };
}

test('a scrape whose containers cannot be observed rejects, though the agent’s own figures are there; a push says so', async () => {
  await using collector = await ScriptedCollector.start();
  let isBroken = true;
  await using pushing = new Pushing(
    collector.origin,
    {},
    {},
    breakable(() => isBroken),
  );
  pushing.telemetry.meter.createCounter('own').add(1);
  const log = new KeptLog();
  logSdk(log, () => pushing.runtime.clock.monotonic());
  for (let round = 0; round < 2; round += 1) await pushing.flush();
  assert.deepEqual(log.messages, ['OpenTelemetry: PeriodicExportingMetricReader: metrics collection errors']);
  await assert.rejects(pushing.scrape(), {
    name: 'ObservationError',
    message: 'containers cannot be observed: not a figure',
  });
  isBroken = false;
  assert.deepEqual(namesOf(await pushing.scrape()), ['a']);
});

test('a figure of the agent’s own that comes too late fails no scrape', async () => {
  await using collector = await ScriptedCollector.start();
  await using pushing = new Pushing(collector.origin);
  const log = new KeptLog();
  logSdk(log, () => pushing.runtime.clock.monotonic());
  const late = Promise.withResolvers<void>();
  pushing.telemetry.meter.createObservableGauge('late').addCallback(() => late.promise);
  assert.deepEqual(namesOf(await pushing.scrape(20)), ['a']);
  // The last collection would wait for it.
  late.resolve();
  assert.deepEqual(log.messages, ['OpenTelemetry: collection errors in a scrape']);
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
    pushing.runtime.container('a').cpuNanos += 4e9;
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

for (const [histogramAggregation, pushed] of [
  ['explicit_bucket_histogram', 'histogram'],
  ['base2_exponential_bucket_histogram', 'exponentialHistogram'],
] as const) {
  for (const temporality of ['cumulative', 'delta'] as const)
    test(`${histogramAggregation}, ${temporality}: what is pushed; a scrape has explicit buckets`, async () => {
      await using collector = await ScriptedCollector.start();
      await using pushing = new Pushing(collector.origin, { histogramAggregation, temporality });
      const advice = { explicitBucketBoundaries: [1, 2] };
      pushing.telemetry.meter.createHistogram('own', { advice }).record(1.5);
      await pushing.flush();
      const own = collector
        .json()
        .flatMap(metricsOf)
        .find(({ name }) => name === 'own');
      assert.deepEqual(Object.keys(own ?? {}).at(-1), pushed);
      const scraped = (await pushing.scrape()).flatMap(({ metrics }) => metrics);
      const histogram = scraped.find(({ descriptor }) => descriptor.name === 'own');
      assert.ok(histogram?.dataPointType === DataPointType.HISTOGRAM);
      const buckets = { boundaries: [1, 2], counts: [0, 1, 0] };
      assert.deepEqual(histogram.dataPoints[0]?.value.buckets, buckets);
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
  await pushing.runtime.clock.advance(10_000);
  await pushing.telemetry.shutdown(ampleMillis);
  const [request = {}] = collector.json();
  assert.equal(pointsNamed(request, 'a', 'container.cpu.time').length, 2);
});

test('shutdown gives a collector that never answered a moment, whatever its time-outs allow', async () => {
  using hanging = await startHangingServer();
  const hourMillis = 3_600_000;
  const pushing = new Pushing(`http://${hanging.address}`, {
    requestTimeoutMillis: hourMillis,
    exportTimeoutMillis: hourMillis,
  });
  await pushing.runtime.clock.advance(10_000);
  void pushing.telemetry.flush();
  await pushing.telemetry.shutdown(hourMillis);
  assert.deepEqual(
    new Set(pushing.exports.map(({ reason }) => reason)),
    new Set(['timeout: the agent ends']),
  );
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
  await assert.rejects(pushing.telemetry.collect(), /prometheus is not on/);
});

test('points are taken again by the next scrape, and let go when none has come for five minutes', async (context) => {
  const { telemetry, runtime } = new Pushing('http://127.0.0.1:1');
  await runtime.probe();
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const metricOf = async () =>
    (await telemetry.collect()).scopeMetrics
      .flatMap(({ metrics }) => metrics)
      .find(({ descriptor }) => descriptor.name === 'container.memory.usage');
  const first = await metricOf();
  assert.ok(first);
  context.mock.timers.tick(299_000);
  assert.equal(await metricOf(), first);
  context.mock.timers.tick(299_000);
  assert.equal(await metricOf(), first);
  context.mock.timers.tick(300_000);
  assert.notEqual(await metricOf(), first);
});
