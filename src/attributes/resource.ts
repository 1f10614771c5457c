import type { ContainerIdentity } from '../model/container.ts';
import type { RuntimeDescription } from '../model/runtime.ts';
import type { Attributes } from '../model/instrument.ts';
import type { ContainerSnapshot, RuntimeSnapshot, Identified } from '../model/snapshot.ts';
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

/** Attributes, and what beside the identity they were made of. */
interface KnownInfo {
  readonly runtime: RuntimeDescription;
  readonly networkOwner: string | undefined;
  readonly attributes: Attributes;
}

/** Made once per identity: every reader needs them at every collection. */
const knownInfo = new WeakMap<ContainerIdentity, KnownInfo>();

/** The same for `container.info`, where a label can only be text: lists are JSON, as a Collector writes those of a Resource. */
export function infoAttributes(snapshot: ContainerSnapshot): Attributes {
  const { identity, runtime, sharedNetwork } = snapshot;
  const networkOwner = sharedNetwork?.ownerId;
  const known = knownInfo.get(identity);
  if (known?.runtime === runtime && known.networkOwner === networkOwner) return known.attributes;
  const attributes = textAttributes(snapshot);
  knownInfo.set(identity, { runtime, networkOwner, attributes });
  return attributes;
}

function textAttributes(snapshot: ContainerSnapshot): Attributes {
  const entries = Object.entries({
    ...snapshot.identity.mapped?.resource,
    ...about(snapshot),
    'host.name': snapshot.runtime.hostName,
    [networkOwnerKey]: snapshot.sharedNetwork?.ownerId,
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
