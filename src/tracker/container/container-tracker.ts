import { Cancellable } from '../../concurrency/cancellable.ts';
import type { Log } from '../../log.ts';
import type { ContainerIdentity } from '../../model/container.ts';
import type { RuntimeDescription } from '../../model/runtime.ts';
import { isSameReading, slim, withoutNetworks } from '../../model/sample.ts';
import type { PreviousSample, Sample } from '../../model/sample.ts';
import type { ContainerSnapshot, CounterGroup, CounterStarts } from '../../model/snapshot.ts';
import type { InspectedContainer, ListedContainer } from '../../sources/container-source.ts';
import { toSourceError } from '../../sources/source-error.ts';
import type { SourceError } from '../../sources/source-error.ts';
import type { SourceCalls } from '../source-calls.ts';
import { cgroupCounters, isNetwork } from './counters.ts';
import { EmptySamples } from './empty-samples.ts';
import { ContainerFailures } from './failures.ts';
import { HostStartTimes, isLasting } from './host-start-times.ts';
import { Inspection } from './inspection.ts';
import type { Heard } from './inspection.ts';
import { joinsNetwork, networkOwner } from './network-owner.ts';
import { NetworkStartTimes } from './network-start-times.ts';
import { CounterStartTimes } from './start-times.ts';

/** What came of a sample: superseded by news of the container, or an error. */
export type MeasureOutcome = 'measured' | 'superseded' | SourceError;

/**
 * What is held of one container: who it is, how it fares, its latest sample and the one before.
 * One update at a time; its owner sees to that.
 */
export class ContainerTracker {
  readonly id: string;
  /** Whether its samples are worth waiting for. */
  readonly sampling = new Cancellable();
  readonly #failures: ContainerFailures;
  readonly #neighbours: ReadonlyMap<string, ContainerTracker>;
  readonly #trackedSince: number;
  #listed: ListedContainer;
  #listedAt: number;
  readonly #known = new Inspection();
  #startedAt: number;
  #starts: CounterStartTimes;
  /** Outlives the runs of a container that lives in another one's network. */
  #network = new NetworkStartTimes();
  readonly #lasting: HostStartTimes;
  #sample: Sample | undefined;
  #previous: PreviousSample | undefined;
  #isPublished = false;
  #hasUsage = false;
  readonly #emptyAnswers = new EmptySamples();
  /** Until then a probe needs no sample of its own; by the monotonic clock. */
  #freshUntil = 0;

  /**
   * @param now milliseconds since the epoch.
   * @param neighbours the containers of the same runtime by id, now and later.
   */
  constructor(
    listed: ListedContainer,
    now: number,
    log: Log,
    neighbours: ReadonlyMap<string, ContainerTracker>,
  ) {
    this.id = listed.id;
    this.#listed = listed;
    this.#listedAt = now;
    this.#trackedSince = now;
    this.#startedAt = now;
    this.#starts = new CounterStartTimes(now, cgroupCounters);
    this.#lasting = new HostStartTimes(now);
    this.#failures = new ContainerFailures(log);
    this.#neighbours = neighbours;
  }

