import { ValueType } from '@opentelemetry/api';
import { KeyedQueue } from '../concurrency/queues.ts';
import { Slices } from '../concurrency/slices.ts';
import type { Catalogue } from '../metrics/catalogue.ts';
import { AttributeCache, isObservable, stampedAt, stampOf } from '../model/instrument.ts';
import type { ContainerInstrument, Instrument, Observe, RuntimeInstrument } from '../model/instrument.ts';
import type { CgroupSnapshot, ContainerSnapshot, RuntimeSnapshot } from '../model/snapshot.ts';
import type { Trackers } from '../tracker/trackers.ts';
import type { ContainerMeter, ContainerObservable, ContainerObservableResult } from './container-producer.ts';
import type { Entities } from './entity.ts';

interface Declared<Each> {
  readonly instrument: Each;
  readonly observable: ContainerObservable;
}

/**
 * Registers the one batch callback: update the trackers under their lock, then observe what is published through
 * every instrument of the catalogue.
 */
export function observeContainers(
  meter: ContainerMeter,
  trackers: Trackers,
  catalogue: Catalogue,
  entities: Entities,
): void {
  const containers = catalogue.containers.map((instrument) => declare(meter, instrument));
  const runtime = catalogue.runtime.map((instrument) => declare(meter, instrument));
  const cache = new AttributeCache();
  const observeAll = async (result: ContainerObservableResult): Promise<void> => {
    entities.round();
    cache.round();
    const slices = new Slices();
    const observer = new ContainerObserver(result, containers, entities, cache);
    for (const snapshot of trackers.snapshots()) {
      result.forEntity({ entity: entities.ofRuntime(snapshot), owner: snapshot.owner });
      observeRuntime(result, snapshot, runtime, cache);
      for (const cgroup of snapshot.cgroups ?? []) {
        if (slices.step()) await slices.next();
        result.forEntity({ entity: entities.ofRuntime(snapshot), owner: cgroup.owner });
        observer.observeCgroup(cgroup, snapshot.now);
      }
      for (const container of snapshot.containers) {
        if (slices.step()) await slices.next();
        observer.observe(container, snapshot.now);
      }
      for (const gone of snapshot.removed ?? []) {
        if (slices.step()) await slices.next();
        observer.observe(gone, snapshot.now);
      }
    }
  };
  // One after the other: a collection that is cut into slices is not overtaken by one that began after it.
  const queue = new KeyedQueue();
  const observe = async (result: ContainerObservableResult): Promise<void> => {
    const { timeoutMillis } = result;
    await trackers.update(timeoutMillis === undefined ? {} : { waitMillis: timeoutMillis });
    await queue.run('', () => observeAll(result));
  };
  meter.addBatchObservableCallback(
    observe,
    [...containers, ...runtime].map(({ observable }) => observable),
  );
}

function declare<Each extends Instrument<never>>(meter: ContainerMeter, instrument: Each): Declared<Each> {
  const { name, kind, unit, description } = instrument;
  const byUnit = unit === 'By' || (unit.startsWith('{') && unit !== '{cpu}') ? 'int' : 'double';
  const valueType = (instrument.valueType ?? byUnit) === 'int' ? ValueType.INT : ValueType.DOUBLE;
  const options = { unit, description, valueType };
  switch (kind) {
    case 'counter':
      return { instrument, observable: meter.createObservableCounter(name, options) };
    case 'updowncounter':
      return { instrument, observable: meter.createObservableUpDownCounter(name, options) };
    case 'gauge':
      return { instrument, observable: meter.createObservableGauge(name, options) };
  }
}

function observeRuntime(
  result: ContainerObservableResult,
  snapshot: RuntimeSnapshot,
  declared: readonly Declared<RuntimeInstrument>[],
  cache: AttributeCache,
): void {
  for (const { instrument, observable } of declared) {
    const observe: Observe = (value, attributes, startedAt) => {
      result.observeAt(observable, value, attributes, { at: snapshot.now, startedAt });
    };
    instrument.observe(snapshot, observe, cache);
  }
}

/** Observes one container after the other; what an instrument needs to observe is made once and not per container. */
class ContainerObserver {
  readonly #result: ContainerObservableResult;
  readonly #entities: Entities;
  readonly #cache: AttributeCache;
  readonly #declared: readonly { instrument: ContainerInstrument; observe: Observe }[];
  #snapshot: Pick<ContainerSnapshot, 'sample' | 'stateAt'> | undefined;
  #now = 0;
  /** One object for all observations. */
  readonly #times: { at: number; startedAt: number | undefined } = { at: 0, startedAt: undefined };

  constructor(
    result: ContainerObservableResult,
    declared: readonly Declared<ContainerInstrument>[],
    entities: Entities,
    cache: AttributeCache,
  ) {
    this.#result = result;
    this.#cache = cache;
    this.#entities = entities;
    this.#declared = declared.map(({ instrument, observable }) => {
      const stamp = stampOf(instrument);
      const observe: Observe = (value, attributes, startedAt) => {
        this.#times.at = this.#snapshot ? stampedAt(stamp, this.#snapshot, this.#now) : this.#now;
        this.#times.startedAt = startedAt;
        result.observeAt(observable, value, attributes, this.#times);
      };
      return { instrument, observe };
    });
  }

  /** Observes a cgroup that is no container's, by the instruments that it has. */
  observeCgroup(cgroup: CgroupSnapshot, now: number): void {
    this.#snapshot = cgroup;
    this.#now = now;
    for (const { instrument, observe } of this.#declared)
      instrument.observeCgroup?.(cgroup, observe, this.#cache);
  }

  /** @param now the moment of the collection; milliseconds since the epoch. */
  observe(snapshot: ContainerSnapshot, now: number): void {
    this.#snapshot = snapshot;
    this.#now = now;
    this.#result.forEntity({ entity: this.#entities.ofContainer(snapshot), owner: snapshot.owner });
    for (const { instrument, observe } of this.#declared)
      if (isObservable(instrument, snapshot)) instrument.observe(snapshot, observe, this.#cache);
  }
}
