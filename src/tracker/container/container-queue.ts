import type { ContainerTracker } from './container-tracker.ts';
import { KeyedQueue } from '../../concurrency/keyed-queue.ts';

/** Lets a container be worked on by one at a time: a probe, what events say, those who watch it. */
export class ContainerQueue {
  readonly #trackers: ReadonlyMap<string, ContainerTracker>;
  readonly #turns = new KeyedQueue();
  readonly #toldAt = new WeakMap<ContainerTracker, number>();

  constructor(trackers: ReadonlyMap<string, ContainerTracker>) {
    this.#trackers = trackers;
  }

  /** Runs work on a container after all that was to be done before; undefined when there is none of that id. */
  async take<T>(id: string, work: (tracker: ContainerTracker) => Promise<T>): Promise<T | undefined> {
    const tracker = this.#trackers.get(id);
    return tracker && (await this.#turns.run(id, () => work(tracker)));
  }

  /** The same with what a list told that was asked for at that time; nothing when a later one was quicker. */
  async tell(id: string, askedAt: number, work: (tracker: ContainerTracker) => Promise<void>): Promise<void> {
    await this.take(id, (tracker) => this.#told(tracker, askedAt, work));
  }

  /** The same at once: a sample under way may take a second, and is of a container that was. */
  async tellAtOnce(
    id: string,
    askedAt: number,
    work: (tracker: ContainerTracker) => Promise<void>,
  ): Promise<void> {
    this.#trackers.get(id)?.sampling.supersede();
    await this.take(id, async (tracker) => {
      tracker.sampling.resume();
      await this.#told(tracker, askedAt, work);
    });
  }

  async #told(
    tracker: ContainerTracker,
    askedAt: number,
    work: (tracker: ContainerTracker) => Promise<void>,
  ): Promise<void> {
    if (askedAt < (this.#toldAt.get(tracker) ?? askedAt)) return;
    this.#toldAt.set(tracker, askedAt);
    await work(tracker);
  }
}
