import type { Clock } from '../clock.ts';
import type { ProbeObserver } from '../model/observers.ts';
import type { RuntimeSnapshot } from '../model/snapshot.ts';
import type { TrackerSet } from './tracker-set.ts';

/** Options of {@link Trackers.update}. */
interface UpdateOptions {
  /** Maximum wait in milliseconds; the inline time-out bounds it. */
  readonly waitMillis?: number;
  /** A second call for one and the same collection: it neither waits in vain again nor is counted again. */
  readonly isEcho?: boolean;
}

/** The containers of all runtimes, each runtime isolated from the others' failures. Any number of callers at once. */
export class Trackers {
  readonly sets: readonly TrackerSet[];
  readonly #inlineTimeoutMillis: number;
  readonly #observer: ProbeObserver;
  /** Runtimes whose probe under way has outlasted a caller. */
  readonly #overdue = new WeakSet<TrackerSet>();

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
    await Promise.all(this.sets.map((set) => this.#updateSet(set, waitMillis, options.isEcho ?? false)));
  }

  async #updateSet(set: TrackerSet, waitMillis: number, isEcho: boolean): Promise<void> {
    // A collection that has waited in vain does not wait a second time.
    const outcome = await set.update(isEcho && this.#overdue.has(set) ? 0 : waitMillis);
    if (outcome !== 'timed-out') this.#overdue.delete(set);
    else if (!isEcho && waitMillis > 0) {
      this.#overdue.add(set);
      this.#observer.inlineTimedOut(set.runtime.name);
    }
  }

  /** Grows whenever a container of any runtime comes, goes or changes its state, as far as that is known. */
  get revision(): number {
    return this.sets.reduce((sum, { revision }) => sum + revision, 0);
  }

  /** One per runtime, in the order of configuration. */
  snapshots(): readonly RuntimeSnapshot[] {
    return this.sets.map((set) => set.snapshot());
  }

  /** Runtimes that no probe has reached since the start, each with the reason. */
  notYetProbed(): readonly { runtime: string; reason: string }[] {
    return this.sets
      .filter((set) => !set.wasProbed)
      .map((set) => ({ runtime: set.runtime.name, reason: set.failure ?? 'not probed yet' }));
  }

  /** Ends what waits for runtimes that do not answer: a collection from now on takes what there is of them. */
  closeUnanswering(): void {
    for (const set of this.sets) if (!set.isAnswering) set.close();
  }

  /** Ends everything. */
  close(): void {
    for (const set of this.sets) set.close();
  }
}

/** Options of {@link firstProbe}; times in milliseconds. */
interface FirstProbeOptions {
  readonly clock: Clock;
  /** Aborts the wait. */
  readonly signal: AbortSignal;
  /** Maximum wait for one probe. */
  readonly waitMillis: number;
  /** Before the second try; each further pause is half as long again. */
  readonly pauseMillis: number;
  readonly maxPauseMillis: number;
}

/** Probes one runtime until a probe of any caller has succeeded; false when aborted. Never rejects. */
export async function firstProbe(set: TrackerSet, options: FirstProbeOptions): Promise<boolean> {
  const { clock, signal, waitMillis, maxPauseMillis } = options;
  let { pauseMillis } = options;
  while (!signal.aborted) {
    await set.update(waitMillis);
    if (set.wasProbed) return true;
    await clock.sleep(pauseMillis, signal).catch(() => undefined);
    pauseMillis = Math.min(pauseMillis * 1.5, maxPauseMillis);
  }
  return false;
}
