import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MetricData } from '@opentelemetry/sdk-metrics';
import fc from 'fast-check';
import { ContainerObservable } from '../../../src/export/container-producer.ts';
import { Points } from '../../../src/export/points.ts';

const observables = (['gauge', 'counter', 'updowncounter'] as const).map(
  (kind) => new ContainerObservable(`a.${kind}`, kind),
);

/** For each entity its observations: which observable, and the value. */
type Script = readonly (readonly (readonly [which: number, value: number])[])[];

const scripts = fc.array(
  fc.array(fc.tuple(fc.nat(observables.length - 1), fc.oneof(fc.nat(9), fc.double({ noNaN: true }))), {
    maxLength: 6,
  }),
  { maxLength: 5 },
);

function collect(points: Points, script: Script): readonly MetricData[][] {
  points.begin();
  const lists = script.map((observations) => {
    const list = points.beginEntity();
    for (const [which, value] of observations) {
      const observable = observables[which];
      const times = { at: 1000 + value, startedAt: which === 1 ? 500 : undefined };
      if (observable) points.add(observable, value, { key: `${value}` }, times);
    }
    return list;
  });
  points.end();
  return lists;
}

test('a collection of points that were taken before equals one of new points', () => {
  fc.assert(
    fc.property(fc.array(scripts, { minLength: 1, maxLength: 4 }), (rounds) => {
      const points = new Points();
      for (const script of rounds) assert.deepEqual(collect(points, script), collect(new Points(), script));
    }),
  );
});

test('the next collection of the same gives the same objects', () => {
  const points = new Points();
  const script: Script = [
    [
      [0, 1],
      [1, 2],
      [1, 3],
    ],
    [[0, 4]],
  ];
  const first = collect(points, script).flat();
  const kept = first.map(({ dataPoints }) => [...dataPoints]);
  const second = collect(points, script).flat();
  for (const [index, metric] of second.entries()) {
    assert.equal(metric, first[index]);
    for (const [place, point] of metric.dataPoints.entries()) assert.equal(point, kept[index]?.[place]);
  }
});

const onePoint: Script = [[[0, 1]]];

test('what is let go is handed out no more, and what was handed out stays whole', () => {
  const points = new Points();
  const [before] = collect(points, onePoint).flat();
  const [point] = before?.dataPoints ?? [];
  points.clear();
  const [after] = collect(points, [[[0, 2]]]).flat();
  assert.notEqual(after, before);
  assert.deepEqual([before?.dataPoints.length, point?.value], [1, 1]);
});

test('points of an open collection are neither taken back nor let go', () => {
  const points = new Points();
  points.begin();
  const list = points.beginEntity();
  assert.throws(() => points.begin(), /not whole/);
  points.clear();
  const [gauge] = observables;
  assert.ok(gauge);
  points.add(gauge, 1, {}, { at: 1000 });
  points.end();
  assert.equal(list[0]?.dataPoints.length, 1);
});
