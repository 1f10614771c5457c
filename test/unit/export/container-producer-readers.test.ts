import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import type { ScopeMetrics } from '@opentelemetry/sdk-metrics';
import { SourceError } from '../../../src/sources/source-error.ts';
import { millisOf, namesOf, pointsIn } from '../../support/wire/collected-points.ts';
import { ObservedRuntime } from '../../support/fakes/observed-runtime.ts';

/** A runtime read by the two kinds of reader that the agent has, with the real SDK between. */
class TwoReaders extends ObservedRuntime {
  readonly #exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  readonly #push = new PeriodicExportingMetricReader({
    exporter: this.#exporter,
    exportIntervalMillis: 3_600_000,
    metricProducers: [this.meter],
  });
  readonly #pull = new PrometheusExporter({ preventServerStart: true, metricProducers: [this.meter] });
  readonly provider = new MeterProvider({ readers: [this.#push, this.#pull] });

  /** Scopes of a push and of a scrape right after it. */
  async both(afterMillis = 10_000): Promise<[ScopeMetrics[], ScopeMetrics[]]> {
    await this.clock.advance(afterMillis);
    await this.#push.forceFlush();
    const pushed = this.#exporter.getMetrics().at(-1)?.scopeMetrics ?? [];
    this.#exporter.reset();
    const pulled = await this.#pull.collect();
    return [pushed, pulled.resourceMetrics.scopeMetrics];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.provider.shutdown();
  }
}

const cpuTime = 'container.cpu.time';

test('both readers read the same points, the agent’s own instruments beside them', async () => {
  await using runtime = new TwoReaders(['a', 'b']);
  runtime.provider.getMeter('own').createCounter('own').add(1);
  const [pushed, pulled] = await runtime.both();
  const own = pushed.filter(({ scope }) => scope.name === 'own');
  assert.equal(own.length, 1);
  assert.deepEqual(
    pushed.filter(({ scope }) => scope.name !== 'own'),
    pulled.filter(({ scope }) => scope.name !== 'own'),
  );
  assert.deepEqual(namesOf(pulled), ['a', 'b']);
  assert.ok(pointsIn(pulled, 'a', cpuTime).length > 0);
  assert.equal(runtime.source.count('list'), 1, 'the second reader came within the minimum age');
});

test('a removed container is gone from both at once, and from neither before', async () => {
  await using runtime = new TwoReaders(['a', 'b']);
  await runtime.both();
  runtime.source.containers = [runtime.container('b')];
  for (const scopes of await runtime.both()) assert.deepEqual(namesOf(scopes), ['b']);
});

test('a restarted container reads its new value with its new start in both', async () => {
  await using runtime = new TwoReaders(['a']);
  runtime.container('a').cpuNanos = 100e9;
  await runtime.both();
  const restartedAt = runtime.clock.now();
  for (const cpuNanos of [8e9, 12e9]) {
    if (cpuNanos === 8e9) runtime.container('a').restart();
    runtime.container('a').cpuNanos = cpuNanos;
    for (const scopes of await runtime.both()) {
      const points = pointsIn(scopes, 'a', cpuTime).map(({ value, startTime, endTime }) => [
        value * 1e9,
        millisOf(startTime) - restartedAt,
        millisOf(endTime) - runtime.clock.now(),
      ]);
      const start = points[0]?.[1];
      assert.deepEqual(points, [
        [cpuNanos * 0.75, start, 0],
        [cpuNanos * 0.25, start, 0],
      ]);
      assert.equal(start, 0);
    }
  }
});

test('while the runtime is away both have nothing of its containers; of one that cannot be measured stays what the list tells', async () => {
  await using runtime = new TwoReaders(['a', 'b']);
  await runtime.both();
  const failing = new Set<string>(['inspect', 'sample']);
  runtime.source.before = (call, id) => {
    if (failing.has(call) && id === runtime.container('a').id) throw new SourceError('runtime-error', 'no');
  };
  for (const scopes of await runtime.both(61_000)) {
    const metrics = scopes.filter((scope) => namesOf([scope])[0] === 'a').flatMap((scope) => scope.metrics);
    assert.deepEqual(
      metrics.map(({ descriptor }) => descriptor.name),
      ['container.info', 'container.status.state', 'tidegauge.container.probe.failures'],
    );
    assert.ok(pointsIn(scopes, 'b', cpuTime).length > 0);
  }
  runtime.source.before = () => {
    throw new SourceError('unreachable', 'away');
  };
  for (const scopes of await runtime.both()) {
    assert.deepEqual(namesOf(scopes), []);
    const names = scopes.flatMap((scope) => scope.metrics.map(({ descriptor }) => descriptor.name));
    assert.ok(names.includes('tidegauge.runtime.up'));
    assert.ok(!names.includes('tidegauge.runtime.containers'));
  }
});

test('an old sample keeps its own time, however often it is collected', async () => {
  await using runtime = new TwoReaders(['a']);
  await runtime.both();
  const measuredAt = runtime.clock.now();
  for (const scopes of await runtime.both(900)) {
    const [point] = pointsIn(scopes, 'a', cpuTime);
    assert.equal(point && millisOf(point.endTime), measuredAt);
  }
});

test('thousands of containers are observed without holding the event loop', async (t) => {
  await using runtime = new TwoReaders(Array.from({ length: 450 }, (_, index) => `c${index}`));
  await runtime.collect();
  // However fast the machine is: each container takes a millisecond.
  let millis = performance.now();
  t.mock.method(performance, 'now', () => (millis += 1));
  let turns = 0;
  const count = (): void => {
    turns += 1;
    immediate = setImmediate(count);
  };
  let immediate = setImmediate(count);
  await runtime.meter.collect();
  clearImmediate(immediate);
  assert.ok(turns >= 10, `${turns}`);
});
