import { AdaptivePool } from '../concurrency/adaptive-pool.ts';
import type { Cancellable } from '../concurrency/cancellation.ts';
import { KeyedQueue } from '../concurrency/queues.ts';
import type { ContainerStatus } from '../model/container.ts';
import type { RuntimeDescription } from '../model/runtime.ts';
import type { ContainerSnapshot, RuntimeSnapshot } from '../model/snapshot.ts';
import type { ListedContainer } from '../sources/container-source.ts';
import type { ContainerList, Listed } from './container-list.ts';
import { ContainerTracker } from './container/container-tracker.ts';
import { NetworkOwners } from './container/network-owners.ts';
import type { EventCounter } from './events/event-counter.ts';
import type { TrackerSetOptions } from './options.ts';
import { SelectedContainers } from './selection.ts';
import type { SourceCalls } from './source-calls.ts';
import type { SourceState } from './source-state.ts';

/** A list, and those of it that are selected. */
export interface Reconciliation extends Listed {
  readonly selected: readonly ListedContainer[];
  /** Time of the response, in milliseconds since the epoch. */
  readonly now: number;
}

/** Numbers of containers by the last list. */
type ListedCounts = Required<
  Pick<RuntimeSnapshot, 'containerCount' | 'unselectedCount' | 'containersByStatus'>
>;

/** Dependencies of a {@link Reconciler} beside the options of its set. */
interface ReconcilerDependencies {
  readonly list: ContainerList;
  readonly counter: EventCounter;
  readonly state: SourceState;
}

