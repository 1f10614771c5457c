import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ValueType } from '@opentelemetry/api';
import type { BatchObservableCallback, Meter } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { DataPointType } from '@opentelemetry/sdk-metrics';
import type { MetricProducer } from '@opentelemetry/sdk-metrics';
import {
  ContainerMeter,
  ContainerObservable,
  observedIn,
  ObservationError,
} from '../../../src/export/container-producer.ts';
import type { ContainerObservableResult, ObservedEntity } from '../../../src/export/container-producer.ts';
import { millisOf, numberPoints } from '../../support/wire/collected-points.ts';

/** The API's own observable half: what is written against it takes a container meter. */
type ObservableMeter = Pick<
  Meter,
  | 'createObservableGauge'
  | 'createObservableCounter'
  | 'createObservableUpDownCounter'
  | 'addBatchObservableCallback'
>;

function subjectOf(name: string): ObservedEntity {
  const resource = resourceFromAttributes({ 'container.name': name });
  return { owner: {}, entity: { resource, host: resourceFromAttributes({}), labels: {} } };
}

const at = Date.UTC(2026, 0, 2);

test('it has the shape of the API’s Meter and of a MetricProducer', async () => {
  const container = new ContainerMeter();
  const meter: ObservableMeter = container;
  const producer: MetricProducer = container;
  const options = { unit: 'By', description: 'Bytes', valueType: ValueType.INT };
  const observables = [
    meter.createObservableGauge('gauge', options),
    meter.createObservableCounter('counter'),
    meter.createObservableUpDownCounter('updown'),
  ];
  const callback: BatchObservableCallback = (result) => {
    for (const observable of observables) result.observe(observable, 7, { key: 'value' });
  };
  container.addBatchObservableCallback((result: ContainerObservableResult) => {
    result.forEntity(subjectOf('a'));
    return callback(result);
  }, observables);
  const { resourceMetrics, errors } = await producer.collect();
  assert.deepEqual(errors, []);
  const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
  assert.deepEqual(
    metrics.map((metric) => [
      metric.descriptor,
      metric.dataPointType,
      metric.dataPointType === DataPointType.SUM && metric.isMonotonic,
      numberPoints(metric).map(({ value, attributes }) => [value, attributes]),
    ]),
    [
      [{ name: 'gauge', ...options }, DataPointType.GAUGE, false, [[7, { key: 'value' }]]],
      [descriptor('counter'), DataPointType.SUM, true, [[7, { key: 'value' }]]],
      [descriptor('updown'), DataPointType.SUM, false, [[7, { key: 'value' }]]],
    ],
  );
  assert.throws(() => observables[0]?.addCallback(() => undefined), /addBatchObservableCallback/);
});

function descriptor(name: string): object {
  return { name, unit: '', description: '', valueType: ValueType.DOUBLE };
}

/** Observes one value, and what came of it. */
async function observed(valueType: ValueType, value: number): Promise<number[]> {
  const meter = new ContainerMeter();
  const gauge = meter.createObservableGauge('g', { valueType });
  meter.addBatchObservableCallback(
    (result: ContainerObservableResult) => {
      result.forEntity(subjectOf('a'));
      result.observeAt(gauge, value, {}, { at });
    },
    [gauge],
  );
  const { resourceMetrics } = await meter.collect();
  return resourceMetrics.scopeMetrics
    .flatMap((scope) => scope.metrics)
    .flatMap(numberPoints)
    .map((point) => point.value);
}

test('what the wire cannot carry is not exported', async () => {
  for (const type of [ValueType.INT, ValueType.DOUBLE]) {
    for (const value of [NaN, Infinity, -Infinity]) assert.deepEqual(await observed(type, value), []);
  }
  for (const value of [2 ** 63, -(2 ** 64), Number.MAX_VALUE])
    assert.deepEqual(await observed(ValueType.INT, value), []);
  assert.deepEqual(await observed(ValueType.INT, 2 ** 62), [2 ** 62]);
  assert.deepEqual(await observed(ValueType.DOUBLE, 2 ** 64), [2 ** 64]);
  assert.deepEqual(await observed(ValueType.DOUBLE, -0.5), [-0.5]);
});

test('collect never rejects: what a callback throws is told beside what it observed before', async () => {
  for (const fails of [() => Promise.reject(new Error('late')), () => assert.fail('at once')]) {
    const meter = new ContainerMeter();
    const gauge = meter.createObservableGauge('g');
    meter.addBatchObservableCallback(
      (result: ContainerObservableResult) => {
        result.forEntity(subjectOf('a'));
        result.observe(gauge, 1);
        return fails();
      },
      [gauge],
    );
    const { resourceMetrics, errors } = await meter.collect();
    assert.deepEqual([resourceMetrics.scopeMetrics.length, errors.length], [1, 1]);
    assert.ok(errors[0] instanceof ObservationError);
    assert.match(errors[0].message, /^containers cannot be observed: (?:late|at once)$/);
  }
});

test('a meter without callback has nothing', async () => {
  const { resourceMetrics, errors } = await new ContainerMeter().collect({ timeoutMillis: 1 });
  assert.deepEqual([resourceMetrics.scopeMetrics, errors], [[], []]);
});

test('the callback hears how long the reader waits; each subject has its own scope, and keeps its identity', async () => {
  const meter = new ContainerMeter();
  const counter = meter.createObservableCounter('c');
  const entities = [subjectOf('a'), subjectOf('b')];
  let waitMillis: number | undefined;
  meter.addBatchObservableCallback(
    (result: ContainerObservableResult) => {
      waitMillis = result.timeoutMillis;
      for (const entity of entities) {
        result.forEntity(entity);
        result.observeAt(counter, 1, {}, { at, startedAt: at - 5 });
        result.observeAt(counter, 2, { more: 1 }, { at, startedAt: at + 5 });
      }
    },
    [counter],
  );
  const { resourceMetrics } = await meter.collect({ timeoutMillis: 1234 });
  assert.equal(waitMillis, 1234);
  const { scopeMetrics } = resourceMetrics;
  assert.deepEqual(
    scopeMetrics.map((scope) => observedIn(scope)),
    entities,
  );
  const times = scopeMetrics
    .flatMap((scope) => scope.metrics.flatMap(numberPoints))
    .map(({ startTime, endTime }) => [millisOf(startTime) - at, millisOf(endTime) - at]);
  // A start after the point's own time would be refused by collectors.
  assert.deepEqual(times, [
    [-5, 0],
    [0, 0],
    [-5, 0],
    [0, 0],
  ]);
});

test('observations of foreign observables are left alone', async () => {
  const meter = new ContainerMeter();
  const foreign = { addCallback: () => undefined, removeCallback: () => undefined };
  meter.addBatchObservableCallback((result: ContainerObservableResult) => {
    result.forEntity(subjectOf('a'));
    result.observe(foreign, 1);
  }, []);
  const { resourceMetrics, errors } = await meter.collect();
  assert.deepEqual([resourceMetrics.scopeMetrics[0]?.metrics, errors], [[], []]);
  assert.ok(!(foreign instanceof ContainerObservable));
});
