import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resourceFromAttributes } from '@opentelemetry/resources';
import fc from 'fast-check';
import { ContainerMeter } from '../../../../src/export/container-producer.ts';
import type { ContainerObservableResult } from '../../../../src/export/container-producer.ts';
import type { Entity } from '../../../../src/export/entity.ts';
import { StaleSeries } from '../../../../src/export/otlp/ended-series.ts';
import type { RequestOutcome, StaleSeriesOptions } from '../../../../src/export/otlp/ended-series.ts';
import type { OtlpLayout } from '../../../../src/export/otlp/requests.ts';
import { requestSerializer } from '../../../../src/export/otlp/requests.ts';
import { FakeClock } from '../../../support/fakes/fake-clock.ts';
import type { OtlpRequest } from '../../../support/real/collector.ts';
import { asCollected } from '../../../support/wire/otlp-exports.ts';
import { markersOf, pointsOf, type Point } from '../../../support/wire/otlp-points.ts';

const series = ['limit', 'swap limit', 'io read', 'io write', 'usage', 'info'] as const;
const layouts: readonly OtlpLayout[] = ['container', 'flat'];

/** Existing containers, with the series of each. */
type Published = Readonly<Record<string, readonly (typeof series)[number][]>>;

/** A container meter, and what ends in its exports. */
class World {
  readonly clock = new FakeClock();
  readonly stale: StaleSeries;
  readonly #meter = new ContainerMeter();
  #published: Published = {};
  #at = 0;

