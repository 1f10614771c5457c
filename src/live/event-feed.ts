import type { ContainerEvent, ReceivedEvent } from '../model/events.ts';
import type { EventObserver } from '../model/observers.ts';
import { Subscription } from './subscription.ts';

/** Number of past events that a new subscription begins with. */
const remembered = 200;
/** Maximum number of events queued for a slow subscriber. */
const waiting = 512;

/** An item of a subscription: an event, or a change of the stream. */
export type FeedItem =
  | { readonly kind: 'event'; readonly runtime: string; readonly event: ContainerEvent }
  | { readonly kind: 'listening'; readonly runtime: string; readonly isListening: boolean }
  | { readonly kind: 'missed'; readonly runtime: string };

/** Publishes the runtimes' events to any number of subscribers, each beginning with the last ones. */
export class EventFeed implements EventObserver {
  readonly #listeners = new Set<Subscription<FeedItem>>();
  readonly #listening = new Map<string, boolean>();
  #last: FeedItem[] = [];

  listening(runtime: string, isListening: boolean): void {
    this.#listening.set(runtime, isListening);
    this.#push({ kind: 'listening', runtime, isListening });
  }

  eventReceived({ runtime, event, identity }: ReceivedEvent): void {
    if (!identity) return;
    const item: FeedItem = { kind: 'event', runtime: runtime.name, event };
    this.#last.push(item);
    if (this.#last.length > 2 * remembered) this.#last = this.#last.slice(-remembered);
    this.#push(item);
  }

  eventsMissed(runtime: string): void {
    this.#push({ kind: 'missed', runtime });
  }

  /** The state of each runtime's stream, the last 200 events, and then each new one. */
  subscribe(): Subscription<FeedItem> {
    const listener = new Subscription<FeedItem>(waiting, () => this.#listeners.delete(listener));
    for (const [runtime, isListening] of this.#listening)
      listener.push({ kind: 'listening', runtime, isListening });
    for (const item of this.#last.slice(-remembered)) listener.push(item);
    this.#listeners.add(listener);
    return listener;
  }

  /** Ends every subscription. */
  close(): void {
    for (const listener of this.#listeners) listener.end();
  }

  #push(item: FeedItem): void {
    for (const listener of this.#listeners) listener.push(item);
  }
}
