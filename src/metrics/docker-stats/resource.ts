import type { Identified } from '../../model/snapshot.ts';
import { hostResource } from '../../attributes/resource.ts';
import type { ResourceAttributes } from '../../attributes/resource.ts';

/** Resource attributes of containers in profile `docker_stats`. */
export interface DockerStatsResourceOptions {
  /** Attributes of the receiver, switched on or off against their default. */
  readonly switches: ReadonlyMap<string, boolean>;
  /** Labels of the container, by name, and the attribute that each becomes. */
  readonly labels: Readonly<Record<string, string>>;
  /** The same for variables of its environment. */
  readonly environment: Readonly<Record<string, string>>;
}

/** The receiver's own resource attributes: whether each is on, and what it is of a container. */
const receiverAttributes: Readonly<Record<string, readonly [isOn: boolean, read: Read]>> = {
  'container.runtime': [true, ({ runtime }) => runtime.runtimeName],
  'container.hostname': [true, ({ identity }) => identity.hostname],
  'container.id': [true, ({ identity }) => identity.id],
  'container.image.name': [true, ({ identity }) => identity.image.reference],
  'container.name': [true, ({ identity }) => identity.name],
  'container.image.id': [false, ({ identity }) => identity.image.id],
  'container.command_line': [false, ({ identity }) => identity.commandArguments?.join(' ')],
};

type Read = (snapshot: Identified) => string | undefined;

/**
 * A container's resource attributes as the receiver has them; labels win over variables, and both over the
 * receiver's own. Attributes that our own settings make of labels and environment are added, and replace none.
 */
export function dockerStatsResource(
  snapshot: Identified,
  { switches, labels, environment }: DockerStatsResourceOptions,
): ResourceAttributes {
  const own = Object.entries(receiverAttributes).map(([key, [isOn, read]]) => {
    return [key, (switches.get(key) ?? isOn) ? read(snapshot) : undefined] as const;
  });
  const variables = environmentOf(snapshot.identity.environment);
  const entries = [
    ...own,
    ...Object.entries(environment).map(([variable, key]) => [key, variables.get(variable)] as const),
    ...Object.entries(labels).map(([label, key]) => [key, labelOf(snapshot, label)] as const),
  ];
  const filled = entries.flatMap(([key, value]) => (value ? [[key, value] as const] : []));
  return { ...snapshot.identity.mapped?.resource, ...Object.fromEntries(filled), ...hostResource(snapshot) };
}

/** The value of one of the receiver's own attributes; undefined when it has none. */
export function receiverAttribute(snapshot: Identified, key: string): string | undefined {
  return receiverAttributes[key]?.[1](snapshot);
}

/** A value may have an equals sign in it; one of nothing but spaces counts as none. */
function environmentOf(entries: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    entries.flatMap((entry) => {
      const equals = entry.indexOf('=');
      const value = entry.slice(equals + 1);
      return equals > 0 && value.trim() !== '' ? [[entry.slice(0, equals), value] as const] : [];
    }),
  );
}

function labelOf({ identity }: Identified, label: string): string | undefined {
  return Object.hasOwn(identity.labels, label) ? identity.labels[label] : undefined;
}
