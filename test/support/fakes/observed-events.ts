import type { ContainerEvent } from '../../../src/model/events.ts';
import type { EventObserver } from '../../../src/model/observers.ts';

/** Keeps what was heard. */
export class ObservedEvents implements EventObserver {
  readonly heard: ContainerEvent[] = [];
  readonly listened: boolean[] = [];
  gaps = 0;

  listening(_engine: string, isListening: boolean): void {
    this.listened.push(isListening);
  }

  eventHeard(_engine: string, event: ContainerEvent): void {
    this.heard.push(event);
  }

  eventsMissed(): void {
    this.gaps += 1;
  }
}
