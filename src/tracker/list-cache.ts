import type { ContainerStatus } from '../model/container.ts';
import type { ListedContainer } from '../sources/container-source.ts';

/** Even while events are heard, the runtime is asked for its list this often: a slow look at what they may have missed. */
const resyncMillis = 60_000;

/** A list, and when the runtime was asked for it. */
interface Known {
  readonly listed: readonly ListedContainer[];
  readonly askedAt: number;
}

/** What the runtime last listed, and what events said has changed since. */
export class ListCache {
  #listed: readonly ListedContainer[] = [];
  #askedAt = 0;
  #isDoubted = true;
  readonly #changed = new Set<string>();
  /** What was taken away for this list, and for the one before: an event may be told before the list shows it. */
  #taken: ReadonlySet<string> = new Set();
  #takenBefore: ReadonlySet<string> = new Set();

  /** Something happened to that container. */
  change(id: string): void {
    this.#changed.add(id);
  }

  /** What is known may be wrong: the runtime must be asked. */
  doubt(): void {
    this.#isDoubted = true;
  }

  /** Whether changes may have gone unheard since the last list. */
  get isDoubted(): boolean {
    return this.#isDoubted;
  }

  /** The last list, if it is still true of a runtime whose events are heard; undefined when the runtime must be asked. */
  known(monotonicMillis: number): Known | undefined {
    const [listed, askedAt] = [this.#listed, this.#askedAt];
    const isOld = monotonicMillis - askedAt >= resyncMillis;
    return this.#isDoubted || isOld || this.#changed.size > 0 ? undefined : { listed, askedAt };
  }

  /**
   * Takes away what events said has changed, and all doubt: to be asked for before the list, so that nothing is lost that
   * comes while the runtime answers.
   */
  takeChanged(): ReadonlySet<string> {
    this.#takenBefore = this.#taken;
    this.#taken = new Set(this.#changed);
    this.#changed.clear();
    this.#isDoubted = false;
    return this.#taken;
  }

  /** Which containers that answer shows as come, gone, or in another state than the last one did, without an event. */
  unannounced(answer: readonly ListedContainer[]): readonly string[] {
    const heard = [this.#changed, this.#taken, this.#takenBefore];
    return this.#unlike(answer).filter((id) => !heard.some((ids) => ids.has(id)));
  }

  #unlike(answer: readonly ListedContainer[]): readonly string[] {
    const before = new Map(this.#listed.map((item) => [item.id, item]));
    const unlike = answer.filter((item) => {
      const status = before.get(item.id)?.status;
      before.delete(item.id);
      return status !== item.status && !isBeingRemoved(item);
    });
    return [...unlike.map(({ id }) => id), ...before.keys()];
  }

  /** The runtime's answer; one item per container, should it name one twice: a tracker takes one update at a time. */
  accept(listed: readonly ListedContainer[], askedAt: number): readonly ListedContainer[] {
    this.#listed = [...new Map(listed.map((item) => [item.id, item])).values()];
    this.#askedAt = askedAt;
    return this.#listed;
  }
}

/** The one state that begins without an event: its end has one. */
function isBeingRemoved({ status }: ListedContainer): boolean {
  return status === 'removing' || status === 'dead';
}

/** How many containers there are in each state; those of unknown state are left out. */
export function countByStatus(listed: readonly ListedContainer[]): ReadonlyMap<ContainerStatus, number> {
  const counts = new Map<ContainerStatus, number>();
  for (const { status } of listed)
    if (status !== undefined) counts.set(status, (counts.get(status) ?? 0) + 1);
  return counts;
}
