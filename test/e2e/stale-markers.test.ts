import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { OtlpRequest } from '../support/real/collector.ts';
import { markersOf, pointsOf, type Point } from '../support/wire/otlp-points.ts';
import { startPrometheus, type Prometheus } from '../support/real/prometheus.ts';
import { skipWithoutScene, startScene, type Scene } from '../support/real/scene.ts';
import type { EngineVersion } from '../support/real/real-engine.ts';

/** Without markers Prometheus and the Collector's page would show a last value for five minutes: half of that is soon. */
const soonMillis = 150_000;

suite('stale markers', { concurrency: true, skip: skipWithoutScene }, () => {
  suite('20.10, container, protobuf', () => endsIn('20.10', []));
  suite('current, flat, JSON, delta', () =>
    endsIn('current', ['--otlp-resource=flat', '--otlp-protocol=http/json', '--otlp-temporality=delta']),
  );
});

function endsIn(version: EngineVersion, args: readonly string[]): void {
  let scene: Scene;
  let prometheus: Prometheus;

  before(async () => {
    scene = await startScene(version, ['--interval=2s', ...args], async (runtime) => {
      for (const name of ['kept', 'removed', 'stopped']) await runtime.run(name, [], 'exec sleep 1000');
    });
    prometheus = await startPrometheus({ targets: [scene.collector.prometheusUrl] });
  });
  after(async () => {
    await prometheus[Symbol.asyncDispose]();
    await scene[Symbol.asyncDispose]();
  });

  const seriesOf = (name: string): string => `{container_name="${name}"}`;

  test('of a removed container nothing is left in Prometheus, by one marker for each series', async () => {
    const { runtime, collector } = scene;
    const shown = await prometheus.waitFor(seriesOf('removed'), ({ length }) => length > 20, 120_000);
    await runtime.docker('rm', '--force', 'removed');
    // The runtime kills it first and removes it then: a push in between ends its usage alone.
    const requests = await collector.waitForExport(
      (all) => endedOf(all).length >= new Set(livedOf(all)).size,
    );
    await prometheus.waitFor(seriesOf('removed'), ({ length }) => length === 0, soonMillis);
    const page = await (await fetch(collector.prometheusUrl)).text();
    assert.deepEqual(
      page.split('\n').filter((line) => line.includes('container_name="removed"')),
      [],
    );
    // Series that one scrape missed are there after the next.
    await prometheus.waitFor(seriesOf('kept'), ({ length }) => length >= shown.length);
    const [ended, lived] = [endedOf(requests), livedOf(requests)];
    assert.deepEqual(ended.toSorted(), [...new Set(lived)].toSorted());
  });

  test('a stopped container keeps its state and loses its usage', async () => {
    const usage = 'container_memory_usage_bytes{container_name="stopped"}';
    await prometheus.waitFor(usage, undefined, 120_000);
    await scene.runtime.docker('kill', 'stopped');
    await prometheus.waitFor(usage, ({ length }) => length === 0, soonMillis);
    const exitCode = 'container_exit_code{container_name="stopped"}';
    assert.deepEqual(
      (await prometheus.waitFor(exitCode)).map(({ value }) => value),
      [137],
    );
  });
}

function endedOf(requests: readonly OtlpRequest[]): string[] {
  const points = requests.flatMap(markersOf);
  return points.filter((point) => nameOf(point) === 'removed').map(keyOf);
}

function livedOf(requests: readonly OtlpRequest[]): string[] {
  const points = requests.flatMap(pointsOf);
  return points.filter((point) => nameOf(point) === 'removed').map(keyOf);
}

function nameOf({ resource, attributes }: Point): unknown {
  return resource['container.name'] ?? attributes['container.name'];
}

function keyOf({ resource, name, unit, kind, attributes }: Point): string {
  return JSON.stringify([resource, name, unit, kind, attributes]);
}
