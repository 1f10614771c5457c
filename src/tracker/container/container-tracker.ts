// One piece, because list, inspect, usage and failures of a container together decide what is published of it.
import { Cancellable } from '../../concurrency/cancellation.ts';
import type { Log } from '../../log.ts';
import type { ContainerIdentity, ContainerStatus } from '../../model/container.ts';
import { agentTime } from '../../model/runtime.ts';
import type { RuntimeDescription } from '../../model/runtime.ts';
import { hasUsage, withoutNetworks } from '../../model/sample.ts';
import type { Sample } from '../../model/sample.ts';
import type { ContainerSnapshot, CounterStarts } from '../../model/snapshot.ts';
import type { InspectedContainer, ListedContainer } from '../../sources/container-source.ts';
import { toSourceError } from '../../sources/source-error.ts';
import type { SourceError } from '../../sources/source-error.ts';
import { isAbsence } from '../source-calls.ts';
import type { SourceCalls } from '../source-calls.ts';
import { CounterHistory } from './counter-history.ts';
import { Inspection, isBeingRemoved, listedIdentity, listedParts } from './inspection.ts';
import type { ListedChange } from './inspection.ts';
import { NetworkOwners } from './network-owners.ts';
import type { Networked } from './network-owners.ts';

/** Outcome of one sample: `cancelled` by a newer change of the container, or an error. */
type MeasureOutcome = 'measured' | 'cancelled' | SourceError;

/** So many samples without usage in a row confirm that a running container has none: one may be of one that just died. */
const confirmedEmptySamples = 2;

/**
 * State of one container: identity, state, its latest sample and the one before. One update at a time; the container
 * queue sees to that.
 */
