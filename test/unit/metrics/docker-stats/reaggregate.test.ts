import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AggregationStrategy } from '../../../../src/metrics/docker-stats/options.ts';
import { reaggregated } from '../../../../src/metrics/docker-stats/options.ts';
import type { ContainerInstrument } from '../../../../src/model/instrument.ts';
import { observationsOf, snapshotWith } from '../observed.ts';

const points = [
  [3, { device: 'a', operation: 'read' }, 1000],
  [4, { device: 'b', operation: 'read' }, 2000],
  [6, { device: 'a', operation: 'write' }, 1000],
] as const;

const instrument: ContainerInstrument = {
  name: 'x',
  kind: 'counter',
  unit: 'By',
  description: 'x',
  valueType: 'int',
  attributes: ['device', 'operation'],
  source: 'stats',
  stability: 'peer',
  observe: (_snapshot, observe) => {
    for (const [value, attributes, startedAt] of points) observe(value, attributes, startedAt);
  },
};

function values(attributes: string[], strategy: AggregationStrategy): unknown[] {
  const left = reaggregated(instrument, attributes, strategy);
  assert.deepEqual(left.attributes, attributes);
  return observationsOf(left, snapshotWith()).map(({ value, startedAt }) => [value, startedAt]);
}

test('points that are the same without the left-out attributes become one, begun with the youngest', () => {
  assert.deepEqual(values(['operation'], 'sum'), [
    [7, 2000],
    [6, 1000],
  ]);
  assert.deepEqual(values([], 'sum'), [[13, 2000]]);
  assert.deepEqual(values([], 'avg'), [[4, 2000]]);
  assert.deepEqual(values([], 'min'), [[3, 2000]]);
  assert.deepEqual(values([], 'max'), [[6, 2000]]);
});

test('doubles are averaged as such, and nothing observed stays nothing', () => {
  const doubles = reaggregated({ ...instrument, valueType: 'double' }, ['operation'], 'avg');
  assert.deepEqual(
    observationsOf(doubles, snapshotWith()).map(({ value }) => value),
    [3.5, 6],
  );
  const silent = reaggregated({ ...instrument, observe: () => undefined }, [], 'sum');
  assert.deepEqual(observationsOf(silent, snapshotWith()), []);
});
