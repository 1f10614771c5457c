// One piece, because counters of a container, its network and its host begin anew by the same rules.
import { agentTime } from '../../model/runtime.ts';
import {
  timeOf,
  blockIoCounter,
  hugePagesCounter,
  isEventCount,
  memoryEventCounter,
  pressureCounter,
} from '../../model/sample.ts';
import type {
  BlockIoUsage,
  CpuUsage,
  Integer,
  MemoryUsage,
  PressureUsage,
  Sample,
} from '../../model/sample.ts';
import type { CounterGroup, CounterStarts, HostGroup } from '../../model/snapshot.ts';
import type { InspectedContainer } from '../../sources/container-source.ts';

interface Group {
  startedAt: number;
  /** The last value of each counter. */
  readonly values: Map<string, Integer>;
  /** Own start times of counters that began again alone, seldom any: replaced and never changed, as it is handed out. */
  own: ReadonlyMap<string, number> | undefined;
  /** Counters that fell in the sample that is being accepted: seldom any. */
  fallen: Set<string> | undefined;
}

/**
 * Start times of a container's counters. A counter that falls without a known restart began again after the previous
 * sample: its own start moves there and its siblings' stay, so that no counter ever falls within one start.
 */
export class CounterStartTimes {
  readonly #startedAt: number;
  readonly #visit: VisitCounters;
  readonly #before: ReadonlyMap<CounterGroup, number> | undefined;
  readonly #groups = new Map<CounterGroup, Group>();
  #lastAt: number | undefined;
  #last: Partial<Sample> = {};
  #starts: CounterStarts | undefined;

  /**
   * @param startedAt when the container started, or when it was first seen; milliseconds since the epoch.
   * @param before start times of the previous run: this run's must differ from them.
   */
  constructor(startedAt: number, visit: VisitCounters, before?: ReadonlyMap<CounterGroup, number>) {
    this.#startedAt = startedAt;
    this.#visit = visit;
    this.#before = before;
  }

  /** Start times as they are now; later samples do not change what was handed out. */
  get starts(): CounterStarts {
    if (this.#starts) return this.#starts;
    const groups = new Map([...this.#groups].map(([name, group]) => [name, startsOf(group)]));
    const first = this.#startedAt;
    this.#starts = {
      of(name, counter) {
        const group = groups.get(name);
        return group ? group(counter) : first;
      },
    };
    return this.#starts;
  }

  /** The latest start time in each group that has counted anything. */
  get known(): ReadonlyMap<CounterGroup, number> {
    return new Map([...this.#groups].map(([name, group]) => [name, latestStart(group)]));
  }

  /** Accepts the next sample; true when the total CPU time fell, which means that the container was restarted. */
  accept(sample: Sample): boolean {
    if (sample.networks !== this.#last.networks) this.#forgetDetached(sample);
    this.#visit(sample, this.#last, (name, key, value) => {
      if (value !== undefined)
        take(this.#groups.get(name) ?? this.#open(name, readAt(sample, name)), key, value);
    });
    const wasRestarted = this.#groups.get('cpu')?.fallen?.has('total') === true;
    this.#groups.forEach((group, name) =>
      this.#settle(group, readAt(sample, name), wasRestarted && name === 'cpu'),
    );
    this.#lastAt = sample.takenAt;
    this.#last = sample;
    return wasRestarted;
  }

  /** An interface that joins later began to count after the last sample; a cgroup's files are there from the start. */
  #open(name: CounterGroup, takenAt: number): Group {
    const joined = this.#lastAt !== undefined && isNetwork(name);
    const began = joined ? this.#lastBefore(takenAt) : Math.min(this.#startedAt, takenAt);
    // When the clock was set back in between, a run may seem to have started at the same time as the previous one.
    const startedAt = began === this.#before?.get(name) ? began - 1 : began;
    const group = {
      startedAt,
      values: new Map<string, Integer>(),
      own: undefined,
      fallen: undefined,
    };
    this.#groups.set(name, group);
    this.#starts = undefined;
    return group;
  }

  #settle(group: Group, takenAt: number, beganAnew: boolean): void {
    const latest = latestStart(group);
    // Either the whole group began again, or the clock was set back to before its start.
    if (beganAnew) this.#begin(group, this.#restart(latest, takenAt));
    else if (takenAt < latest) this.#begin(group, takenAt);
    for (const key of (!beganAnew && group.fallen) || []) {
      const startedAt = this.#restart(group.own?.get(key) ?? group.startedAt, takenAt);
      group.own = new Map(group.own).set(key, startedAt);
      this.#starts = undefined;
    }
    group.fallen = undefined;
  }

  /** Differs from the previous start, and is never after the sample, wherever the clock was set to. */
  #restart(startedAt: number, takenAt: number): number {
    const restartedAt = Math.min(Math.max(this.#lastBefore(takenAt), startedAt + 1), takenAt);
    return restartedAt === startedAt ? restartedAt - 1 : restartedAt;
  }

  #begin(group: Group, startedAt: number): void {
    group.startedAt = startedAt;
    group.own = undefined;
    this.#starts = undefined;
  }

  /** The runtime's clock and ours may differ: a start after the sample would move with every sample. */
  #lastBefore(takenAt: number): number {
    return Math.min(this.#lastAt ?? takenAt, takenAt);
  }

  /** An interface that comes back counts from zero, even when it has passed its old value by then. */
  #forgetDetached({ networks }: Sample): void {
    if (!networks) return;
    for (const name of this.#groups.keys()) {
      const isAttached = networks.some((usage) => name === `network ${usage.name}`);
      if (isNetwork(name) && !isAttached) this.#groups.delete(name);
    }
  }
}

