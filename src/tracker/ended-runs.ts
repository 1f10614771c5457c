import type { Clock } from '../clock.ts';
import type { Sample } from '../model/sample.ts';
import type { ContainerSnapshot, CounterStarts, RuntimeSnapshot } from '../model/snapshot.ts';
import type { EndedRun, UsageSource } from '../sources/container-source.ts';
import type { ContainerTracker } from './container/container-tracker.ts';
import { cgroupCounters, CounterStartTimes, isHostGroup } from './container/start-times.ts';
import { retentionMillis } from './events/event-counter.ts';

/** The last values of a run. */
interface Last {
  readonly sample: Sample;
  readonly starts: CounterStarts;
  /** On the monotonic clock. */
  readonly shownUntil: number;
  /** True once the event of its end has them. */
  isReported: boolean;
}

/** Beyond this the oldest are dropped. */
const maxLasts = 5000;

interface EndedRunsOptions {
  readonly clock: Clock;
  /** Absent: none that has last values. */
  readonly usage?: UsageSource;
  /** Between two collections. */
  readonly intervalMillis: number;
}

/**
 * The last values of runs that have ended: for the event of the end, and for each reader, as its next collection comes
 * when the container runs no more, or is gone. They stay in sight as long as the counts of a removed container.
 */
export class EndedRuns {
  readonly #options: EndedRunsOptions;
  readonly #lasts = new Map<string, Last>();

  constructor(options: EndedRunsOptions) {
    this.#options = options;
  }

  /** The runtime announced the end of a run: what it had used. */
  report(id: string, tracker: ContainerTracker | undefined): Sample | undefined {
    this.#claim(id, tracker);
    const last = this.#lasts.get(id);
    if (!last || last.isReported) return undefined;
    // Those of a run before it, whose own event never came.
    if (tracker && tracker.startedAt > last.sample.takenAt) return undefined;
    last.isReported = true;
    return last.sample;
  }

  /** True where the last values of a container are in sight. */
  has(id: string): boolean {
    return this.#lasts.has(id);
  }

  /** After a probe: an end without an event is an end, too. */
  sweep(trackers: Iterable<ContainerTracker>): void {
    const now = this.#options.clock.monotonic();
    for (const [id, { shownUntil }] of this.#lasts) if (now >= shownUntil) this.#lasts.delete(id);
    for (const tracker of trackers) if (!tracker.mayRun) this.#claim(tracker.id, tracker);
  }

  /** The containers of a runtime, and those that are gone, with their last values where there are no later ones. */
  shown(
    containers: readonly ContainerSnapshot[],
    removed: readonly ContainerSnapshot[],
  ): Required<Pick<RuntimeSnapshot, 'containers' | 'removed'>> {
    if (this.#lasts.size === 0) return { containers, removed };
    // Where the name alone identifies a series, it is the new container's, or the first that is observed.
    const names = new Set(removed.length > 0 ? containers.map(({ identity }) => identity.name) : []);
    const newestFirst = removed.toReversed();
    return {
      containers: containers.map((each) => (each.published ? this.#withLast(each) : each)),
      removed: newestFirst.map((each) => (names.has(each.identity.name) ? each : this.#withLast(each))),
    };
  }

  #withLast(snapshot: ContainerSnapshot): ContainerSnapshot {
    const last = snapshot.sample ? undefined : this.#lasts.get(snapshot.identity.id);
    if (!last || this.#options.clock.monotonic() >= last.shownUntil) return snapshot;
    const { sample, starts: ofRun } = last;
    const startsOf = (group: Parameters<CounterStarts['of']>[0]): CounterStarts =>
      isHostGroup(group) ? snapshot.starts : ofRun;
    return { ...snapshot, sample, starts: { of: (group, counter) => startsOf(group).of(group, counter) } };
  }

  #claim(id: string, tracker: ContainerTracker | undefined): void {
    const { usage, clock, intervalMillis } = this.#options;
    const run = usage?.ended?.(id);
    if (!run) return;
    const { sample } = run;
    const isPresent = tracker?.identity !== undefined && tracker.startedAt <= sample.takenAt;
    const starts = isPresent ? tracker.end(sample) : startsOf(run);
    if (!starts) return;
    const shownUntil = clock.monotonic() + retentionMillis(intervalMillis);
    this.#lasts.set(id, { sample, starts, shownUntil, isReported: false });
    const [first] = this.#lasts.keys();
    if (first !== undefined && this.#lasts.size > maxLasts) this.#lasts.delete(first);
  }
}

/** Of a run that was never measured, or an earlier one. */
function startsOf({ sample, since }: EndedRun): CounterStarts {
  const times = new CounterStartTimes(since, cgroupCounters);
  times.accept(sample);
  return times.starts;
}
