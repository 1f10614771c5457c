import type { Integer, Sample } from '../../model/sample.ts';
import type { CounterGroup, CounterStarts } from '../../model/snapshot.ts';
import { isNetwork } from './counters.ts';
import type { VisitCounters } from './counters.ts';

interface Group {
  startedAt: number;
  /** The last value of each counter. */
  readonly values: Map<string, Integer>;
  /** Whether a counter fell in the sample that is being taken. */
  fell: boolean;
}

/**
 * When each group of a container's counters began. A counter that fell without a known restart began again after the
 * sample before: its group's start moves there, so that within one start no counter ever falls.
 */
export class CounterStartTimes {
  readonly #startedAt: number;
  readonly #visit: VisitCounters;
  readonly #before: ReadonlyMap<CounterGroup, number> | undefined;
  readonly #groups = new Map<CounterGroup, Group>();
  #lastAt: number | undefined;
  #starts: CounterStarts | undefined;

  /**
   * @param startedAt when the container started, or when we first saw it; milliseconds since the epoch.
   * @param before the starts of the run before: those of this one are others.
   */
  constructor(startedAt: number, visit: VisitCounters, before?: ReadonlyMap<CounterGroup, number>) {
    this.#startedAt = startedAt;
    this.#visit = visit;
    this.#before = before;
  }

  /** The starts as they are now; later samples do not change what was given out. */
  get starts(): CounterStarts {
    if (this.#starts) return this.#starts;
    const starts = this.known;
    const first = this.#startedAt;
    this.#starts = { of: (group) => starts.get(group) ?? first };
    return this.#starts;
  }

  /** The starts of the groups that have counted anything. */
  get known(): ReadonlyMap<CounterGroup, number> {
    return new Map([...this.#groups].map(([name, { startedAt }]) => [name, startedAt]));
  }

  /** Takes the next sample; true when CPU time fell, which means that the container was started anew. */
  accept(sample: Sample): boolean {
    const { takenAt } = sample;
    this.#forgetDetached(sample);
    this.#visit(sample, (group, key, value) => {
      if (value !== undefined) this.#take(this.#groups.get(group) ?? this.#open(group, takenAt), key, value);
    });
    const startedAnew = this.#groups.get('cpu')?.fell === true;
    for (const group of this.#groups.values()) this.#settle(group, takenAt);
    this.#lastAt = takenAt;
    return startedAnew;
  }

  /** An interface that joins later began its counting after the last sample; a cgroup's files are there at once. */
  #open(name: CounterGroup, takenAt: number): Group {
    const joined = this.#lastAt !== undefined && isNetwork(name);
    const began = joined ? this.#lastBefore(takenAt) : Math.min(this.#startedAt, takenAt);
    // Where the clock was set back in between, a run may seem to have started when the one before did.
    const startedAt = began === this.#before?.get(name) ? began - 1 : began;
    const group = { startedAt, values: new Map<string, Integer>(), fell: false };
    this.#groups.set(name, group);
    this.#starts = undefined;
    return group;
  }

  #take(group: Group, key: string, value: Integer): void {
    const known = group.values.get(key);
    if (known !== undefined && value < known) group.fell = true;
    group.values.set(key, value);
  }

  #settle(group: Group, takenAt: number): void {
    if (group.fell) this.#begin(group, this.#restart(group, takenAt));
    // The clock was set back to before the start.
    else if (takenAt < group.startedAt) this.#begin(group, takenAt);
    group.fell = false;
  }

  /** Another start than the one before, and none after the sample, wherever the clock was set to. */
  #restart({ startedAt }: Group, takenAt: number): number {
    const restartedAt = Math.min(Math.max(this.#lastBefore(takenAt), startedAt + 1), takenAt);
    return restartedAt === startedAt ? restartedAt - 1 : restartedAt;
  }

  #begin(group: Group, startedAt: number): void {
    group.startedAt = startedAt;
    this.#starts = undefined;
  }

  /** Engine and agent may disagree on the time: a start after the sample would move with every sample. */
  #lastBefore(takenAt: number): number {
    return Math.min(this.#lastAt ?? takenAt, takenAt);
  }

  /** An interface that comes back counts from zero, even if it has counted beyond the old value by then. */
  #forgetDetached({ networks }: Sample): void {
    if (!networks) return;
    for (const name of this.#groups.keys()) {
      const isAttached = networks.some((usage) => name === `network ${usage.name}`);
      if (isNetwork(name) && !isAttached) this.#groups.delete(name);
    }
  }
}
