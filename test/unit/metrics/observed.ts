import { catalogueOf, type Catalogue, type ProfileName } from '../../../src/metrics/catalogue.ts';
import type { ContainerIdentity } from '../../../src/model/container.ts';
import type { RuntimeDescription } from '../../../src/model/runtime.ts';
import { AttributeCache } from '../../../src/model/instrument.ts';
import type { Attributes, Instrument, Observe } from '../../../src/model/instrument.ts';
import type { ContainerSnapshot, RuntimeSnapshot } from '../../../src/model/snapshot.ts';
import { parseInspect } from '../../../src/sources/docker/inspect.ts';
import { parseStats } from '../../../src/sources/docker/stats.ts';
import { recordedJson, type Capture } from '../../support/wire/recorded-cases.ts';

/** One observation of one instrument. */
export interface Observation {
  readonly value: number;
  readonly attributes: Attributes;
  readonly startedAt: number | undefined;
}

/** Observations of an entity by an instrument. */
export function observationsOf<T>(instrument: Instrument<T>, entity: T): Observation[] {
  const observations: Observation[] = [];
  const observe: Observe = (value, attributes = {}, startedAt) =>
    observations.push({ value, attributes, startedAt });
  instrument.observe(entity, observe, new AttributeCache());
  return observations;
}

/** Every value of a container by metric and attributes: `container.cpu.time{"cpu.mode":"user"}`. */
export function valuesOf(
  snapshot: ContainerSnapshot,
  profiles: readonly ProfileName[],
  catalogue: Catalogue = catalogueOf(profiles),
): Map<string, number> {
  const values = new Map<string, number>();
  for (const instrument of catalogue.containers) {
    for (const { value, attributes } of observationsOf(instrument, snapshot)) {
      const key = `${instrument.name}${Object.keys(attributes).length > 0 ? JSON.stringify(attributes) : ''}`;
      if (values.has(key)) throw new Error(`observed twice: ${key}`);
      values.set(key, value);
    }
  }
  return values;
}

/** A container's values in profile `semconv`. */
export function semconv(snapshot: ContainerSnapshot): Map<string, number> {
  return valuesOf(snapshot, ['semconv']);
}

/** A runtime as it describes itself. */
export const runtime: RuntimeDescription = {
  name: 'unix:///var/run/docker.sock',
  runtimeName: 'docker',
  runtimeVersion: '28.0.0',
  hostName: 'docker-host',
  hostId: 'AAAA',
  warnings: [],
};

/** An identity with nothing but a name. */
export const identity: ContainerIdentity = {
  id: 'c'.repeat(64),
  name: 'web',
  image: { tags: [], repoDigests: [] },
  labels: {},
  environment: [],
  command: [],
  cgroupPath: `/docker/${'c'.repeat(64)}`,
};

/** A snapshot of a container of which nothing is known. */
export function snapshotWith(parts: Partial<ContainerSnapshot> = {}): ContainerSnapshot {
  return {
    owner: {},
    runtime,
    identity,
    state: {},
    limits: {},
    stateAt: Date.UTC(2026, 10, 23),
    starts: { of: () => 1000 },
    failures: 0,
    givesNoUsage: false,
    trackedSince: 0,
    published: true,
    ...parts,
  };
}

/** The runtime's responses for one container. */
export interface ContainerAnswers {
  readonly stats: unknown;
  readonly previous?: unknown;
  readonly inspect: unknown;
  readonly receivedAt: number;
}

/** The agent's snapshot of a container after these responses. */
export function snapshotFrom({ stats, previous, inspect, receivedAt }: ContainerAnswers): ContainerSnapshot {
  const sample = parseStats(stats, receivedAt);
  const before = previous === undefined ? undefined : parseStats(previous, receivedAt - 3000);
  return snapshotWith({
    ...parseInspect(identity.id, inspect),
    ...(sample && { sample }),
    ...(sample && before && { previous: before }),
    stateAt: receivedAt,
  });
}

/** The recorded responses of one container: two samples where it ran. */
export function recordedAnswers(capture: Capture, container: string, isRunning = true): ContainerAnswers {
  const stats = recordedJson(`${capture}/${container}/stats.json`);
  const read = Object(stats).read;
  return {
    stats,
    ...(isRunning && { previous: recordedJson(`${capture}/${container}/running_stats.json`) }),
    inspect: recordedJson(`${capture}/${container}/inspect.json`),
    receivedAt: isRunning ? Date.parse(String(read)) + 5 : Date.UTC(2026, 10, 23, 10, 15),
  };
}

/** A runtime with containers. */
export function runtimeSnapshot(parts: Partial<RuntimeSnapshot> = {}): RuntimeSnapshot {
  return { owner: {}, runtime, containers: [], now: 10_000, ...parts };
}
