import { setImmediate as nextTurn } from 'node:timers/promises';
import { ValueType } from '@opentelemetry/api';
import type { Catalogue } from '../metrics/catalogue.ts';
import type { Instrument } from '../model/instrument.ts';
import type { ContainerSnapshot, EngineSnapshot } from '../model/snapshot.ts';
import type { Trackers } from '../tracker/trackers.ts';
import type { ContainerMeter, ContainerObservable, ContainerObservableResult } from './container-meter.ts';
import type { Subjects } from './subject.ts';

/** Containers observed in one turn of the event loop: about 10 ms of work. */
const containersPerTurn = 200;

interface Declared<T> {
  readonly instrument: Instrument<T>;
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
  subjects: Subjects,
): void {
  const containers = catalogue.containers.map((instrument) => declare(meter, instrument));
  const engine = catalogue.engine.map((instrument) => declare(meter, instrument));
  const observe = async (result: ContainerObservableResult): Promise<void> => {
    const { timeoutMillis } = result;
    await trackers.update(timeoutMillis === undefined ? {} : { waitMillis: timeoutMillis });
    for (const snapshot of trackers.snapshots()) {
      observeEngine(result, snapshot, engine, subjects);
      for (const [index, container] of snapshot.containers.entries()) {
        if (index % containersPerTurn === containersPerTurn - 1) await nextTurn();
        observeContainer(result, container, containers, subjects);
      }
    }
  };
  meter.addBatchObservableCallback(
    observe,
    [...containers, ...engine].map(({ observable }) => observable),
  );
}

function declare<T>(meter: ContainerMeter, instrument: Instrument<T>): Declared<T> {
  const { name, kind, unit, description } = instrument;
  const isInteger = unit === 'By' || (unit.startsWith('{') && unit !== '{cpu}');
  const options = { unit, description, valueType: isInteger ? ValueType.INT : ValueType.DOUBLE };
  switch (kind) {
    case 'counter':
      return { instrument, observable: meter.createObservableCounter(name, options) };
    case 'updowncounter':
      return { instrument, observable: meter.createObservableUpDownCounter(name, options) };
    case 'gauge':
      return { instrument, observable: meter.createObservableGauge(name, options) };
  }
}

function observeEngine(
  result: ContainerObservableResult,
  snapshot: EngineSnapshot,
  declared: readonly Declared<EngineSnapshot>[],
  subjects: Subjects,
): void {
  result.forSubject({ subject: subjects.ofEngine(snapshot), owner: snapshot });
  for (const { instrument, observable } of declared) {
    instrument.observe(snapshot, (value, attributes) => {
      result.observeAt(observable, value, attributes, { at: snapshot.now });
    });
  }
}

function observeContainer(
  result: ContainerObservableResult,
  snapshot: ContainerSnapshot,
  declared: readonly Declared<ContainerSnapshot>[],
  subjects: Subjects,
): void {
  result.forSubject({ subject: subjects.ofContainer(snapshot), owner: snapshot.owner });
  const { stateAt, sample, published } = snapshot;
  for (const { instrument, observable } of declared) {
    // Unpublished: nothing may be shown but that measuring failed, and how often.
    if (!published && instrument.source !== 'agent') continue;
    const at = instrument.source === 'stats' && sample ? sample.takenAt : stateAt;
    instrument.observe(snapshot, (value, attributes, startedAt) => {
      result.observeAt(observable, value, attributes, { at, startedAt });
    });
  }
}
