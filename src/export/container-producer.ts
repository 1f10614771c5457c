import { ValueType } from '@opentelemetry/api';
import type {
  Attributes,
  BatchObservableCallback,
  BatchObservableResult,
  HrTime,
  Meter,
  MetricOptions,
  Observable,
  ObservableCallback,
} from '@opentelemetry/api';
import { millisToHrTime } from '@opentelemetry/core';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AggregationTemporality, DataPointType } from '@opentelemetry/sdk-metrics';
import type {
  CollectionResult,
  DataPoint,
  MetricData,
  MetricProducer,
  ScopeMetrics,
} from '@opentelemetry/sdk-metrics';
import type { Entity } from './entity.ts';

/** OpenTelemetry's scope of every container metric. */
const containerScope = { name: 'tidegauge' };
/** The wire has signed 64 bits: an integer beyond them would come out negative. */
const largestInt = 2 ** 63;

type Kind = 'gauge' | 'counter' | 'updowncounter';

/** An instrument of the {@link ContainerMeter}: observed only through the batch callback. */
export class ContainerObservable implements Observable {
  readonly name: string;
  readonly kind: Kind;
  readonly descriptor: MetricData['descriptor'];

  constructor(name: string, kind: Kind, options: MetricOptions = {}) {
    this.name = name;
    this.kind = kind;
    const { description = '', unit = '', valueType = ValueType.DOUBLE } = options;
    this.descriptor = { name, description, unit, valueType };
  }

  /** Refused: one batch callback observes all containers at once. */
  addCallback(_callback: ObservableCallback): void {
    throw new Error(`${this.name}: use addBatchObservableCallback`);
  }

  /** Nothing to remove: see {@link ContainerObservable.addCallback}. */
  removeCallback(_callback: ObservableCallback): void {}
}

/** An error of the batch callback: the containers after it are missing from the collection. */
export class ObservationError extends Error {
  override readonly name = 'ObservationError';

