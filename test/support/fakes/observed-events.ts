import type { ContainerEvent, ReceivedEvent } from '../../../src/model/events.ts';
import type { EventObserver } from '../../../src/model/observers.ts';
import type { Sample } from '../../../src/model/sample.ts';

/** Keeps the events that it receives. */
export class ObservedEvents implements EventObserver {
  readonly events: ContainerEvent[] = [];
  /** Names of the containers that the events were joined to; undefined for containers that are not selected. */
  readonly names: (string | undefined)[] = [];
  /** What the runs of those events had used; undefined of all but ends. */
  readonly lasts: (Sample | undefined)[] = [];
  readonly listened: boolean[] = [];
  gaps = 0;

  listening(_runtime: string, isListening: boolean): void {
    this.listened.push(isListening);
  }

  eventReceived({ event, identity, last }: ReceivedEvent): void {
    this.events.push(event);
    this.names.push(identity?.name);
    this.lasts.push(last);
  }

  eventsMissed(): void {
    this.gaps += 1;
  }
}
