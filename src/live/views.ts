import type { ContainerView, SampleView, StreamMessage } from '../http/schemas.ts';
import { catalogueOf } from '../metrics/catalogue.ts';
import { isObservable } from '../model/instrument.ts';
import type { ContainerSnapshot } from '../model/snapshot.ts';
import type { PublishedSample } from './stats-collector.ts';
import type { FeedItem } from './event-feed.ts';

/**
 * A container as the API shows it; while its state cannot be read, its identity alone. Never with its
 * environment or its command: both may hold secrets.
 */
export function containerView(snapshot: ContainerSnapshot): ContainerView {
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

function stateView({
  state,
  limits,
  sample,
}: ContainerSnapshot): Pick<ContainerView, 'state' | 'limits' | 'sampledAt'> {
  const { startedAt, finishedAt, ...rest } = state;
  return {
    state: { ...rest, startedAt: isoTime(startedAt), finishedAt: isoTime(finishedAt) },
    limits,
    sampledAt: isoTime(sample?.takenAt),
  };
}

/** A sample as the API shows it: only id and name while the container does not run. */
export function sampleView({ id, name, snapshot, hostCpus }: PublishedSample): SampleView {
  if (!snapshot) return { id, name };
  const sampledAt = isoTime(snapshot.sample?.takenAt);
  return { id, name, runtime: snapshot.runtime.name, sampledAt, hostCpus, metrics: valuesOf(snapshot) };
}

/** An item of the event feed as a message of the API. */
export function feedMessage(item: FeedItem): StreamMessage {
  const { runtime } = item;
  if (item.kind === 'listening')
    return { event: 'listening', data: { runtime, listening: item.isListening } };
  if (item.kind === 'missed') return { event: 'missed', data: { runtime } };
  const { id, action, nanos, health, name, image, exitCode, signal, labels } = item.event;
  const time = nanos === undefined ? undefined : isoTime(nanos / 1e6);
  const word = health === undefined ? action : `${action}: ${health}`;
  const attributes = { ...labels, name, image, exitCode: exitCode?.toString(), signal };
  return { event: 'container', data: { runtime, time, id, name, action: word, attributes } };
}

/** Metrics of the profile that are on by default. */
const { containers: instruments } = catalogueOf(['semconv']);

function valuesOf(snapshot: ContainerSnapshot): ContainerView['metrics'] {
  const values: ContainerView['metrics'][number][] = [];
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
