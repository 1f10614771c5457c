/** An integer of the runtime: a bigint only above 2^53, where a number would lose digits. */
export type Integer = number | bigint;

/** CPU time since the cgroup was made, in nanoseconds. */
export interface CpuUsage {
  /** Absent where the runtime's value is malformed. */
  readonly totalNanos?: Integer;
  readonly userNanos?: Integer;
  readonly kernelNanos?: Integer;
  /** cgroup v1 only: index is the logical CPU. */
  readonly perCpuNanos?: readonly Integer[];
  /** The host's CPU time over all CPUs, read next to the container's. */
  readonly systemNanos?: Integer;
  readonly onlineCpus?: number;
  readonly throttling?: CpuThrottling;
}

/** CFS bandwidth control: `cpu.stat` of the kernel's cgroup documents. */
export interface CpuThrottling {
  readonly periods?: Integer;
  readonly throttledPeriods?: Integer;
  readonly throttledNanos?: Integer;
  /** Periods in which more than the quota was used from what earlier ones had left, and the time beyond it. */
  readonly burstPeriods?: Integer;
  readonly burstNanos?: Integer;
}

/** The previous CPU reading in a two-sample response (`precpu_stats`). */
export interface PreviousCpuUsage {
  /** Milliseconds since the epoch; absent when the runtime left it unset. */
  readonly takenAt?: number;
  readonly totalNanos: Integer;
  readonly systemNanos?: Integer;
}

/** Memory in bytes; `stats` holds the raw keys of `memory.stat`, which differ between cgroup v1 and v2. */
export interface MemoryUsage {
  readonly usage?: Integer;
  readonly maxUsage?: Integer;
  readonly failures?: Integer;
  /** As the runtime reports it: the host's memory where the container has no limit. */
  readonly limit?: Integer;
  /** Memory of the kernel itself; of cgroup v1 alone, as v2 has it in `stats`. */
  readonly kernelUsage?: Integer;
  /** Swap alone, without memory. */
  readonly swapUsage?: Integer;
  /** Counts of `memory.events` by the kernel's keys (`oom`, `oom_kill`, `max`, `high`, `low`); of cgroup v1 `oom_kill` alone. */
  readonly events?: Readonly<Record<string, Integer>>;
  readonly stats: Readonly<Record<string, Integer>>;
  /** Absent values and keys that the response did hold, but malformed. */
  readonly unknown?: readonly MemoryPart[];
  /** Windows only. */
  readonly commitBytes?: Integer;
  readonly commitPeakBytes?: Integer;
  readonly privateWorkingSet?: Integer;
}

/** Keys of `memory.stat` that count events; all others are amounts. */
const eventKey = /^(?:total_)?(?:pg|thp_|workingset_(?!nodes)|numa_)/;

/** True for a key of `memory.stat` that counts events. */
export function isEventCount(key: string): boolean {
  return eventKey.test(key);
}

/** Key of a count of `memory.events` among all memory counters, for its start time. */
export function memoryEventCounter(event: string): string {
  return `event ${event}`;
}

/** Parts whose absence from a response has a meaning of its own. */
export type MemoryPart = 'failcnt' | 'stats' | 'inactive_file' | 'total_inactive_file';

/** One line of a block I/O list. */
export interface BlockIoEntry {
  readonly major: number;
  readonly minor: number;
  /** The host's name of it, such as `sda`; absent where only its numbers are known. */
  readonly device?: string;
  /** Lower case: read, write, sync, async, discard, total; empty where the kernel gives none. */
  readonly operation: string;
  /** Absent where the runtime's value is malformed: a sum over the list is then unknown. */
  readonly value?: Integer;
}

/** A device by its name, by its numbers where only these are known. */
export function deviceName({ device, major, minor }: BlockIoEntry): string {
  return device ?? `${major}:${minor}`;
}

/** Block I/O lists by the runtime's names; a list that the kernel does not fill is absent. */
export interface BlockIoUsage {
  readonly serviceBytes?: readonly BlockIoEntry[];
  readonly serviced?: readonly BlockIoEntry[];
  readonly queued?: readonly BlockIoEntry[];
  readonly serviceTime?: readonly BlockIoEntry[];
  readonly waitTime?: readonly BlockIoEntry[];
  readonly merged?: readonly BlockIoEntry[];
  readonly time?: readonly BlockIoEntry[];
  readonly sectors?: readonly BlockIoEntry[];
  /** Times of the kernel's I/O cost controller (`io.cost`), in microseconds. */
  readonly costUsage?: readonly BlockIoEntry[];
  readonly costWait?: readonly BlockIoEntry[];
  readonly costIndebt?: readonly BlockIoEntry[];
  readonly costIndelay?: readonly BlockIoEntry[];
}

