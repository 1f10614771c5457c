import { ValueType } from '@opentelemetry/api';
import type {
  Attributes,
  BatchObservableCallback,
  BatchObservableResult,
  Meter,
  MetricOptions,
  Observable,
  ObservableCallback,
} from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { CollectionResult, MetricData, MetricProducer, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import type { Entity } from './entity.ts';
import { Points } from './points.ts';
import type { Described, ObservedTimes } from './points.ts';

/** OpenTelemetry's scope of every container metric. */
const containerScope = { name: 'tidegauge' };
/** The wire has signed 64 bits: an integer beyond them would come out negative. */
const largestInt = 2 ** 63;

/** An instrument of the {@link ContainerMeter}: observed only through the batch callback. */
export class ContainerObservable implements Observable, Described {
  readonly name: string;
  readonly kind: Described['kind'];
  readonly descriptor: Described['descriptor'];

  constructor(name: string, kind: Described['kind'], options: MetricOptions = {}) {
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

  /**
   * Never rejects, as a rejection would fail the reader's whole collection: what is thrown is among the errors.
   * @param kept of a reader: what it was given before holds no more, unless that collection is still open.
   */
  async collect(options?: { timeoutMillis?: number }, kept?: Points): Promise<CollectionResult> {
    const points = kept?.isOpen === false ? kept : new Points();
    points.begin();
    const collection = new Collection(options?.timeoutMillis, points);
    const errors: unknown[] = [];
    try {
      await this.#callback(collection);
    } catch (error) {
      errors.push(new ObservationError(error));
    }
    points.end();
    return {
      resourceMetrics: { resource: resourceFromAttributes({}), scopeMetrics: collection.scopes },
      errors,
    };
  }
}

class Collection implements ContainerObservableResult {
  readonly timeoutMillis: number | undefined;
  readonly scopes: ScopeMetrics[] = [];
  readonly #points: Points;

  constructor(timeoutMillis: number | undefined, points: Points) {
    this.timeoutMillis = timeoutMillis;
    this.#points = points;
  }

  forEntity(observed: ObservedEntity): void {
    this.scopes.push(new EntityScope(observed, this.#points.beginEntity()));
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
    times: ObservedTimes,
  ): void {
    const isInt = observable.descriptor.valueType === ValueType.INT;
    if (!Number.isFinite(value) || (isInt && Math.abs(value) >= largestInt)) return;
    this.#points.add(observable, value, attributes, times);
  }
}
