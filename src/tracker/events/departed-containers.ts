import type { Clock } from '../../clock.ts';
import type { RuntimeDescription } from '../../model/runtime.ts';
import type { EventCountsSince } from '../../model/events.ts';
import type { ContainerSnapshot } from '../../model/snapshot.ts';

/** What is gone is in sight for so long, or for two intervals. */
const minRetentionMillis = 60_000;
/** Who dies so soon after a signal was killed by it: `docker stop` gives 10 s. */
const killMillis = 30_000;
/** In a storm of short lives those that went first go unseen: what lasts has counted them. */
const maxRemoved = 1000;

/** Whom a reader saw, and as whom it goes on seeing it. */
export type Known = Pick<ContainerSnapshot, 'owner' | 'identity'>;

/** When a container was killed, died and was gone at last, on the monotonic clock; absent for what was not heard. */
export interface EndTimes {
  readonly killedAt?: number;
  readonly diedAt?: number;
  readonly goneAt: number;
  /** Whether a reader saw it alive. */
  readonly wasSeen: boolean;
}

interface Departed {
  readonly known: Known;
  readonly events: EventCountsSince;
  readonly goneAt: number;
}

/**
 * Containers that are gone and still in sight: those that ended by themselves and went before their end could be
 * collected (`--rm`), and those that nobody ever saw, for two intervals, a minute at least. Whom somebody removes from
 * sight is gone at once.
 */
export class RemovedContainers {
  readonly #clock: Clock;
  readonly #intervalMillis: number;
  readonly #removed = new Map<string, Departed>();

  constructor({ clock, intervalMillis }: { readonly clock: Clock; readonly intervalMillis: number }) {
    this.#clock = clock;
    this.#intervalMillis = intervalMillis;
  }

  /** Keeps it in sight, if it is one of those. */
  add(known: Known, events: EventCountsSince, times: EndTimes): void {
    const { killedAt = -Infinity, diedAt = -Infinity, goneAt, wasSeen } = times;
    const wasCollected = goneAt - diedAt >= this.#intervalMillis;
    const wasKilled = diedAt - killedAt < killMillis;
    if (wasCollected || (wasKilled && wasSeen)) return;
    this.#removed.set(known.identity.id, { known, events, goneAt });
    const [first] = this.#removed.keys();
    if (first !== undefined && this.#removed.size > maxRemoved) this.#removed.delete(first);
  }

  /** Nothing of them but their counts. */
  shown(runtime: RuntimeDescription, now: number): ContainerSnapshot[] {
    const retentionMillis = Math.max(minRetentionMillis, 2 * this.#intervalMillis);
    const monotonicNow = this.#clock.monotonic();
    for (const [id, { goneAt }] of this.#removed)
      if (monotonicNow - goneAt >= retentionMillis) this.#removed.delete(id);
    return [...this.#removed.values()].map(({ known, events }) => ({
      ...known,
      runtime,
      state: {},
      limits: {},
      stateAt: now,
      givesNoUsage: false,
      starts: { of: () => events.since },
      failures: 0,
      trackedSince: events.since,
      published: false,
      events,
    }));
  }
}