/** Key of one line's counter among all block I/O counters, for its start time. */
export function blockIoCounter(list: keyof BlockIoUsage, { major, minor, operation }: BlockIoEntry): string {
  return `${list} ${major}:${minor} ${operation}`;
}

/** Counters of one network interface inside the container. */
export interface InterfaceUsage {
  readonly name: string;
  readonly receivedBytes?: Integer;
  readonly receivedPackets?: Integer;
  readonly receivedErrors?: Integer;
  readonly receivedDropped?: Integer;
  readonly transmittedBytes?: Integer;
  readonly transmittedPackets?: Integer;
  readonly transmittedErrors?: Integer;
  readonly transmittedDropped?: Integer;
}

/** Tasks (processes and threads) in the container. */
export interface PidsUsage {
  readonly current?: Integer;
  /** Absent when unlimited. */
  readonly limit?: Integer;
}

/** Time in which tasks waited for a resource: some of them, or all at once (`full`), in nanoseconds since the cgroup was made. */
export interface Stalled {
  readonly someNanos?: Integer;
  readonly fullNanos?: Integer;
}

/** Pressure stall information (PSI) of the kernel. */
export interface PressureUsage {
  readonly cpu?: Stalled;
  readonly memory?: Stalled;
  readonly io?: Stalled;
}

/** Key of one counter of pressure among all of them, for its start time. */
export function pressureCounter(resource: keyof PressureUsage, kind: keyof Stalled): string {
  return `${resource} ${kind}`;
}

/** Huge pages of one size. */
export interface HugePagesUsage {
  /** As the kernel writes it: `2MB`, `1GB`. */
  readonly pageSize: string;
  readonly usage?: Integer;
  /** cgroup v1 only. */
  readonly maxUsage?: Integer;
  /** How often the limit was hit. */
  readonly failures?: Integer;
}

/** Key of the count of failures of one page size among all memory counters, for its start time. */
export function hugePagesCounter(pageSize: string): string {
  return `huge pages ${pageSize}`;
}

/** Pages of one kind on one NUMA node. */
export interface NumaPages {
  readonly type: string;
  /** The cgroup alone, or with all below it. */
  readonly scope: 'container' | 'hierarchy';
  readonly node: string;
  readonly pages: number;
  readonly bytes: number;
}

/** Sockets of a network namespace, of IPv4 or IPv6. */
export interface SocketCounts {
  /** Numbers of TCP sockets by the kernel's number of their state, 1 to 11. */
  readonly tcp?: ReadonlyMap<number, number>;
  readonly udp?: UdpSockets;
}

/** UDP sockets of a network namespace. */
export interface UdpSockets {
  readonly sockets: number;
  readonly dropped: number;
  readonly receiveQueueBytes: number;
  readonly transmitQueueBytes: number;
}

/** What `/proc` shows of the processes of a container; each part is read only where a metric needs it. */
export interface ProcessUsage {
  readonly processes?: number;
  readonly fileDescriptors?: number;
  readonly sockets?: number;
  /** Soft limit of open files of the first process; Infinity without one. */
  readonly maxOpenFiles?: number;
  /** Numbers of tasks by the kernel's letter of their state: R, S, D, T. */
  readonly taskStates?: ReadonlyMap<string, number>;
  readonly ipv4?: SocketCounts;
  readonly ipv6?: SocketCounts;
}

/** The lowest limits of a cgroup and those above it; one that none of them has is absent. */
export interface EffectiveLimits {
  readonly cpus?: number;
  readonly memoryBytes?: number;
  /** Swap alone; cgroup v2 only. */
  readonly swapBytes?: number;
  readonly pids?: number;
}

/** Windows' storage counters. */
export interface StorageUsage {
  readonly readBytes?: Integer;
  readonly readCount?: Integer;
  readonly writeBytes?: Integer;
  readonly writeCount?: Integer;
}