  constructor(cause: unknown) {
    super(`containers cannot be observed: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

/** Entity and time of the next observations. */
export interface ObservedEntity {
  readonly entity: Entity;
  /** Keeps what a reader remembers of the entity's points: dies with the tracker. */
  readonly owner: object;
  /** All of its metrics, where a reader has left out points without news. */
  readonly all?: readonly MetricData[];
}

/** Time of the next observations; milliseconds since the epoch. */
export interface ObservedTimes {
  readonly at: number;
  /** Of a counter: when it began. */
  readonly startedAt?: number | undefined;
}

const noAttributes: Attributes = {};

/** Argument of the batch callback: the API's result, one entity at a time. */
export interface ContainerObservableResult extends BatchObservableResult {
  /** Time-out of the collecting reader; absent when it has none. */
  readonly timeoutMillis: number | undefined;
  forEntity(observed: ObservedEntity): void;
  /** The API's `observe` with the times that it does not take; these are read at once. */
  observeAt(
    observable: ContainerObservable,
    value: number,
    attributes: Attributes | undefined,
    times: ObservedTimes,
  ): void;
}

/** A batch callback over entities; the API's own kind observes nothing here. */
export type ContainerCallback = (result: ContainerObservableResult) => void | Promise<void>;

type ObservableMeter = Pick<
  Meter,
  'createObservableGauge' | 'createObservableCounter' | 'createObservableUpDownCounter'
>;

/** The metrics of one entity. Readers only concatenate scopes, so that the type survives up to the exporters. */
export class EntityScope implements ScopeMetrics {
  readonly scope = containerScope;
  readonly metrics: MetricData[];
  readonly observed: ObservedEntity;

  constructor(observed: ObservedEntity, metrics: MetricData[]) {
    this.observed = observed;
    this.metrics = metrics;
  }
}

/** The entity of a scope; undefined for one of the agent's own instruments. */
export function observedIn(scope: ScopeMetrics): ObservedEntity | undefined {
  return scope instanceof EntityScope ? scope.observed : undefined;
}

/**
 * The observable half of the API's `Meter`, and a `MetricProducer` for every reader: container-major, one
 * ScopeMetrics per entity, nothing kept between two collections. An entity that is not observed is gone at
 * once. The SDK's own storage would export removed containers for ever and corrupt restarted counters.
 * The API's shape is kept by design: container metrics are declared and observed like all asynchronous instruments.
 */
export class ContainerMeter implements ObservableMeter, MetricProducer {
  #callback: ContainerCallback = () => undefined;

  createObservableGauge(name: string, options?: MetricOptions): ContainerObservable {
    return new ContainerObservable(name, 'gauge', options);
  }

  createObservableCounter(name: string, options?: MetricOptions): ContainerObservable {
    return new ContainerObservable(name, 'counter', options);
  }

  createObservableUpDownCounter(name: string, options?: MetricOptions): ContainerObservable {
    return new ContainerObservable(name, 'updowncounter', options);
  }

  /** Sets the one callback that observes every entity; a later one replaces it. */
  addBatchObservableCallback(
    callback: BatchObservableCallback | ContainerCallback,
    _observables: Observable[],
  ): void {
    this.#callback = callback;
  }

  /** Never rejects, as a rejection would fail the reader's whole collection: what is thrown is among the errors. */
  async collect(options?: { timeoutMillis?: number }): Promise<CollectionResult> {
    const collection = new Collection(options?.timeoutMillis);
    const errors: unknown[] = [];
    try {
      await this.#callback(collection);
    } catch (error) {
      errors.push(new ObservationError(error));
    }
    return {
      resourceMetrics: { resource: resourceFromAttributes({}), scopeMetrics: collection.scopes },
      errors,
    };
  }
}

class Collection implements ContainerObservableResult {
  readonly timeoutMillis: number | undefined;
  readonly scopes: ScopeMetrics[] = [];
  readonly #times = new HrTimes();
  readonly #starts = new HrTimes();
  #metrics: NumberMetric[] = [];
  /** The metric of the last observation: observations of one instrument mostly come together. */
  #last: NumberMetric | undefined;

  constructor(timeoutMillis: number | undefined) {
    this.timeoutMillis = timeoutMillis;
  }

  forEntity(observed: ObservedEntity): void {
    this.#metrics = [];
    this.#last = undefined;
    this.scopes.push(new EntityScope(observed, this.#metrics));
  }

  /** The API's form, without a time: now. */
  observe(observable: Observable, value: number, attributes?: Attributes): void {
    if (observable instanceof ContainerObservable)
      this.observeAt(observable, value, attributes, { at: Date.now() });
  }

  observeAt(
    observable: ContainerObservable,
    value: number,
    attributes: Attributes = noAttributes,
    { at, startedAt = at }: ObservedTimes,
  ): void {
    const isInt = observable.descriptor.valueType === ValueType.INT;
    if (!Number.isFinite(value) || (isInt && Math.abs(value) >= largestInt)) return;
    const endTime = this.#times.of(at);
    const startTime = startedAt < at ? this.#starts.of(startedAt) : endTime;
    this.#add(observable, { startTime, endTime, attributes, value });
  }

  #add(observable: ContainerObservable, point: DataPoint<number>): void {
    const { descriptor } = observable;
    if (this.#last?.descriptor !== descriptor)
      this.#last = this.#metrics.find((metric) => metric.descriptor === descriptor);
    if (this.#last) this.#last.dataPoints.push(point);
    // Most metrics have one point: a list made for it is a tenth of one that grew to it.
    else this.#metrics.push((this.#last = metricOf(observable, [point])));
  }
}

/** Times in the SDK's form; points that follow each other mostly share theirs. */
class HrTimes {
  #millis = Number.NaN;
  #time: HrTime = [0, 0];

  of(millis: number): HrTime {
    if (millis !== this.#millis) this.#time = millisToHrTime(millis);
    this.#millis = millis;
    return this.#time;
  }
}

type NumberMetric = Extract<MetricData, { dataPointType: DataPointType.GAUGE | DataPointType.SUM }>;

/** A metric of that kind, in the SDK's form. */
export function metricOf(
  { kind, descriptor }: Pick<ContainerObservable, 'kind' | 'descriptor'>,
  dataPoints: DataPoint<number>[],
  aggregationTemporality = AggregationTemporality.CUMULATIVE,
): NumberMetric {
  if (kind === 'gauge') {
    return { descriptor, aggregationTemporality, dataPoints, dataPointType: DataPointType.GAUGE };
  }
  const isMonotonic = kind === 'counter';
  return { descriptor, aggregationTemporality, dataPoints, dataPointType: DataPointType.SUM, isMonotonic };
}
