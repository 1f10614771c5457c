import type { ContainerEvent } from './container-event.ts';

/** Hears what happens on an engine. Every method returns at once and never throws. */
export interface EventObserver {
  /** The engine is listened to from now on, or no longer. */
  listening(engine: string, isListening: boolean): void;
  /** An event that was not told before. */
  eventHeard(engine: string, event: ContainerEvent): void;
  /** Events may have been missed: the engine was restarted, or more happened in between than it remembers. */
  eventsMissed(engine: string): void;
}
