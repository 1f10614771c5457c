import type { Clock } from '../../clock.ts';
import type { EngineDescription } from '../../model/runtime.ts';
import type { EventCountsSince } from '../../model/events.ts';
import type { ContainerSnapshot } from '../../model/snapshot.ts';

/** What is gone is in sight for so long, or for two intervals. */
const leastLingerMillis = 60_000;
/** Who dies so soon after a signal was killed by it: `docker stop` gives 10 s. */
const killMillis = 30_000;
/** In a storm of short lives those that went first go unseen: what lasts has counted them. */
const mostGone = 1000;

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
export class DepartedContainers {
  readonly #clock: Clock;
  readonly #intervalMillis: number;
  readonly #departed = new Map<string, Departed>();

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
    this.#departed.set(known.identity.id, { known, events, goneAt });
    const [first] = this.#departed.keys();
    if (first !== undefined && this.#departed.size > mostGone) this.#departed.delete(first);
  }

  /** Nothing of them but their counts. */
  shown(engine: EngineDescription, now: number): ContainerSnapshot[] {
    const lingerMillis = Math.max(leastLingerMillis, 2 * this.#intervalMillis);
    const monotonicNow = this.#clock.monotonic();
    for (const [id, { goneAt }] of this.#departed)
      if (monotonicNow - goneAt >= lingerMillis) this.#departed.delete(id);
    return [...this.#departed.values()].map(({ known, events }) => ({
      ...known,
      engine,
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