  /** Who it is, or undefined while nothing is known yet. */
  get identity(): ContainerIdentity | undefined {
    if (this.#known.inspected) return this.#known.inspected.identity;
    return this.#failures.count > 0 ? listedIdentity(this.#listed) : undefined;
  }

  /** As last inspected: `container:ID` in another one's network. */
  get networkMode(): string | undefined {
    return this.#known.inspected?.identity.networkMode;
  }

  /** One update: a look, and a sample of what runs. Never throws; a failure is counted. */
  async update(
    listed: ListedContainer,
    calls: SourceCalls,
    now: number,
    heard: Heard = 'unheard',
  ): Promise<void> {
    if (!(await this.look(listed, calls, now, heard))) return;
    const isFresh = calls.monotonic() < this.#freshUntil && this.#hasUsage && this.#mayRun(listed);
    if (!isFresh) await this.#tryMeasure(listed, calls);
  }

  /**
   * Inspects when something changed; gives whether what is known may be shown. Never throws; a failure is counted.
   * @param now when the runtime gave the list, in milliseconds since the epoch.
   */
  async look(listed: ListedContainer, calls: SourceCalls, now: number, heard: Heard): Promise<boolean> {
    // Not reached before the probe was given up: what is known is stale.
    if (calls.isOver) {
      this.unpublish();
      return false;
    }
    try {
      if (this.#known.isOutdated(listed, now, heard, this.#startedAt))
        this.#accept(await calls.inspect(this.id), listed, now);
    } catch (thrown) {
      // Removed in between keeps what is known in sight until the next list; any other error hides what may be wrong.
      this.#hasUsage = false;
      this.#isPublished = !this.#failures.failed(listed, thrown) && this.#known.inspected !== undefined;
      return false;
    } finally {
      this.#listed = listed;
      this.#listedAt = now;
    }
    this.#isPublished = true;
    // Whoever measures next may have others to wait for.
    if (!this.#mayRun(listed)) this.#hasUsage = false;
    return true;
  }

  /** One sample between updates, which spares the updates of the next `freshMillis` theirs. Never throws. */
  async measure(calls: SourceCalls, freshMillis: number): Promise<MeasureOutcome> {
    const outcome = await this.#tryMeasure(this.#listed, calls);
    this.#freshUntil = calls.monotonic() + freshMillis;
    return outcome;
  }

  async #tryMeasure(listed: ListedContainer, calls: SourceCalls): Promise<MeasureOutcome> {
    try {
      const isRunning = this.#mayRun(listed);
      const answer = isRunning ? await this.sampling.unless(() => calls.sample(this.id)) : undefined;
      if (answer === 'superseded') return answer;
      await this.#acceptAnswer(answer, listed, calls);
      this.#failures.recovered(listed);
      return 'measured';
    } catch (thrown) {
      this.#hasUsage = false;
      this.#emptyAnswers.forget();
      this.#failures.failed(listed, thrown);
      return toSourceError(thrown, `stats of ${this.id}`);
    }
  }

  /** Takes everything out of sight until the next update; what is known is kept. */
  unpublish(): void {
    this.#isPublished = false;
    this.#hasUsage = false;
  }

  /** What readers may show, or undefined while nothing is known yet. */
  snapshot(runtime: RuntimeDescription): ContainerSnapshot | undefined {
    const { identity } = this;
    if (!identity) return undefined;
    const { state = {}, limits = {} } = this.#known.inspected ?? {};
    const own = this.#starts.starts;
    const network = this.#networkStarts();
    const lasting = this.#lasting.starts;
    const startsOf = (group: CounterGroup): CounterStarts => {
      if (isLasting(group)) return lasting;
      return isNetwork(group) && network ? network : own;
    };
    return {
      owner: this,
      runtime,
      identity,
      state,
      limits,
      stateAt: this.#listedAt,
      givesNoUsage: this.#isPublished && this.#emptyAnswers.areBelieved,
      ...this.#usage(network !== undefined),
      starts: { of: (group) => startsOf(group).of(group) },
      failures: this.#failures.count,
      trackedSince: this.#trackedSince,
      published: this.#isPublished,
    };
  }

  #usage(withNetworks: boolean): Pick<ContainerSnapshot, 'sample' | 'previous'> {
    const taken = this.#hasUsage ? this.#sample : undefined;
    const sample = withNetworks ? taken : taken && withoutNetworks(taken);
    return { ...(sample && { sample }), ...(sample && this.#previous && { previous: this.#previous }) };
  }

  /** Undefined as long as the network's owner is waiting to be inspected. */
  #networkStarts(): CounterStarts | undefined {
    const owner = networkOwner<ContainerTracker>(this, this.#neighbours);
    if (owner) return owner.#known.inspected && this.#network.ofOwner(owner.#startedAt);
    // An owner that is not there: its last known start holds, else the earliest time of which we know that the
    // network was there, the start of this container's first run that we saw. It stays when the container restarts.
    return this.#network.ofOwner(this.#network.beganAt ?? this.#startedAt);
  }

  #accept(answer: InspectedContainer, listed: ListedContainer, now: number): void {
    const startedAt = answer.state.startedAt ?? (this.#known.inspected ? this.#startedAt : now);
    if (!this.#known.inspected || startedAt !== this.#startedAt)
      this.#beginRun(startedAt, answer.identity.networkMode);
    this.#lasting.acceptInspected(this.#known.accept(answer, listed, now));
  }

  #beginRun(startedAt: number, networkMode: string | undefined): void {
    this.#startedAt = startedAt;
    this.#starts = new CounterStartTimes(startedAt, cgroupCounters, this.#starts.known);
    if (!joinsNetwork(networkMode)) this.#network = new NetworkStartTimes(this.#network);
    this.#sample = undefined;
    this.#previous = undefined;
    this.#hasUsage = false;
    this.#emptyAnswers.forget();
  }

  async #acceptAnswer(
    answer: Sample | undefined,
    listed: ListedContainer,
    calls: SourceCalls,
  ): Promise<void> {
    this.#hasUsage = false;
    const sample = this.#emptyAnswers.believed(answer, this.#known.inspected?.state.status ?? listed.status);
    if (!sample) return;
    if (this.#starts.accept(sample)) await this.#restarted(sample, calls);
    else if (!isSameReading(sample, this.#sample)) this.#previous = this.#sample && slim(this.#sample);
    this.#network.accept(sample);
    this.#lasting.acceptSample(sample);
    this.#networkStarts();
    this.#sample = sample;
    this.#hasUsage = this.#mayRun(listed);
  }

  /** CPU time fell: the container was started anew since it was inspected. Nothing of the old run outlives that. */
  async #restarted(sample: Sample, calls: SourceCalls): Promise<void> {
    const starts = this.#starts;
    this.#sample = undefined;
    this.#previous = undefined;
    this.#accept(await calls.inspect(this.id), this.#listed, this.#listedAt);
    // A new start time began a new run, whose counters have not seen this sample yet.
    if (this.#starts !== starts) this.#starts.accept(sample);
  }

  /** A runtime that tells no state is asked: it answers with nothing when the container does not run. */
  #mayRun(listed: ListedContainer): boolean {
    const status = this.#known.inspected?.state.status ?? listed.status;
    return status === undefined || status === 'running' || status === 'paused';
  }
}

/** As much as the list alone tells: enough to show whose failures are counted. */
function listedIdentity({ id, name }: ListedContainer): ContainerIdentity {
  return { id, name, image: { tags: [], repoDigests: [] }, labels: {}, environment: [], command: [] };
}
