import type { ListedContainer } from '../sources/container-source.ts';

/** Resync period: the runtime is listed this often even while its events arrive, for what they may have missed. */
const resyncMillis = 60_000;

/** A list, and when the runtime was asked for it on the monotonic clock. */
interface CachedList {
  readonly listed: readonly ListedContainer[];
  readonly askedAt: number;
}

/** The last list of a runtime, and the containers that changed since by its events. */
export class ListCache {
  #listed: readonly ListedContainer[] = [];
  #askedAt = 0;
  #isStale = true;
  readonly #changed = new Set<string>();
  /** Drained for this list and for the previous one: an event may arrive before the list shows it. */
  #drained: ReadonlySet<string> = new Set();
  #drainedBefore: ReadonlySet<string> = new Set();

  /** Marks one container as changed. */
  change(id: string): void {
    this.#changed.add(id);
  }

  /** Marks the whole list as possibly wrong. */
  invalidate(): void {
    this.#isStale = true;
  }

  /** True when changes since the last list may have had no event. */
  get isStale(): boolean {
    return this.#isStale;
  }

  /** The last list while it still holds for a runtime whose events arrive; undefined when a new one is needed. */
  fresh(monotonicMillis: number): CachedList | undefined {
    const [listed, askedAt] = [this.#listed, this.#askedAt];
    const isOld = monotonicMillis - askedAt >= resyncMillis;
    return this.#isStale || isOld || this.#changed.size > 0 ? undefined : { listed, askedAt };
  }

  /** Takes the changes and the staleness; called before the list, so that nothing that arrives meanwhile is lost. */
  drainChanged(): ReadonlySet<string> {
    this.#drainedBefore = this.#drained;
    this.#drained = new Set(this.#changed);
    this.#changed.clear();
    this.#isStale = false;
    return this.#drained;
  }

  /** Ids of containers that a new list shows as added, removed or in another state, without an event. */
  unannounced(list: readonly ListedContainer[]): readonly string[] {
    const announced = [this.#changed, this.#drained, this.#drainedBefore];
    return this.#differing(list).filter((id) => !announced.some((ids) => ids.has(id)));
  }

  #differing(list: readonly ListedContainer[]): readonly string[] {
    const before = new Map(this.#listed.map((item) => [item.id, item]));
    const differing = list.filter((item) => {
      const status = before.get(item.id)?.status;
      before.delete(item.id);
      return status !== item.status && !isBeingRemoved(item);
    });
    return [...differing.map(({ id }) => id), ...before.keys()];
  }

  /** Stores a list; one item per container, should the runtime name one twice: a tracker takes one update at a time. */
  accept(listed: readonly ListedContainer[], askedAt: number): readonly ListedContainer[] {
    this.#listed = [...new Map(listed.map((item) => [item.id, item])).values()];
    this.#askedAt = askedAt;
    return this.#listed;
  }
}

/** True for the states that begin without an event: their end has one. */
function isBeingRemoved({ status }: ListedContainer): boolean {
  return status === 'removing' || status === 'dead';
}
