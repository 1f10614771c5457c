import type { Clock } from '../clock.ts';
import type { ListedContainer } from '../sources/container-source.ts';
import { isBeingRemoved } from './container/inspection.ts';
import type { ChangeKnowledge } from './container/inspection.ts';
import type { EventStream } from './events/event-stream.ts';
import type { SourceCalls } from './source-calls.ts';

/** Maximum time between a change in a list and its event. */
const lateEventMillis = 3000;

/** The containers of a runtime at one moment. */
export interface Listed {
  readonly listed: readonly ListedContainer[];
  /** Time of the request, on the monotonic clock. */
  readonly askedAt: number;
  readonly changeOf: (id: string) => ChangeKnowledge;
  /** True when every change since the last list arrived as an event. */
  readonly isComplete: boolean;
}

/**
 * List-watch of one runtime: its last list and the changes since by its events. While the stream of events is reliable
 * the runtime is listed only after a change, and once per resync period for what events may have missed.
 */
export class ContainerList {
  readonly #clock: Clock;
  readonly #stream: EventStream | undefined;
  readonly #cache = new ListCache();
  /** Deadlines of the events that a list announced, by container, on the monotonic clock. */
  readonly #expected = new Map<string, number>();
  #revision = 0;

  /** @param stream absent: no events are received, and every refresh lists. */
  constructor(clock: Clock, stream: EventStream | undefined) {
    this.#clock = clock;
    this.#stream = stream;
  }

  /** Grows with each change that is known or suspected, and with each that has been applied. */
  get revision(): number {
    return this.#revision;
  }

  /** Records that containers came, went or were inspected anew. */
  applied(): void {
    this.#revision += 1;
  }

  /** Makes the next refresh list: the cached list may be wrong. */
  invalidate(): void {
    this.#revision += 1;
    this.#cache.invalidate();
  }

  /** Records that an event of that container arrived. */
  change(id: string): void {
    this.#revision += 1;
    this.#cache.change(id);
    this.#expected.delete(id);
  }

  /** A new stream of events began: earlier changes are unknown. */
  restart(): void {
    this.#expected.clear();
    this.#cache.invalidate();
  }

  /** From the runtime, or from the cache while no event reports a change. Throws SourceError. */
  async refresh(calls: SourceCalls): Promise<Listed> {
    const isReliable = this.#stream?.isReliable === true;
    const askedAt = this.#clock.monotonic();
    const cached = isReliable ? this.#cache.fresh(askedAt) : undefined;
    if (cached) return { ...cached, changeOf: () => 'unchanged', isComplete: true };
    const wasStale = this.#cache.isStale;
    const isComplete = isReliable && !wasStale;
    const changed = this.#cache.drainChanged();
    const response = await calls.list();
    if (this.#stream?.isOpen && !wasStale && !this.#cache.isStale)
      this.#expectEvents(this.#cache.unannounced(response));
    const listed = this.#cache.accept(response, askedAt);
    const otherwise = isComplete ? 'unchanged' : 'unknown';
    return { listed, askedAt, changeOf: (id) => (changed.has(id) ? 'changed' : otherwise), isComplete };
  }

  /** A stream that lacks the events of what a list shows is broken: a proxy's, or a connection that died unnoticed. */
  #expectEvents(ids: readonly string[]): void {
    if (ids.length === 0) return;
    const due = this.#clock.monotonic() + lateEventMillis;
    for (const id of ids) if (!this.#expected.has(id)) this.#expected.set(id, due);
    const check = (): void => {
      const isLate = [...this.#expected.values()].some((each) => each <= due);
      if (!isLate) return;
      this.#expected.clear();
      this.#stream?.reconnect();
    };
    void this.#clock.sleep(lateEventMillis).then(check);
  }
}

/** Resync period: the runtime is listed this often even while its events arrive, for what they may have missed. */
const resyncMillis = 60_000;

/** A list, and the time of its request on the monotonic clock. */
interface CachedList {
  readonly listed: readonly ListedContainer[];
  readonly askedAt: number;
}

/** The last list of a runtime, and the containers that changed since by its events. */
class ListCache {
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
