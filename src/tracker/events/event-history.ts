import type { ContainerEvent } from '../../model/events.ts';

/** A stream that is opened again begins this long before the last event that was heard, so that it must be in it. */
const overlapNanos = 1e9;
/** More than a runtime remembers: Moby's ring holds 256 events. */
const keptEvents = 1024;

/** What was heard of a runtime: tells what is repeated from what is new, and where to go on after a break. */
export class EventHistory {
  readonly #recent = new Set<string>();
  #lastNanos: number | undefined;
  #latestNanos = 0;

  /** Where to begin to hear again, in nanoseconds since the epoch; undefined as long as nothing was heard. */
  get resumeFrom(): number | undefined {
    return this.#lastNanos === undefined ? undefined : this.#lastNanos - overlapNanos;
  }

  /** Listening begins, by a clock that need not be the runtime's. */
  begin(millis: number): void {
    this.#latestNanos = millis * 1e6;
  }

  /** Without a time it cannot be told from another of its kind. */
  has(event: ContainerEvent): boolean {
    return event.nanos !== undefined && this.#recent.has(keyOf(event));
  }

  /** Whether by its time it may have happened before what was heard, or before anybody listened. */
  isEarly({ nanos }: ContainerEvent): boolean {
    return nanos !== undefined && nanos <= this.#latestNanos;
  }

  /** It was heard. The last one by arrival is where to go on: clocks are set back. */
  add(event: ContainerEvent): void {
    if (event.nanos === undefined) return;
    this.#recent.add(keyOf(event));
    this.#lastNanos = event.nanos;
    this.#latestNanos = Math.max(this.#latestNanos, event.nanos);
    const [oldest] = this.#recent;
    if (oldest !== undefined && this.#recent.size > keptEvents) this.#recent.delete(oldest);
  }
}

function keyOf({ nanos, action, id }: ContainerEvent): string {
  return `${nanos} ${action} ${id}`;
}