/** When the part of a sample was read that holds a group's counters; milliseconds since the epoch. */
function readAt(sample: Sample, group: CounterGroup): number {
  if (group === 'cpu' || group === 'memory' || group === 'pressure') return timeOf(sample, group);
  if (group === 'block-io') return timeOf(sample, 'blockIo');
  return isNetwork(group) ? timeOf(sample, 'networks') : sample.takenAt;
}

function take(group: Group, key: string, value: Integer): void {
  const before = group.values.get(key);
  if (before === value) return;
  if (before !== undefined && value < before) (group.fallen ??= new Set()).add(key);
  group.values.set(key, value);
}

/** The latest start in a group: that of a sum over its counters. */
function latestStart({ startedAt, own }: Group): number {
  return own ? Math.max(startedAt, ...own.values()) : startedAt;
}

/** The start of one counter, or without a key the latest of the group. */
function startsOf(group: Group): (counter?: string) => number {
  const { startedAt, own } = group;
  if (!own) return () => startedAt;
  const latest = latestStart(group);
  return (counter) => (counter === undefined ? latest : (own.get(counter) ?? startedAt));
}

/**
 * Start times of a container's network counters: they begin with the run of the namespace's owner, which may be another
 * container (a pod's sandbox), and then outlive the container's own runs.
 */
export class NetworkStartTimes {
  readonly #before: ReadonlyMap<CounterGroup, number> | undefined;
  #beganAt: number | undefined;
  #tracking: CounterStartTimes | undefined;
  #sample: Sample | undefined;

  /** @param before those of the previous network namespace. */
  constructor(before?: NetworkStartTimes) {
    this.#before = before && before.#tracking?.known;
  }

  /** The owner's start, as last known. */
  get beganAt(): number | undefined {
    return this.#beganAt;
  }

  /** Accepts the next sample. */
  accept(sample: Sample): void {
    this.#sample = sample;
    this.#tracking?.accept(sample);
  }

  /** The start times in the network of an owner that started at this time, in milliseconds since the epoch. */
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

  /** An owner that started after the sample did not count what is in it; nor does a start go back. */
  #isAnew(startedAt: number): boolean {
    const { takenAt = startedAt } = this.#sample ?? {};
    return this.#beganAt !== undefined && startedAt > this.#beganAt && startedAt <= takenAt;
  }
}

/** True for groups whose counters outlive the runs of a container. */
export function isHostGroup(group: CounterGroup): group is HostGroup {
  return group === 'host' || group === 'restarts';
}

/** Start times of the counters that outlive the runs of a container. No counter falls within one start. */
export class HostStartTimes {
  #host: number;
  #systemNanos: Integer | undefined;
  #restarts: number;
  #restartCount: number | undefined;

  /** @param trackedSince when the container was first seen; milliseconds since the epoch. */
  constructor(trackedSince: number) {
    this.#host = trackedSince;
    this.#restarts = trackedSince;
  }

