import type { ContainerEvent } from '../model/container-event.ts';

/** A stream that is opened again begins this long before the last event that was heard, so that it must be in it. */
const overlapNanos = 1e9;
/** More than an engine remembers: Moby's ring holds 256 events. */
const keptEvents = 1024;

/** What was heard of an engine: tells what is repeated from what is new, and where to go on after a break. */
export class HeardEvents {
  readonly #recent = new Set<string>();
  #lastNanos: number | undefined;

  /** Where to begin to hear again, in nanoseconds since the epoch; undefined as long as nothing was heard. */
  get resumeFrom(): number | undefined {
    return this.#lastNanos === undefined ? undefined : this.#lastNanos - overlapNanos;
  }

  /** Whether it is heard for the first time. The last one by arrival is where to go on: clocks are set back. */
  accept({ id, action, nanos }: ContainerEvent): boolean {
    // Without a time it cannot be told from another of its kind.
    if (nanos === undefined) return true;
    const key = `${nanos} ${action} ${id}`;
    if (this.#recent.has(key)) return false;
    this.#recent.add(key);
    this.#lastNanos = nanos;
    const [oldest] = this.#recent;
    if (oldest !== undefined && this.#recent.size > keptEvents) this.#recent.delete(oldest);
    return true;
  }
}
