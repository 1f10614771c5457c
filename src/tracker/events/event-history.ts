import type { ContainerEvent } from '../../model/events.ts';

/** A stream is reopened from this long before the last event, so that this event must be in it. */
const overlapNanos = 1e9;
/** More than a runtime remembers: Moby's ring holds 256 events. */
const maxEvents = 1024;

/** Recent events of one runtime: tells repeated events from new ones, and holds the cursor where to resume. */
export class EventHistory {
  readonly #recent = new Set<string>();
  #lastNanos: number | undefined;
  #latestNanos = 0;

  /** Where a reopened stream begins, in nanoseconds since the epoch; undefined before the first event. */
  get resumeFrom(): number | undefined {
    return this.#lastNanos === undefined ? undefined : this.#lastNanos - overlapNanos;
  }

  /** Begins at this time by a clock that need not be the runtime's. */
  begin(millis: number): void {
    this.#latestNanos = millis * 1e6;
  }

  /** True for a repeated event; one without a time cannot be told from another of its kind. */
  has(event: ContainerEvent): boolean {
    return event.nanos !== undefined && this.#recent.has(keyOf(event));
  }

  /** True when the event's time is before that of a known event, or before the history began. */
  isEarly({ nanos }: ContainerEvent): boolean {
    return nanos !== undefined && nanos <= this.#latestNanos;
  }

  /** Adds an event. The cursor is the last one by arrival: clocks are set back. */
  add(event: ContainerEvent): void {
    if (event.nanos === undefined) return;
    this.#recent.add(keyOf(event));
    this.#lastNanos = event.nanos;
    this.#latestNanos = Math.max(this.#latestNanos, event.nanos);
    const [oldest] = this.#recent;
    if (oldest !== undefined && this.#recent.size > maxEvents) this.#recent.delete(oldest);
  }
}

function keyOf({ nanos, action, id }: ContainerEvent): string {
  return `${nanos} ${action} ${id}`;
}

/** Events held back at most: more than a runtime remembers. */
const maxHeld = 1024;

/** What an event of a reopened stream says of the gap before it. */
export type GapVerdict = 'repeated' | 'held' | 'new';

/**
 * Decides whether events were missed while a stream was closed. A runtime that repeats the last known event still
 * remembers all later ones, and whatever it sends before a repeated event is older than the first subscription.
 */
export class GapDetector {
  readonly #history: EventHistory;
  #isUndecided = false;
  /** Early events of a reopened stream that wait for the decision. */
  #held: ContainerEvent[] = [];

  constructor(history: EventHistory) {
    this.#history = history;
  }

  /** True from a reopening until a gap is found or excluded. */
  get isUndecided(): boolean {
    return this.#isUndecided;
  }

  /** A stream was opened again. */
  begin(): void {
    this.#isUndecided = true;
  }

  /** The stream broke off, or a gap is excluded: held events are dropped. */
  reset(): void {
    this.#isUndecided = false;
    this.#held = [];
  }

  /** Sorts the next event; a held one is kept until {@link takeHeld} or {@link reset}. */
  classify(event: ContainerEvent): GapVerdict {
    if (this.#history.has(event)) return 'repeated';
    if (!this.#isUndecided || !this.#history.isEarly(event) || this.#held.length >= maxHeld) return 'new';
    this.#held.push(event);
    return 'held';
  }

  /** Decides that there is a gap; gives the held events, which then count. */
  takeHeld(): readonly ContainerEvent[] {
    const held = this.#held;
    this.reset();
    return held;
  }
}
