import type { ContainerFilesystem } from '../../model/disk-usage.ts';
import type { HostCgroup, HostReading, Machine } from '../../model/host.ts';
import type { RuntimeDescription } from '../../model/runtime.ts';
import { isSameReading, slim } from '../../model/sample.ts';
import type { PreviousSample, Sample } from '../../model/sample.ts';
import type { CgroupSnapshot, CounterGroup, CounterStarts, RuntimeSnapshot } from '../../model/snapshot.ts';
import type { ContainerNetwork, InspectedContainer } from '../../sources/container-source.ts';
import {
  cgroupCounters,
  isNetwork,
  CounterStartTimes,
  HostStartTimes,
  isHostGroup,
  NetworkStartTimes,
} from './start-times.ts';

/** The last samples of one container and the start times of its counters, over all its runs. */
export class CounterHistory {
  #startedAt: number;
  #run: CounterStartTimes;
  /** Outlives the runs of a container that joined another one's network. */
  #network = new NetworkStartTimes();
  readonly #host: HostStartTimes;
  #sample: Sample | undefined;
  #previous: PreviousSample | undefined;

  /** @param trackedSince when the container was first seen; milliseconds since the epoch. */
  constructor(trackedSince: number) {
    this.#startedAt = trackedSince;
    this.#run = new CounterStartTimes(trackedSince, cgroupCounters);
    this.#host = new HostStartTimes(trackedSince);
  }

  /** Start of the current run, in milliseconds since the epoch. */
  get startedAt(): number {
    return this.#startedAt;
  }

  /** The latest sample of the current run. */
  get sample(): Sample | undefined {
    return this.#sample;
  }

  /** The sample before {@link sample}, of the same run: what rates are computed from. */
  get previous(): PreviousSample | undefined {
    return this.#previous;
  }

  /** Start of the network namespace, as last known. */
  get networkBeganAt(): number | undefined {
    return this.#network.beganAt;
  }

  /** Accepts the restart count of an inspect. */
  acceptInspected(inspected: InspectedContainer): void {
    this.#host.acceptInspected(inspected);
  }

  /** Begins a new run, whose counters begin again; those of a joined network do not. */
  beginRun(startedAt: number, { ownerId }: ContainerNetwork): void {
    this.#startedAt = startedAt;
    this.#run = new CounterStartTimes(startedAt, cgroupCounters, this.#run.known);
    if (ownerId === undefined) this.#network = new NetworkStartTimes(this.#network);
    this.forgetSamples();
  }

  /** Drops the samples: what comes next belongs to another run. */
  forgetSamples(): void {
    this.#sample = undefined;
    this.#previous = undefined;
  }

  /** Adds a sample to the counters of the run; true when the CPU time fell, which means a restart unseen so far. */
  count(sample: Sample): boolean {
    return this.#run.accept(sample);
  }

  /** Keeps a counted sample as the latest. */
  keep(sample: Sample): void {
    if (!isSameReading(sample, this.#sample)) this.#previous = this.#sample && slim(this.#sample);
    this.#network.accept(sample);
    this.#host.acceptSample(sample);
    this.#sample = sample;
  }

  /** The network's owner began then, as far as that is known at the latest sample. */
  beginNetwork(startedAt: number | undefined): void {
    if (startedAt !== undefined) this.#network.ofOwner(startedAt);
  }

  /**
   * Start times as they are now.
   * @param networkStartedAt start of the namespace's owner; undefined leaves network counters without start times of their own.
   */
  starts(networkStartedAt: number | undefined): CounterStarts {
    const run = this.#run.starts;
    const host = this.#host.starts;
    const network = networkStartedAt === undefined ? undefined : this.#network.ofOwner(networkStartedAt);
    const startsOf = (group: CounterGroup): CounterStarts => {
      if (isHostGroup(group)) return host;
      return isNetwork(group) && network ? network : run;
    };
    return { of: (group, counter) => startsOf(group).of(group, counter) };
  }
}

interface KnownCgroup {
  readonly owner: object;
  readonly history: CounterHistory;
  latest: HostCgroup;
}

/** The cgroups of a host that are no containers', with the start times of their counters, and its machine. */
export class HostHistory {
  #machine: Machine | undefined;
  readonly #cgroups = new Map<string, KnownCgroup>();

  /** Takes what was read; a cgroup that is not among it is gone. */
  accept(reading: HostReading | undefined): void {
    this.#machine = reading?.machine;
    const present = new Set<string>();
    for (const cgroup of reading?.cgroups ?? []) {
      present.add(cgroup.path);
      this.#keep(cgroup);
    }
    for (const path of this.#cgroups.keys()) if (!present.has(path)) this.#cgroups.delete(path);
  }

  /** What a snapshot of the runtime has of it. @param filesystems of the host, for its root. */
  shown(
    runtime: RuntimeDescription,
    filesystems?: readonly ContainerFilesystem[],
  ): Pick<RuntimeSnapshot, 'machine' | 'cgroups'> {
    const machine = this.#machine;
    const cgroups = this.#snapshots(runtime, filesystems);
    return { ...(machine && { machine }), ...(cgroups.length > 0 && { cgroups }) };
  }

  #snapshots(
    runtime: RuntimeDescription,
    filesystems: readonly ContainerFilesystem[] | undefined,
  ): readonly CgroupSnapshot[] {
    return [...this.#cgroups.values()].map(({ owner, history, latest }) => ({
      owner,
      path: latest.path,
      runtime,
      identity: { createdAt: latest.createdAt },
      state: {},
      limits: latest.limits,
      sample: latest.sample,
      stateAt: latest.sample.takenAt,
      starts: history.starts(latest.createdAt),
      ...(filesystems && latest.path === '/' && { filesystems }),
    }));
  }

  #keep(latest: HostCgroup): void {
    const { path, createdAt, sample } = latest;
    let known = this.#cgroups.get(path);
    if (!known) {
      known = { owner: {}, history: new CounterHistory(createdAt), latest };
      this.#cgroups.set(path, known);
    }
    known.latest = latest;
    known.history.count(sample);
    known.history.keep(sample);
  }
}
