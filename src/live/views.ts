import { catalogueOf } from '../metrics/catalogue.ts';
import { isObservable } from '../model/instrument.ts';
import type { Attributes } from '../model/instrument.ts';
import type { ContainerSnapshot } from '../model/snapshot.ts';
import type { PublishedSample } from './stats-collector.ts';
import type { FeedItem } from './event-feed.ts';

/** One value, under its name in the semantic conventions. */
export interface Value {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  readonly attributes?: Attributes;
}

/**
 * A container as the API shows it; while its state cannot be read, its identity alone. Never with its
 * environment or its command: both may hold secrets.
 */
export function containerView(snapshot: ContainerSnapshot): object {
  const { identity, runtime } = snapshot;
  const { id, name, image, labels } = identity;
  return {
    id,
    name,
    runtime: runtime.name,
    image: image.reference,
    labels,
    ...(snapshot.published && stateView(snapshot)),
    metrics: valuesOf(snapshot),
  };
}

function stateView({ state, limits, sample }: ContainerSnapshot): object {
  const { startedAt, finishedAt, ...rest } = state;
  return {
    state: { ...rest, startedAt: isoTime(startedAt), finishedAt: isoTime(finishedAt) },
    limits,
    sampledAt: isoTime(sample?.takenAt),
  };
}

/** A sample as the API shows it: only id and name while the container does not run. */
export function sampleView({ id, name, snapshot, hostCpus }: PublishedSample): object {
  if (!snapshot) return { id, name };
  const sampledAt = isoTime(snapshot.sample?.takenAt);
  return { id, name, runtime: snapshot.runtime.name, sampledAt, hostCpus, metrics: valuesOf(snapshot) };
}

/** An item of the event feed as the API's JSON. */
export function feedItemView(item: FeedItem): object {
  if (item.kind === 'listening') return { runtime: item.runtime, listening: item.isListening };
  if (item.kind === 'missed') return { runtime: item.runtime };
  const { id, action, nanos, health, name, image, exitCode, signal, labels } = item.event;
  const time = nanos === undefined ? undefined : isoTime(nanos / 1e6);
  const word = health === undefined ? action : `${action}: ${health}`;
  const attributes = { ...labels, name, image, exitCode: exitCode?.toString(), signal };
  return { runtime: item.runtime, time, id, name, action: word, attributes };
}

/** Metrics of the profile that are on by default. */
const { containers: instruments } = catalogueOf(['semconv']);

function valuesOf(snapshot: ContainerSnapshot): readonly Value[] {
  const values: Value[] = [];
  for (const instrument of instruments) {
    if (!isObservable(instrument, snapshot)) continue;
    const { name, unit } = instrument;
    instrument.observe(snapshot, (value, attributes) =>
      values.push({ name, unit, value, ...(attributes && { attributes }) }),
    );
  }
  return values;
}

/** Absent for an invalid time. */
function isoTime(millis: number | undefined): string | undefined {
  const date = new Date(millis ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