/** Keeps one tracker for each container that is listed and selected, and none for any other. */
export class Reconciler {
  readonly #options: TrackerSetOptions;
  readonly #dependencies: ReconcilerDependencies;
  readonly #selected: SelectedContainers;
  readonly #trackers = new Map<string, ContainerTracker>();
  readonly #lists = new KeyedQueue();
  /** Serialises the work on each container. */
  readonly queue = new ContainerQueue(this.#trackers);
  /** Its concurrency follows the runtime's latency from probe to probe. */
  readonly #pool: AdaptivePool;
  #counts: ListedCounts | undefined;

  constructor(options: TrackerSetOptions, dependencies: ReconcilerDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    this.#pool = new AdaptivePool(options.clock);
    this.#selected = new SelectedContainers(options.selection);
  }

  /** By container id. */
  get trackers(): ReadonlyMap<string, ContainerTracker> {
    return this.#trackers;
  }

  /** Undefined while the runtime does not answer. */
  get counts(): ListedCounts | undefined {
    return this.#counts;
  }

  /** Containers as readers see them; none while the runtime does not answer. */
  snapshots(runtime: RuntimeDescription): ContainerSnapshot[] {
    if (!this.#counts) return [];
    const owners = new NetworkOwners(this.#trackers);
    return [...this.#trackers.values()].flatMap((tracker) => tracker.snapshot(runtime, owners) ?? []);
  }

  /** Makes the trackers equal to the list. One at a time, so that lists apply in their order. Throws SourceError. */
  reconcile(calls: SourceCalls, pool: AdaptivePool): Promise<Reconciliation> {
    return this.#lists.run('', () => this.#reconcile(calls, pool));
  }

  /** Reconciles, then updates every container, changed ones first: a refresh may wait. Throws SourceError. */
  async updateAll(calls: SourceCalls): Promise<void> {
    const { selected, changeOf, askedAt, now } = await this.reconcile(calls, this.#pool);
    const isChanged = ({ id }: ListedContainer): boolean => changeOf(id) === 'changed';
    const inOrder = [...selected.filter(isChanged), ...selected.filter((item) => !isChanged(item))];
    await this.#pool.run(inOrder, (listed) =>
      this.queue.apply(listed.id, askedAt, (tracker, sampling) =>
        tracker.update({ listed, now, change: changeOf(listed.id) }, calls, sampling),
      ),
    );
  }

  /** Hides everything until the next list, but removes no tracker: the runtime may only be away for a moment. */
  unpublish(): void {
    this.#counts = undefined;
    for (const tracker of this.#trackers.values()) tracker.unpublish();
  }

  async #reconcile(calls: SourceCalls, pool: AdaptivePool): Promise<Reconciliation> {
    const list = await this.#dependencies.list.refresh(calls);
    const { listed, askedAt } = list;
    const now = this.#options.clock.now();
    const selected = await this.#selected.of(listed, calls, (items, each) => pool.run(items, each));
    this.#counts = {
      containerCount: listed.length + (this.#options.source.refusedCount ?? 0),
      unselectedCount: listed.length - selected.length,
      containersByStatus: countByStatus(listed),
    };
    this.#synchronize(selected, now);
    this.#dependencies.counter.reconcile(new Set(listed.map(({ id }) => id)), askedAt);
    return { ...list, selected, now };
  }

  #synchronize(selected: readonly ListedContainer[], now: number): void {
    const ids = new Set(selected.map(({ id }) => id));
    const gone = [...this.#trackers].filter(([id]) => !ids.has(id));
    for (const [id, tracker] of gone) this.#remove(id, tracker);
    const added = selected.filter(({ id }) => !this.#trackers.has(id));
    for (const item of added)
      this.#trackers.set(item.id, new ContainerTracker(item, now, this.#options.log, this.#trackers));
    if (gone.length + added.length > 0) this.#dependencies.list.applied();
  }

  #remove(id: string, tracker: ContainerTracker): void {
    const { identity } = tracker;
    this.#dependencies.counter.left(id, identity && { owner: tracker, identity });
    this.#trackers.delete(id);
    this.#options.mapper?.forget(id);
  }
}

/** Numbers of containers by state; those of unknown state are left out. */
function countByStatus(listed: readonly ListedContainer[]): ReadonlyMap<ContainerStatus, number> {
  const counts = new Map<ContainerStatus, number>();
  for (const { status } of listed)
    if (status !== undefined) counts.set(status, (counts.get(status) ?? 0) + 1);
  return counts;
}

/** Work on one container; `sampling` cancels the wait for a sample once a newer change of the container is known. */
type ContainerWork<T> = (tracker: ContainerTracker, sampling: Cancellable) => Promise<T>;

/** Serialises the work on each container: probes, event refreshes, live samples. */
export class ContainerQueue {
  readonly #trackers: ReadonlyMap<string, ContainerTracker>;
  readonly #queue = new KeyedQueue();

  constructor(trackers: ReadonlyMap<string, ContainerTracker>) {
    this.#trackers = trackers;
  }

  /** Runs work after all earlier work on that container; undefined when there is none of that id. */
  async run<T>(id: string, work: ContainerWork<T>): Promise<T | undefined> {
    const tracker = this.#trackers.get(id);
    return tracker && (await this.#queue.run(id, () => work(tracker, tracker.sampling)));
  }

  /** Applies a list that was requested at that monotonic time; skipped when a later list was faster. */
  async apply(id: string, askedAt: number, work: ContainerWork<void>): Promise<void> {
    await this.run(id, (tracker, sampling) => this.#apply(tracker, askedAt, () => work(tracker, sampling)));
  }

  /** Like {@link apply}, but cancels a sample under way: it may take a second, and describes what was. */
  async preempt(id: string, askedAt: number, work: ContainerWork<void>): Promise<void> {
    const tracker = this.#trackers.get(id);
    if (tracker) tracker.sampling.cancel();
    await this.run(id, async (current, sampling) => {
      sampling.reset();
      await this.#apply(current, askedAt, () => work(current, sampling));
    });
  }

  async #apply(tracker: ContainerTracker, askedAt: number, work: () => Promise<void>): Promise<void> {
    if (askedAt < (tracker.appliedAt ?? askedAt)) return;
    tracker.appliedAt = askedAt;
    await work();
  }
}
