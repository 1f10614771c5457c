import type { ContainerEvent } from '../model/events.ts';
import type { EventObserver } from '../model/observers.ts';
import { Subscription } from './subscription.ts';

/** Who begins to listen hears that many of the past. */
const remembered = 200;
/** Events that wait for a slow listener. */
const waiting = 512;

/** What a listener hears. */
export type Told =
  | { readonly kind: 'event'; readonly engine: string; readonly event: ContainerEvent }
  | { readonly kind: 'listening'; readonly engine: string; readonly isListening: boolean }
  | { readonly kind: 'missed'; readonly engine: string };

/** Tells the engines' events to any number of listeners, each beginning with the last ones. */
export class EventFeed implements EventObserver {
  readonly #listeners = new Set<Subscription<Told>>();
  readonly #listening = new Map<string, boolean>();
  #last: Told[] = [];
  readonly #isShown: (engine: string, event: ContainerEvent) => boolean;

  /** @param isShown whether it is an event of a container that is to be seen. */
  constructor(isShown: (engine: string, event: ContainerEvent) => boolean = () => true) {
    this.#isShown = isShown;
  }

  listening(engine: string, isListening: boolean): void {
    this.#listening.set(engine, isListening);
    this.#tell({ kind: 'listening', engine, isListening });
  }

  eventHeard(engine: string, event: ContainerEvent): void {
    if (!this.#isShown(engine, event)) return;
    const told: Told = { kind: 'event', engine, event };
    this.#last.push(told);
    if (this.#last.length > 2 * remembered) this.#last = this.#last.slice(-remembered);
    this.#tell(told);
  }

  eventsMissed(engine: string): void {
    this.#tell({ kind: 'missed', engine });
  }

  /** Which engines are listened to, the last 200 events, and then what happens. */
  subscribe(): Subscription<Told> {
    const listener = new Subscription<Told>(waiting, () => this.#listeners.delete(listener));
    for (const [engine, isListening] of this.#listening)
      listener.push({ kind: 'listening', engine, isListening });
    for (const told of this.#last.slice(-remembered)) listener.push(told);
    this.#listeners.add(listener);
    return listener;
  }

  /** Ends every subscription. */
  close(): void {
    for (const listener of this.#listeners) listener.end();
  }

  #tell(told: Told): void {
    for (const listener of this.#listeners) listener.push(told);
  }
}