  constructor(options: Partial<StaleSeriesOptions> = {}) {
    const { clock } = this;
    this.stale = new StaleSeries({
      layout: 'container',
      temporality: 'cumulative',
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      ...options,
    });
    const limit = this.#meter.createObservableGauge('limit', { unit: 'By', description: 'A limit' });
    const io = this.#meter.createObservableCounter('io', { unit: 'By' });
    const usage = this.#meter.createObservableUpDownCounter('usage');
    const info = this.#meter.createObservableGauge('info');
    this.#meter.addBatchObservableCallback((result: ContainerObservableResult) => {
      for (const [name, has] of Object.entries(this.#published)) {
        result.forEntity({ entity: subjectOf(name), owner: {} });
        if (has.includes('limit')) result.observeAt(limit, 1, undefined, { at: this.#at });
        if (has.includes('swap limit')) result.observeAt(limit, 1, { swap: true }, { at: this.#at });
        if (has.includes('io read'))
          result.observeAt(io, 1, { direction: 'read', queue: 0 }, { at: this.#at });
        if (has.includes('io write'))
          result.observeAt(io, 1, { direction: 'write', queue: 0 }, { at: this.#at });
        if (has.includes('usage')) result.observeAt(usage, 1, undefined, { at: this.#at });
        if (has.includes('info')) result.observeAt(info, 1, { of: name }, { at: this.#at });
      }
    }, []);
  }

  /**
   * One export with these results of its requests, in order; further ones succeed. Gives the content of each.
   */
  async export(
    published: Published,
    outcomes: readonly RequestOutcome[] = [],
    at?: number,
  ): Promise<OtlpRequest[]> {
    this.#published = published;
    await this.clock.advance(1000);
    this.#at = at ?? this.clock.now();
    const { resourceMetrics } = await this.#meter.collect();
    const collected = asCollected([{ scope: { name: 'own' }, metrics: [] }, ...resourceMetrics.scopeMetrics]);
    await this.stale.compare(collected);
    const requests: OtlpRequest[] = [];
    for (const { resources, settle } of this.stale.requestsOf(collected)) {
      const outcome = outcomes[requests.length] ?? 'taken';
      const bytes = requestSerializer('http/json').serializeRequest(resources) ?? [];
      requests.push(JSON.parse(Buffer.from(bytes).toString()));
      settle(outcome);
      if (outcome === 'failed') break;
    }
    return requests;
  }
}

/** Another object each time, as when a runtime was away. */
function subjectOf(name: string): Entity {
  const host = resourceFromAttributes({ 'host.name': 'h' });
  const resource = resourceFromAttributes({ 'container.name': name, tags: ['1', '2'], 'host.name': 'h' });
  return { resource, host, labels: {}, point: { team: 'blue' } };
}

function keyOf({ resource, name, unit, kind, attributes }: Point): string {
  return JSON.stringify([resource, name, unit, kind, attributes]);
}

/** Markers that are yet to come, by the requests themselves. */
class Debt {
  readonly owed = new Set<string>();
  #live = new Set<string>();

  follow(live: readonly Point[]): void {
    for (const key of this.#live) this.owed.add(key);
    this.#live = new Set(live.map(keyOf));
    for (const key of this.#live) this.owed.delete(key);
  }

  pay(markers: readonly Point[], outcome: RequestOutcome): void {
    for (const key of markers.map(keyOf)) {
      assert.ok(this.owed.has(key), `not owed: ${key}`);
      if (outcome === 'taken') this.owed.delete(key);
    }
  }
}

const published: fc.Arbitrary<Published> = fc.dictionary(
  fc.constantFrom('a', 'b', 'c'),
  fc.subarray([...series]),
);
const outcome = fc.constantFrom<RequestOutcome>('taken', 'taken', 'refused', 'failed');
const rounds = fc.array(fc.record({ published, outcomes: fc.array(outcome, { maxLength: 2 }) }), {
  maxLength: 15,
});

for (const layout of layouts) {
  test(`${layout}: each series that ends gets one marker that is taken, whatever fails, unless it comes back`, async () => {
    await fc.assert(
      fc.asyncProperty(rounds, async (steps) => {
        const world = new World({ layout });
        const debt = new Debt();
        const all = [...steps, { published: {}, outcomes: [] }, { published: {}, outcomes: [] }];
        for (const { published: now, outcomes } of all) {
          const requests = await world.export(now, outcomes);
          debt.follow(requests.flatMap(pointsOf));
          for (const [index, request] of requests.entries())
            debt.pay(markersOf(request), outcomes[index] ?? 'taken');
        }
        assert.deepEqual(debt.owed, new Set());
      }),
    );
  });
}

test('a marker stands where its series stood, with the time of the export', async () => {
  for (const layout of layouts) {
    const world = new World({ layout });
    const [before = {}] = await world.export({ a: series });
    const [after = {}] = await world.export({});
    const markers = markersOf(after);
    assert.deepEqual(markers.map(keyOf).toSorted(), pointsOf(before).map(keyOf).toSorted());
    assert.deepEqual(
      new Set(markers.map(({ nanos }) => nanos)),
      new Set([BigInt(world.clock.now()) * 10n ** 6n]),
    );
    const again = await world.export({});
    assert.deepEqual(again.flatMap(markersOf), []);
  }
});

test('of a runtime whose clock is ahead a marker comes after the last point all the same', async () => {
  const world = new World();
  const ahead = world.clock.now() + 120_000;
  const [before = {}] = await world.export({ a: ['usage'] }, [], ahead);
  const [after = {}] = await world.export({});
  const [point] = pointsOf(before);
  const [marker] = markersOf(after);
  assert.ok(marker && point && marker.nanos > point.nanos, `${marker?.nanos} after ${point?.nanos}`);
});

test('in delta temporality counters end as deltas', async () => {
  const world = new World({ temporality: 'delta' });
  await world.export({ a: series });
  const [{ resourceMetrics = [] } = {}] = await world.export({});
  const metrics = resourceMetrics.flatMap(({ scopeMetrics = [] }) =>
    scopeMetrics.flatMap((each) => each.metrics ?? []),
  );
  const temporalities = metrics.flatMap(({ name, sum }) => (sum ? [[name, sum.aggregationTemporality]] : []));
  assert.deepEqual(temporalities, [
    ['io', 1],
    ['io', 1],
    ['usage', 2],
  ]);
});

test('a renamed container ends under its old name and lives under its new one', async () => {
  const world = new World();
  await world.export({ a: ['usage'] });
  const [request = {}] = await world.export({ b: ['usage'] });
  const names = (points: readonly Point[]): unknown[] =>
    points.map(({ resource }) => resource['container.name']);
  assert.deepEqual([names(markersOf(request)), names(pointsOf(request))], [['a'], ['b']]);
});

test('markers that were refused together with figures go alone, in the same export and afterwards', async () => {
  const world = new World();
  await world.export({ a: ['usage'], b: ['usage'] });
  const refused = await world.export({ b: ['usage'] }, ['refused', 'refused']);
  const later = await world.export({ b: ['usage'] });
  for (const requests of [refused, later.slice(-1)]) {
    const alone = requests.at(-1) ?? {};
    assert.deepEqual([markersOf(alone).length, pointsOf(alone).length], [1, 0]);
  }
  assert.deepEqual([refused.length, later.length, markersOf(later[0] ?? {}).length], [2, 2, 0]);
  assert.equal((await world.export({ b: ['usage'] })).length, 1);
});

test('markers that nobody takes are given up after five minutes', async () => {
  const world = new World();
  await world.export({ a: ['usage'] });
  const [first = {}] = await world.export({}, ['failed']);
  await world.clock.advance(298_000);
  const [late = {}] = await world.export({}, ['failed']);
  const [later = {}] = await world.export({});
  assert.deepEqual(
    [first, late, later].map((each) => markersOf(each).length),
    [1, 1, 0],
  );
});