export class ContainerTracker implements Networked {
  readonly id: string;
  /** The wait for its sample: the container queue's, as the next. */
  readonly sampling = new Cancellable();
  /** Time of the list that was last applied, on the monotonic clock. */
  appliedAt: number | undefined;
  readonly #failures: ContainerFailures;
  readonly #neighbours: ReadonlyMap<string, ContainerTracker>;
  readonly #trackedSince: number;
  readonly #inspection = new Inspection();
  readonly #history: CounterHistory;
  #listed: ListedContainer;
  #listedAt: number;
  #isPublished = false;
  /** True while the runtime lists the container and does not describe it. */
  #isListedOnly = false;
  /** Start of the current run by the runtime's clock, in milliseconds since the epoch; undefined where it does not report it. */
  #runStartedAt: number | undefined;
  /** Inspects in a row that did not find the container. */
  #absences = 0;
  #hasUsage = false;
  /** Samples without usage in a row while it runs. */
  #emptySamples = 0;
  /** When the last values of the present run were read; absent while it has not ended. Milliseconds since the epoch. */
  #endedAt: number | undefined;
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
    this.#history = new CounterHistory(now);
    this.#failures = new ContainerFailures(log);
    this.#neighbours = neighbours;
  }

  /** Undefined while nothing is known yet. */
  get identity(): ContainerIdentity | undefined {
    const inspected = this.#inspection.inspected;
    if (inspected) return inspected.identity;
    return this.#isListedOnly || this.#failures.count > 0 ? listedIdentity(this.#listed) : undefined;
  }

  get networkOwnerId(): string | undefined {
    return this.#inspection.inspected?.network.ownerId;
  }

  /** Inspects where needed, then samples what runs. Never throws; a failure is counted. */
  async update(change: ListedChange, calls: SourceCalls, sampling: Cancellable): Promise<void> {
    if (!(await this.inspect(change, calls))) return;
    const isFresh = calls.monotonic() < this.#freshUntil && this.#hasUsage && this.#mayRun(change.listed);
    if (!isFresh) await this.#tryMeasure(change.listed, calls, sampling);
  }

  /** Inspects when something changed; true when what is known may be shown. Never throws; a failure is counted. */
  async inspect(change: ListedChange, calls: SourceCalls): Promise<boolean> {
    const { listed, now } = change;
    // Not reached before the probe's deadline: what is known is stale.
    if (calls.isOver) {
      this.unpublish();
      return false;
    }
    try {
      if (this.#inspection.isOutdated(change, this.#history.startedAt))
        this.#accept(await calls.inspect(this.id), listed, now);
    } catch (thrown) {
      this.#hasUsage = false;
      this.#notInspected(listed, toSourceError(thrown, `inspect of ${this.id}`));
      return false;
    } finally {
      this.#listed = listed;
      this.#listedAt = now;
    }
    this.#isPublished = true;
    this.#isListedOnly = false;
    this.#absences = 0;
    // The sample may come much later, after those of others.
    if (!this.#mayRun(listed)) this.#hasUsage = false;
    return true;
  }

  /**
   * Decides what is shown of a container that cannot be inspected. One that is not found was removed in between, unless
   * it goes on being listed: the runtime lists a container that is stuck in its removal, and reports nothing
   * else of it.
   */
  #notInspected(listed: ListedContainer, error: SourceError): void {
    this.#absences = isAbsence(error) ? this.#absences + 1 : 0;
    const isStuck = this.#absences > 1;
    const isFailure = this.#failures.failed(listed, error, isStuck);
    const isAnswered = isFailure && error.code !== 'unreachable';
    this.#isListedOnly = isAnswered || (this.#absences > 0 && isBeingRemoved(listed));
    const isGone = !isFailure && this.#inspection.inspected !== undefined;
    this.#isPublished = this.#isListedOnly || isGone;
  }

  /** Takes one sample between updates; the updates of the next `freshMillis` take none. Never throws. */
  async measure(calls: SourceCalls, sampling: Cancellable, freshMillis: number): Promise<MeasureOutcome> {
    const outcome = await this.#tryMeasure(this.#listed, calls, sampling);
    this.#freshUntil = calls.monotonic() + freshMillis;
    return outcome;
  }

  async #tryMeasure(
    listed: ListedContainer,
    calls: SourceCalls,
    sampling: Cancellable,
  ): Promise<MeasureOutcome> {
    const { inspected } = this.#inspection;
    try {
      const sample =
        inspected && this.#mayRun(listed) ? await sampling.race(() => calls.sample(inspected)) : undefined;
      if (sample === 'cancelled') return sample;
      await this.#acceptSample(sample, listed, calls);
      this.#failures.recovered(listed);
      return 'measured';
    } catch (thrown) {
      this.#hasUsage = false;
      this.#emptySamples = 0;
      this.#failures.failed(listed, thrown);
      return toSourceError(thrown, `stats of ${this.id}`);
    }
  }

  /** Start of the present run, or when it was first seen; milliseconds since the epoch. */
  get startedAt(): number {
    return this.#history.startedAt;
  }

  /** The run has ended with these values. Gives when their counters began; undefined where more is known than they are. */
  end(last: Sample): CounterStarts | undefined {
    if (isLess(last, this.#history.sample)) return undefined;
    this.#history.count(last);
    this.#hasUsage = false;
    this.#endedAt = last.takenAt;
    return this.#history.starts(undefined);
  }

  /** Hides everything until the next update; what is known is kept. */
  unpublish(): void {
    this.#isPublished = false;
    this.#hasUsage = false;
  }

  /**
   * The container as readers see it; undefined before the first inspect or failure.
   * @param owners made once for all containers that are shown together.
   */
  snapshot(
    runtime: RuntimeDescription,
    owners = new NetworkOwners(this.#neighbours),
  ): ContainerSnapshot | undefined {
    const { identity } = this;
    if (!identity) return undefined;
    const { state, limits, network } = this.#known;
    const networkStartedAt = this.#networkStartedAt(owners);
    return {
      owner: this,
      runtime,
      identity,
      state,
      limits,
      stateAt: this.#listedAt,
      ...(this.#isListedOnly && { isListedOnly: true }),
      givesNoUsage: this.#isPublished && this.#hasNoUsage,
      ...this.#usage(networkStartedAt !== undefined),
      ...(network.isHost && { hasHostNetwork: true }),
      ...(network.ownerId !== undefined && {
        sharedNetwork: { ownerId: owners.of(this).id, isCountedHere: owners.isCountedAt(this) },
      }),
      starts: this.#history.starts(networkStartedAt),
      failures: this.#failures.count,
      trackedSince: this.#trackedSince,
      published: this.#isPublished,
    };
  }

  /** By the last inspect, or by the list while there is none that holds. */
  get #known(): Pick<InspectedContainer, 'state' | 'limits' | 'network'> {
    const { inspected } = this.#inspection;
    const known = inspected ?? { state: {}, limits: {}, network: {} };
    return this.#isListedOnly ? { ...known, ...listedParts(this.#listed) } : known;
  }

  #usage(withNetworks: boolean): Pick<ContainerSnapshot, 'sample' | 'previous'> {
    const { previous } = this.#history;
    const latest = this.#hasUsage ? this.#history.sample : undefined;
    const sample = withNetworks ? latest : latest && withoutNetworks(latest);
    return { ...(sample && { sample }), ...(sample && previous && { previous }) };
  }

  /** Start of the network's owner; undefined as long as the owner waits to be inspected. */
  #networkStartedAt(owners: NetworkOwners<ContainerTracker>): number | undefined {
    const owner = owners.of(this).container;
    if (owner) return owner.#inspection.inspected && owner.#history.startedAt;
    // An owner that is not tracked: its last known start, else the earliest time at which the network is known to have
    // existed, which is this container's first run that was seen. It stays when the container restarts.
    return this.#history.networkBeganAt ?? this.#history.startedAt;
  }

  /** True when the inspect shows a new run. */
  #accept(response: InspectedContainer, listed: ListedContainer, now: number): boolean {
    const known = this.#inspection.inspected;
    const { startedAt } = response.state;
    // By the runtime's own clock on both sides: what its clock is ahead may change while a container runs.
    const isNewRun = !known || (startedAt !== undefined && startedAt !== this.#runStartedAt);
    if (isNewRun) {
      this.#runStartedAt = startedAt;
      this.#beginRun(startedAt === undefined ? now : agentTime(startedAt, response), response);
    }
    this.#history.acceptInspected(response);
    this.#inspection.accept(response, listed, now);
    return isNewRun;
  }

  #beginRun(startedAt: number, { network }: InspectedContainer): void {
    this.#history.beginRun(startedAt, network);
    this.#hasUsage = false;
    this.#emptySamples = 0;
    this.#endedAt = undefined;
  }

  async #acceptSample(
    response: Sample | undefined,
    listed: ListedContainer,
    calls: SourceCalls,
  ): Promise<void> {
    this.#hasUsage = false;
    const sample = this.#confirmed(response, this.#inspection.inspected?.state.status ?? listed.status);
    // Taken before the end, and given after it.
    if (!sample || sample.takenAt <= (this.#endedAt ?? -Infinity)) return;
    const fell = this.#history.count(sample);
    if (fell || this.#endedAt !== undefined) await this.#restarted(sample, calls);
    this.#history.keep(sample);
    // Network counters begin with the owner as it is known at this sample.
    const ownStart = this.#inspection.inspected && this.#history.startedAt;
    const isOwner = this.networkOwnerId === undefined;
    this.#history.beginNetwork(
      isOwner ? ownStart : this.#networkStartedAt(new NetworkOwners(this.#neighbours)),
    );
    this.#hasUsage = this.#mayRun(listed);
  }

  /** A sample without usage counts only when the container goes on running: then it is all there is. */
  #confirmed(sample: Sample | undefined, status: ContainerStatus | undefined): Sample | undefined {
    const isEmpty = !sample || !hasUsage(sample);
    this.#emptySamples = isEmpty && status === 'running' ? this.#emptySamples + 1 : 0;
    return isEmpty && !this.#hasNoUsage ? undefined : sample;
  }

  /** True when the runtime gives no usage of a container that goes on running. */
  get #hasNoUsage(): boolean {
    return this.#emptySamples >= confirmedEmptySamples;
  }

  /** CPU time fell, or the run has ended: the container was restarted since its inspect, and nothing of the old run holds. */
  async #restarted(sample: Sample, calls: SourceCalls): Promise<void> {
    this.#history.forgetSamples();
    // The counters of a new run have not seen this sample yet.
    if (this.#accept(await calls.inspect(this.id), this.#listed, this.#listedAt)) this.#history.count(sample);
  }

  /** True when it runs or is paused by what is known of it, or its state is not known. */
  get mayRun(): boolean {
    return this.#mayRun(this.#listed);
  }

  /** A container of unknown state may run: the runtime gives no sample when it does not. */
  #mayRun(listed: ListedContainer): boolean {
    const status = this.#inspection.inspected?.state.status ?? listed.status;
    return status === undefined || status === 'running' || status === 'paused';
  }
}