/** One immutable measurement of one container; what the host does not give is absent. */
export interface Sample {
  /** Milliseconds since the epoch by the agent's clock: the response's time, where it has one, less what the runtime's clock is ahead. */
  readonly takenAt: number;
  /** The runtime's own `read` time, however far off; intervals between two samples are taken from it. */
  readonly readAt?: number;
  readonly windows: boolean;
  readonly cpu?: CpuUsage;
  readonly previousCpu?: PreviousCpuUsage;
  readonly memory?: MemoryUsage;
  readonly blockIo?: BlockIoUsage;
  readonly networks?: readonly InterfaceUsage[];
  readonly pids?: PidsUsage;
  /** From the kernel's files alone. */
  readonly pressure?: PressureUsage;
  readonly hugePages?: readonly HugePagesUsage[];
  readonly numa?: readonly NumaPages[];
  /** True where memory moves with the set of NUMA nodes; cgroup v1 only. */
  readonly migratesMemory?: boolean;
  readonly process?: ProcessUsage;
  readonly effectiveLimits?: EffectiveLimits;
  readonly storage?: StorageUsage;
  /** Windows only: processors as the runtime counts them. */
  readonly processors?: number;
  /** True for the last values of a run: counters and peaks alone, as nothing is in use any more. */
  readonly isLast?: true;
  /** Parts of which nothing is known, or not all; of others that are absent it is known that nothing was counted. */
  readonly unknown?: readonly SamplePart[];
  /** Parts that no metric needs, and that were not read. */
  readonly unread?: readonly UsagePart[];
  /** Times of the parts that were read from a second place, at another moment than `takenAt`; milliseconds since the epoch. */
  readonly partTimes?: Readonly<Partial<Record<UsagePart, number>>>;
}

/** A part of a sample that a usage source reads as one. */
export type UsagePart = BasicPart | OptionalPart;

/** Parts that are always read. */
export type BasicPart = 'cpu' | 'memory' | 'blockIo' | 'networks' | 'pids' | 'storage';

/** Parts that are read only where a metric needs them. */
export const optionalParts = [
  'pressure',
  'hugePages',
  'numa',
  'cpuset',
  'effectiveLimits',
  'processes',
  'descriptors',
  'limits',
  'tasks',
  'tcp',
  'udp',
] as const;

/** One of {@link optionalParts}. */
export type OptionalPart = (typeof optionalParts)[number];

/** Parts that may be absent because nothing was counted. */
export type SamplePart = 'networks' | 'blockIo';

/** The parts of the previous sample that rates need: holding all of it for every container would cost memory. */
export type PreviousSample = Pick<Sample, 'takenAt' | 'readAt' | 'windows' | 'cpu'>;

/** True when a sample shows a running process: CPU time, memory or a task. Without one it may be a dead container's. */
export function hasUsage({ cpu, memory, pids }: Sample): boolean {
  return Boolean(cpu?.totalNanos || memory || pids?.current);
}

/** When a part of a sample was read; milliseconds since the epoch. */
export function timeOf({ takenAt, partTimes }: Sample, part: UsagePart): number {
  return partTimes?.[part] ?? takenAt;
}

/** A fresh value minus an older one, exact above 2^53 and then rounded to the nearest double. */
export function difference(fresh: Integer, older: Integer): number {
  if (typeof fresh === 'number' && typeof older === 'number') return fresh - older;
  return Number(BigInt(fresh) - BigInt(older));
}

/** The nearest double of what may be absent: what is exported of an integer above 2^53. */
export function numberOf(value: Integer | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}

/** The sample without network usage, which may not be shown yet. */
export function withoutNetworks(sample: Sample): Sample {
  const { networks, ...others } = sample;
  return networks ? { ...others, unknown: [...(sample.unknown ?? []), 'networks'] } : sample;
}

/** The parts of a sample that rates need once there is a later one. */
export function slim({ takenAt, readAt, windows, cpu }: Sample): PreviousSample {
  return { takenAt, windows, ...(readAt !== undefined && { readAt }), ...(cpu && { cpu }) };
}

/** A runtime that gives the same reading twice, as one that replays a recording does, has measured once. */
export function isSameReading(sample: Sample, other: Sample | undefined): boolean {
  return (sample.readAt ?? sample.takenAt) === (other?.readAt ?? other?.takenAt);
}
