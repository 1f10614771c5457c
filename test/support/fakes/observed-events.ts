import type { ContainerEvent } from '../../../src/model/events.ts';
import type { EventObserver } from '../../../src/model/observers.ts';

/** Keeps what was heard. */
export class ObservedEvents implements EventObserver {
  readonly heard: ContainerEvent[] = [];
  readonly listened: boolean[] = [];
  gaps = 0;

  listening(_runtime: string, isListening: boolean): void {
    this.listened.push(isListening);
  }

  eventReceived(_runtime: string, event: ContainerEvent): void {
    this.heard.push(event);
  }

  eventsMissed(): void {
    this.gaps += 1;
  }
}
