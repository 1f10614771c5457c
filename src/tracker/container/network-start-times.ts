import type { Sample } from '../../model/sample.ts';
import type { CounterGroup, CounterStarts } from '../../model/snapshot.ts';
import { networkCounters } from './counters.ts';
import { CounterStartTimes } from './start-times.ts';

/**
 * When the counters of a container's network began: with the run of the network's owner, which may be another
 * container (a pod's sandbox). They then outlive the container's own runs.
 */
export class NetworkStartTimes {
  readonly #before: ReadonlyMap<CounterGroup, number> | undefined;
  #beganAt: number | undefined;
  #tracking: CounterStartTimes | undefined;
  #sample: Sample | undefined;

  /** @param before those of the network before. */
  constructor(before?: NetworkStartTimes) {
    this.#before = before && before.#tracking?.known;
  }

  /** The owner's start, as last told. */
  get beganAt(): number | undefined {
    return this.#beganAt;
  }

  /** Takes the next sample, in the network as last known. */
  accept(sample: Sample): void {
    this.#sample = sample;
    this.#tracking?.accept(sample);
  }

  /** The starts in the network of an owner that started at this time, in milliseconds since the epoch. */
  ofOwner(startedAt: number): CounterStarts {
    if (!this.#tracking || this.#isAnew(startedAt)) {
      this.#beganAt = startedAt;
      this.#tracking = new CounterStartTimes(
        startedAt,
        networkCounters,
        this.#tracking?.known ?? this.#before,
      );
      if (this.#sample) this.#tracking.accept(this.#sample);
    }
    return this.#tracking.starts;
  }

  /** An owner that started after the sample was taken did not count what is in it; nor does a start go back. */
  #isAnew(startedAt: number): boolean {
    const { takenAt = startedAt } = this.#sample ?? {};
    return this.#beganAt !== undefined && startedAt > this.#beganAt && startedAt <= takenAt;
  }
}