  /** Start times as they are now; later samples do not change what was handed out. */
  get starts(): CounterStarts {
    const starts: Readonly<Record<HostGroup, number>> = { host: this.#host, restarts: this.#restarts };
    return { of: (group) => (isHostGroup(group) ? starts[group] : starts.host) };
  }

  /** The host's CPU time counts since its boot, which no runtime gives: all CPUs together had that much time. */
  acceptSample({ cpu, takenAt }: Sample): void {
    if (cpu?.systemNanos === undefined) return;
    const isFirst = this.#systemNanos === undefined || cpu.systemNanos < this.#systemNanos;
    this.#systemNanos = cpu.systemNanos;
    const cpus = cpu.onlineCpus ?? cpu.perCpuNanos?.length;
    if (!isFirst) return;
    this.#host = cpus === undefined ? takenAt : Math.round(takenAt - Number(cpu.systemNanos) / cpus / 1e6);
  }

  /** A manual start sets the restart count to 0. */
  acceptInspected(inspected: Pick<InspectedContainer, 'identity' | 'state' | 'clockOffsetMillis'>): void {
    const { restartCount, startedAt = 0 } = inspected.state;
    const { createdAt } = inspected.identity;
    if (restartCount === undefined) return;
    const before = this.#restartCount;
    this.#restartCount = restartCount;
    if (before === undefined)
      this.#restarts = createdAt === undefined ? this.#restarts : agentTime(createdAt, inspected);
    else if (restartCount < before)
      this.#restarts = Math.max(agentTime(startedAt, inspected), this.#restarts + 1);
  }
}

/** Receives one counter of a sample: no lists are made, for this runs over every counter of every sample. */
export type Visit = (group: CounterGroup, key: string, value: Integer | undefined) => void;

/** Visits those counters of a sample that may begin together, without parts that are the same objects as in the one before. */
export type VisitCounters = (sample: Sample, last: Partial<Sample>, visit: Visit) => void;

/** The group of an interface, which may come and go while its container runs. */
export function isNetwork(group: CounterGroup): boolean {
  return group.startsWith('network ');
}

/** Visits the counters of a run's cgroup. */
export function cgroupCounters(sample: Sample, last: Partial<Sample>, visit: Visit): void {
  const { cpu, memory, blockIo, pressure } = sample;
  if (cpu) visitCpu(cpu, last.cpu, visit);
  if (memory && memory !== last.memory) visitMemory(memory, last.memory, visit);
  if (blockIo) visitBlockIo(blockIo, visit);
  if (pressure && pressure !== last.pressure) visitPressure(pressure, visit);
  visitOthers(sample, visit);
}

function visitOthers({ hugePages, storage }: Sample, visit: Visit): void {
  for (const { pageSize, failures } of hugePages ?? []) visit('memory', hugePagesCounter(pageSize), failures);
  if (storage) visitAll('block-io', storage, visit);
}

function visitMemory(
  { failures, stats, events }: MemoryUsage,
  last: MemoryUsage | undefined,
  visit: Visit,
): void {
  visit('memory', 'failures', failures);
  if (stats !== last?.stats) for (const key in stats) if (isEventCount(key)) visit('memory', key, stats[key]);
  for (const key in events) visit('memory', memoryEventCounter(key), events[key]);
}

/** Visits the counters of a network namespace, which may be another container's. */
function networkCounters({ networks = [] }: Sample, last: Partial<Sample>, visit: Visit): void {
  if (networks === last.networks) return;
  for (const { name, ...counters } of networks) visitAll(`network ${name}`, counters, visit);
}

function visitCpu(
  { totalNanos, userNanos, kernelNanos, perCpuNanos, throttling }: CpuUsage,
  last: CpuUsage | undefined,
  visit: Visit,
): void {
  visit('cpu', 'total', totalNanos);
  visit('cpu', 'user', userNanos);
  visit('cpu', 'kernel', kernelNanos);
  if (perCpuNanos !== last?.perCpuNanos)
    perCpuNanos?.forEach((nanos, index) => visit('cpu', `core ${index}`, nanos));
  if (throttling && throttling !== last?.throttling) visitAll('cpu', throttling, visit);
}

const pressureCounters = (['cpu', 'memory', 'io'] as const).flatMap((resource) =>
  (['someNanos', 'fullNanos'] as const).map((kind) => {
    return { resource, kind, key: pressureCounter(resource, kind) };
  }),
);

function visitPressure(pressure: PressureUsage, visit: Visit): void {
  for (const { resource, kind, key } of pressureCounters) visit('pressure', key, pressure[resource]?.[kind]);
}

function visitBlockIo(blockIo: BlockIoUsage, visit: Visit): void {
  for (const list of blockIoLists) {
    for (const entry of blockIo[list] ?? []) visit('block-io', blockIoCounter(list, entry), entry.value);
  }
}

const blockIoLists = [
  'serviceBytes',
  'serviced',
  'queued',
  'serviceTime',
  'waitTime',
  'merged',
  'time',
  'sectors',
  'costUsage',
  'costWait',
  'costIndebt',
  'costIndelay',
] as const satisfies readonly (keyof BlockIoUsage)[];

function visitAll<T extends { readonly [Key in keyof T]?: Integer | undefined }>(
  group: CounterGroup,
  counters: T,
  visit: Visit,
): void {
  for (const key in counters) visit(group, key, counters[key]);
}
