import { Cancellable } from '../../concurrency/cancellable.ts';
import { KeyedQueue } from '../../concurrency/keyed-queue.ts';
import type { ContainerTracker } from './container-tracker.ts';

/** Work on one container; `sampling` cancels the wait for a sample once a newer change of the container is known. */
export type ContainerWork<T> = (tracker: ContainerTracker, sampling: Cancellable) => Promise<T>;

/** Serialises the work on each container: probes, event refreshes, live samples. */
export class ContainerQueue {
  readonly #trackers: ReadonlyMap<string, ContainerTracker>;
  readonly #queue = new KeyedQueue();
  readonly #sampling = new WeakMap<ContainerTracker, Cancellable>();
  /** Time of the list that was last applied, on the monotonic clock. */
  readonly #appliedAt = new WeakMap<ContainerTracker, number>();

  constructor(trackers: ReadonlyMap<string, ContainerTracker>) {
    this.#trackers = trackers;
  }

  /** Runs work after all earlier work on that container; undefined when there is none of that id. */
  async run<T>(id: string, work: ContainerWork<T>): Promise<T | undefined> {
    const tracker = this.#trackers.get(id);
    return tracker && (await this.#queue.run(id, () => work(tracker, this.#samplingOf(tracker))));
  }

  /** Applies a list that was asked for at that time on the monotonic clock; skipped when a later list was faster. */
  async apply(id: string, askedAt: number, work: ContainerWork<void>): Promise<void> {
    await this.run(id, (tracker, sampling) => this.#apply(tracker, askedAt, () => work(tracker, sampling)));
  }

  /** Like {@link apply}, but cancels a sample under way: it may take a second, and describes what was. */
  async preempt(id: string, askedAt: number, work: ContainerWork<void>): Promise<void> {
    const tracker = this.#trackers.get(id);
    if (tracker) this.#samplingOf(tracker).cancel();
    await this.run(id, async (current, sampling) => {
      sampling.reset();
      await this.#apply(current, askedAt, () => work(current, sampling));
    });
  }

  async #apply(tracker: ContainerTracker, askedAt: number, work: () => Promise<void>): Promise<void> {
    if (askedAt < (this.#appliedAt.get(tracker) ?? askedAt)) return;
    this.#appliedAt.set(tracker, askedAt);
    await work();
  }

  #samplingOf(tracker: ContainerTracker): Cancellable {
    const known = this.#sampling.get(tracker);
    if (known) return known;
    const sampling = new Cancellable();
    this.#sampling.set(tracker, sampling);
    return sampling;
  }
}
