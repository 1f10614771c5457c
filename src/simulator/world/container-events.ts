import type { EventLog } from './event-log.ts';
import { networkId } from './network-id.ts';
import type { SimulatedContainer } from './container.ts';

/** Records an event of a container; as in Moby its attributes are the labels, the image and the name. */
export function recordContainerEvent(
  events: EventLog,
  container: SimulatedContainer,
  { action, attributes }: { readonly action: string; readonly attributes: Readonly<Record<string, string>> },
  at: number,
): void {
  const { labels, image } = container.spec;
  const all = { ...labels, ...attributes, image, name: container.name };
  events.record({ type: 'container', action, actorId: container.id, attributes: all }, at);
}

/** Records that a container was connected to, or disconnected from, each of its networks. */
export function recordNetworkEvents(
  events: EventLog,
  container: SimulatedContainer,
  action: 'connect' | 'disconnect',
  at: number,
): void {
  for (const name of container.spec.networks) {
    if (name.startsWith('container:')) continue;
    const type = name === 'host' || name === 'none' ? name : 'bridge';
    const attributes = { container: container.id, name, type };
    events.record({ type: 'network', action, actorId: networkId(name), attributes }, at);
  }
}
