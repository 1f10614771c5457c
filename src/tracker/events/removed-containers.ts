import type { Clock } from '../../clock.ts';
import type { RuntimeDescription } from '../../model/runtime.ts';
import type { EventCountsSince } from '../../model/events.ts';
import type { ContainerSnapshot } from '../../model/snapshot.ts';

/** Removed containers are retained this long, or for two intervals. */
const minRetentionMillis = 60_000;
/** A death this soon after a signal was caused by it: `docker stop` waits 10 s. */
const killMillis = 30_000;
/** Beyond this the oldest are dropped; the counts of their images hold them. */
const maxRemoved = 1000;

/** Owner and identity under which readers know a container. */
export type RemovedContainer = Pick<ContainerSnapshot, 'owner' | 'identity'>;

/** When a container was killed, died and was removed, on the monotonic clock; absent without an event. */
export interface EndTimes {
  readonly killedAt?: number;
  readonly diedAt?: number;
  readonly removedAt: number;
  /** True when a reader was given it while it existed. */
  readonly wasSeen: boolean;
}

interface Retained {
  readonly known: RemovedContainer;
  readonly events: EventCountsSince;
  readonly removedAt: number;
}

/**
 * Removed containers that are retained for two intervals, a minute at least: those that ended by themselves and were
 * removed before their end could be collected (`--rm`), and those that no reader was ever given. Containers removed by
 * somebody (`docker rm -f`) are dropped at once.
 */
export class RemovedContainers {
  readonly #clock: Clock;
  readonly #intervalMillis: number;
  readonly #removed = new Map<string, Retained>();

  constructor({ clock, intervalMillis }: { readonly clock: Clock; readonly intervalMillis: number }) {
    this.#clock = clock;
    this.#intervalMillis = intervalMillis;
  }

  /** Retains the container if it is one of those. */
  add(known: RemovedContainer, events: EventCountsSince, times: EndTimes): void {
    const { killedAt = -Infinity, diedAt = -Infinity, removedAt, wasSeen } = times;
    const wasCollected = removedAt - diedAt >= this.#intervalMillis;
    const wasKilled = diedAt - killedAt < killMillis;
    if (wasCollected || (wasKilled && wasSeen)) return;
    this.#removed.set(known.identity.id, { known, events, removedAt });
    const [first] = this.#removed.keys();
    if (first !== undefined && this.#removed.size > maxRemoved) this.#removed.delete(first);
  }

  /** Snapshots that hold nothing but identity and counts. */
  snapshots(runtime: RuntimeDescription, now: number): ContainerSnapshot[] {
    const retentionMillis = Math.max(minRetentionMillis, 2 * this.#intervalMillis);
    const monotonicNow = this.#clock.monotonic();
    for (const [id, { removedAt }] of this.#removed)
      if (monotonicNow - removedAt >= retentionMillis) this.#removed.delete(id);
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
