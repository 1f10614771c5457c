import type { ContainerStatus } from '../model/container.ts';
import type { RuntimeDescription } from '../model/runtime.ts';
import type { ListedContainer } from '../sources/container-source.ts';
import type { AdaptivePool } from '../concurrency/adaptive-pool.ts';
import { ContainerTracker } from './container/container-tracker.ts';
import type { SourceCalls } from './source-calls.ts';
import type { ContainerList, Listed } from './container-list.ts';
import type { EventCounter } from './events/event-counter.ts';
import { countByStatus } from './list-cache.ts';
import { KeyedQueue } from '../concurrency/keyed-queue.ts';
import { SelectedContainers } from './selection.ts';
import type { TrackerSetOptions } from './options.ts';

/** A list, and whom of it the selection picks. */
export interface Reconciliation extends Listed {
  readonly selected: readonly ListedContainer[];
  /** When the runtime had answered, in milliseconds since the epoch. */
  readonly now: number;
}

/** How many containers a runtime has. */
export interface ListedCounts {
  readonly containerCount: number;
  readonly unselectedCount: number;
  readonly containersByStatus: ReadonlyMap<ContainerStatus, number>;
}

/** What a {@link Reconciler} needs beside the options of its set. */
export interface ReconcilerDependencies {
  readonly trackers: Map<string, ContainerTracker>;
  readonly list: ContainerList;
  readonly counting: EventCounter;
  runtime(): RuntimeDescription;
}

/** Keeps a tracker for every container that the runtime lists and the selection picks, and none for any other. */
export class Reconciler {
  readonly #options: TrackerSetOptions;
  readonly #parts: ReconcilerDependencies;
  readonly #selected: SelectedContainers;
  readonly #turns = new KeyedQueue();

  constructor(options: TrackerSetOptions, parts: ReconcilerDependencies) {
    this.#options = options;
    this.#parts = parts;
    this.#selected = new SelectedContainers(options.selection);
  }

  /** Undefined while the runtime does not answer. */
  counts: ListedCounts | undefined;

  /** Makes the set equal to the list. One at a time: an older list never comes after a newer. Throws SourceError. */
  look(calls: SourceCalls, pool: AdaptivePool): Promise<Reconciliation> {
    return this.#turns.run('', () => this.#look(calls, pool));
  }

  async #look(calls: SourceCalls, pool: AdaptivePool): Promise<Reconciliation> {
    const list = await this.#parts.list.ask(calls);
    const { listed, askedAt } = list;
    const now = this.#options.clock.now();
    const selected = await this.#selected.of(listed, calls, (items, each) => pool.run(items, each));
    this.counts = {
      containerCount: listed.length,
      unselectedCount: listed.length - selected.length,
      containersByStatus: countByStatus(listed),
    };
    this.#synchronize(selected, now);
    this.#parts.counting.listed(new Set(listed.map(({ id }) => id)), askedAt);
    return { ...list, selected, now };
  }

  #synchronize(selected: readonly ListedContainer[], now: number): void {
    const { trackers } = this.#parts;
    const ids = new Set(selected.map(({ id }) => id));
    for (const [id, tracker] of trackers) if (!ids.has(id)) this.#remove(id, tracker);
    for (const item of selected) {
      if (!trackers.has(item.id))
        trackers.set(item.id, new ContainerTracker(item, now, this.#options.log, trackers));
    }
  }

  #remove(id: string, tracker: ContainerTracker): void {
    const { trackers, counting } = this.#parts;
    counting.left(id, tracker.snapshot(this.#parts.runtime()));
    trackers.delete(id);
    this.#options.mapper?.forget(id);
  }
}
