import type { ContainerEvent } from '../../model/events.ts';
import type { ContainerIdentity } from '../../model/container.ts';
import { parseImageReference } from '../../sources/image-reference.ts';
import type { TrackerSetOptions } from '../options.ts';

/** The runtime's own attributes of an event; the others are the container's labels. */
const ownAttributes = new Set([
  'name',
  'image',
  'exitCode',
  'containerExitCode',
  'signal',
  'oldName',
  'execDuration',
]);

/** Who a container is that nobody has inspected, as its event tells; undefined when the selection leaves it out. */
export function identityOfEvent(
  { id, attributes }: ContainerEvent,
  { selection, mapper }: Pick<TrackerSetOptions, 'selection' | 'mapper'>,
): ContainerIdentity | undefined {
  const { name = id, image: reference } = attributes;
  const labels = Object.fromEntries(Object.entries(attributes).filter(([key]) => !ownAttributes.has(key)));
  const image = parseImageReference(reference, undefined);
  const listed = { id, name, labels, ...(reference !== undefined && { image: reference }) };
  // It may have ended since: what it was when it ran decides.
  if (selection?.selects({ ...listed, status: 'running', statusText: '' }) === false) return undefined;
  const identity = { id, name, image, labels, environment: [], command: [] };
  if (!mapper) return identity;
  const mapped = mapper.map(identity);
  // Nobody would give back what a container holds that is never listed.
  mapper.forget(id);
  return { ...identity, mapped };
}