/** True where CPU time is less than it was: the values are of another cgroup, or older. */
function isLess({ cpu, takenAt }: Sample, known: Sample | undefined): boolean {
  if (!known) return false;
  const { totalNanos = 0 } = known.cpu ?? {};
  return takenAt < known.takenAt || (cpu?.totalNanos ?? 0) < totalNanos;
}

/** The container in log lines of failures. */
interface Failing {
  readonly id: string;
  readonly name: string;
}

/** Counts the failed measurements of one container, and logs each change for the worse or the better once. */
class ContainerFailures {
  readonly #log: Log;
  #count = 0;
  #isFailing = false;

  constructor(log: Log) {
    this.#log = log;
  }

  get count(): number {
    return this.#count;
  }

  /**
   * Counts a failure; false when it was only removed or stopped in between, or we ourselves are ending.
   * @param isListedOn true when the container goes on being listed though it is not found: no removal in between.
   */
  failed({ id, name }: Failing, thrown: unknown, isListedOn = false): boolean {
    const error = toSourceError(thrown, `container ${name}`);
    if ((isAbsence(error) && !isListedOn) || error.code === 'aborted') return false;
    this.#count += 1;
    const fields = { container: name, id, error: error.message };
    if (!this.#isFailing) this.#log.warn(fields, 'container cannot be measured');
    this.#isFailing = true;
    return true;
  }

  /** An update went well. */
  recovered({ id, name }: Failing): void {
    if (this.#isFailing) this.#log.info({ container: name, id }, 'container is measured again');
    this.#isFailing = false;
  }
}
