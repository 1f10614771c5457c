import type { Attributes } from '../model/instrument.ts';
import type { RuntimeSnapshot, Identified } from '../model/snapshot.ts';
import { presetAttributes } from './presets.ts';

/** Attributes of a Resource: the conventions' lists stay lists. */
export type ResourceAttributes = Readonly<Record<string, string | string[]>>;

/** Makes the resource attributes of a container. */
export type ResourceOf = (container: Identified) => ResourceAttributes;

/**
 * Resource attributes of a container, by the conventions' entities container, container.image,
 * container.runtime and host, with those that settings make of its labels and environment.
 */
export function containerResource(snapshot: Identified): ResourceAttributes {
  const { id, name, mapped } = snapshot.identity;
  return defined({
    ...mapped?.resource,
    'container.id': id,
    'container.name': name,
    ...about(snapshot),
    ...hostResource(snapshot),
  });
}

/** Attributes of the host: the runtime's, never the agent's. */
export function hostResource({ runtime }: Pick<RuntimeSnapshot, 'runtime'>): ResourceAttributes {
  return defined({ 'host.name': runtime.hostName, 'host.id': runtime.hostId });
}

/** Attributes of every container: no label may have such a name. */
const ownKeys: readonly string[] = [
  'container.image.name',
  'container.image.tags',
  'container.image.id',
  'container.image.repo_digests',
  'container.runtime.name',
  'container.runtime.version',
  'host.name',
];

/** Key of the id of the container whose network namespace this one joined. */
const networkOwnerKey = 'container.network.owner.id';

/** All keys of a container's identity, except those that settings and presets add. */
export const identityKeys: readonly string[] = [
  'container.id',
  'container.name',
  ...ownKeys,
  'host.id',
  networkOwnerKey,
];

/** Every key of {@link infoAttributes}, except those that settings add. */
export const infoKeys: readonly string[] = [...ownKeys, networkOwnerKey, ...presetAttributes];

/** The same for `container.info`, where a label can only be text: lists are JSON, as a Collector writes those of a Resource. */
export function infoAttributes(container: Identified, networkOwner: string | undefined): Attributes {
  const entries = Object.entries({
    ...container.identity.mapped?.resource,
    ...about(container),
    'host.name': container.runtime.hostName,
    [networkOwnerKey]: networkOwner,
  });
  return Object.fromEntries(
    entries.flatMap(([key, value]) => {
      const text = Array.isArray(value) ? JSON.stringify(value) : value;
      return text === undefined || text === '' ? [] : [[key, text] as const];
    }),
  );
}

function about({ identity, runtime }: Identified): Readonly<Record<string, string | string[] | undefined>> {
  const { image } = identity;
  return {
    'container.image.name': image.name,
    'container.image.tags': listed(image.tags),
    'container.image.id': image.id,
    'container.image.repo_digests': listed(image.repoDigests),
    'container.runtime.name': runtime.runtimeName,
    'container.runtime.version': runtime.runtimeVersion,
  };
}

function listed(values: readonly string[]): string[] | undefined {
  return values.length > 0 ? [...values] : undefined;
}

function defined(attributes: Readonly<Record<string, string | string[] | undefined>>): ResourceAttributes {
  const entries = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, value] as const],
  );
  return Object.fromEntries(entries);
}
