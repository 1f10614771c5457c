import type { RuntimeSnapshot } from '../model/snapshot.ts';
import type { ProbeObserver } from '../model/observers.ts';
import type { TrackerSet } from './tracker-set.ts';

/** How long a caller of {@link Trackers.update} waits. */
export interface UpdateOptions {
  /** Milliseconds; the least of this and the inline time-out holds. */
  readonly waitMillis?: number;
  /** A second call for one and the same collection: its waiting in vain is not counted again. */
  readonly isEcho?: boolean;
}

/** The containers of all runtimes, each runtime isolated from the others' failures. Any number of callers at once. */
export class Trackers {
  readonly sets: readonly TrackerSet[];
  readonly #inlineTimeoutMillis: number;
  readonly #observer: ProbeObserver;

  constructor(sets: readonly TrackerSet[], inlineTimeoutMillis: number, observer: ProbeObserver) {
    this.sets = sets;
    this.#inlineTimeoutMillis = inlineTimeoutMillis;
    this.#observer = observer;
  }

  /** Makes what `snapshots()` gives as fresh as the update lock allows; past the wait, what there is. Never throws. */
  async update(options: UpdateOptions = {}): Promise<void> {
    const waitMillis = Math.max(
      0,
      Math.min(this.#inlineTimeoutMillis, options.waitMillis ?? Number.POSITIVE_INFINITY),
    );
    await Promise.all(
      this.sets.map(async (set) => {
        const outcome = await set.update(waitMillis);
        if (outcome === 'timed-out' && !options.isEcho) this.#observer.inlineTimedOut(set.runtime.name);
      }),
    );
  }

  /** One per runtime, in the order of configuration. */
  snapshots(): readonly RuntimeSnapshot[] {
    return this.sets.map((set) => set.snapshot());
  }

  /** Engines that no probe has reached since the start, each with the reason. */
  notYetProbed(): readonly { runtime: string; reason: string }[] {
    return this.sets
      .filter((set) => !set.wasProbed)
      .map((set) => ({ runtime: set.runtime.name, reason: set.failure ?? 'not probed yet' }));
  }

  /** Ends everything. */
  close(): void {
    for (const set of this.sets) set.close();
  }
}
