import type { ContainerEvent, ReceivedEvent } from '../../../src/model/events.ts';
import type { EventObserver } from '../../../src/model/observers.ts';

/** Keeps the events that it receives. */
export class ObservedEvents implements EventObserver {
  readonly events: ContainerEvent[] = [];
  /** Names of the containers that the events were joined to; undefined for containers that are not selected. */
  readonly names: (string | undefined)[] = [];
  readonly listened: boolean[] = [];
  gaps = 0;

  listening(_runtime: string, isListening: boolean): void {
    this.listened.push(isListening);
  }

  eventReceived({ event, identity }: ReceivedEvent): void {
    this.events.push(event);
    this.names.push(identity?.name);
  }

  eventsMissed(): void {
    this.gaps += 1;
  }
}
