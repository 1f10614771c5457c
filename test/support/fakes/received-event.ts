import type { ContainerEvent, ReceivedEvent } from '../../../src/model/events.ts';

/** An event of container `a` by default. */
export function containerEvent(parts: Partial<ContainerEvent> = {}): ContainerEvent {
  return { id: 'a', action: 'start', labels: {}, ...parts };
}

/** An event as observers receive it, of a selected container. */
export function receivedEvent(parts: Partial<ContainerEvent> = {}, name = 'runtime'): ReceivedEvent {
  const event = containerEvent(parts);
  const image = { tags: [], repoDigests: [] };
  const identity = { id: event.id, name: event.id, image, labels: {}, environment: [], command: [] };
  return { runtime: { name, runtimeName: 'docker', warnings: [] }, event, identity };
}
