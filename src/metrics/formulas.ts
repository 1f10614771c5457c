import { difference } from '../model/sample.ts';
import type {
  BlockIoEntry,
  CpuUsage,
  Integer,
  MemoryUsage,
  PreviousCpuUsage,
  PreviousSample,
  Sample,
} from '../model/sample.ts';
import type { ContainerSnapshot } from '../model/snapshot.ts';

/** Longer than this between two readings, and the older one belongs to another clock. */
const maxIntervalMillis = 3_600_000;

/**
 * CPUs in use between two samples, by wall clock: 1.5 is one and a half CPUs. The previous sample is our own,
 * else the pair inside a two-sample response; without either it is unknown.
 */
export function cpuUsage(sample: Sample, previous: PreviousSample | undefined): number | undefined {
  const before = readingBefore(sample, previous);
  const totalNanos = sample.cpu?.totalNanos;
  if (totalNanos === undefined || before?.takenAt === undefined) return undefined;
  const millis = clockOf(sample) - before.takenAt;
  const nanos = difference(totalNanos, before.totalNanos);
  // Windows counts in ticks of 100 ns.
  const scale = sample.windows ? 100 : 1;
  if (millis <= 0 || millis > maxIntervalMillis || nanos < 0) return undefined;
  return (nanos * scale) / (millis * 1e6);
}

function readingBefore(sample: Sample, previous: PreviousSample | undefined): PreviousCpuUsage | undefined {
  if (previous?.cpu?.totalNanos === undefined) return sample.previousCpu;
  return { takenAt: clockOf(previous), totalNanos: previous.cpu.totalNanos };
}

/**
 * Memory that cannot be taken back at once, as `docker stats` shows it: usage without the inactive page cache
 * (docker/cli `calculateMemUsageUnixNoCache`). When the cache is not smaller than the usage, the usage stays.
 * Absent where the runtime gives no key to subtract, as Podman does.
 */
export function workingSet(memory: MemoryUsage): number | undefined {
  const { usage, stats, privateWorkingSet, unknown } = memory;
  if (privateWorkingSet !== undefined) return Number(privateWorkingSet);
  if (usage === undefined || unknown?.includes('total_inactive_file')) return undefined;
  const total = stats['total_inactive_file'];
  if (total !== undefined && total < usage) return difference(usage, total);
  const own = stats['inactive_file'];
  if (own === undefined) return total === undefined ? undefined : Number(usage);
  return own < usage ? difference(usage, own) : Number(usage);
}

/** Anonymous memory: the hierarchy's `total_rss` on cgroup v1, `anon` on v2. */
export function residentMemory({ stats }: MemoryUsage): Integer | undefined {
  return stats['total_rss'] ?? stats['rss'] ?? stats['anon'];
}

/**
 * True where memory is counted by cgroup v2. By the runtime's word; engines that give none (before API 1.41) and
 * recordings without it have the kernel's keys: `anon` is of v2 alone.
 */
export function isCgroupV2({ runtime, sample }: Pick<ContainerSnapshot, 'runtime' | 'sample'>): boolean {
  const { cgroupVersion } = runtime;
  return cgroupVersion === undefined ? sample?.memory?.stats['anon'] !== undefined : cgroupVersion === 2;
}

/** Page faults since the cgroup was made, and the counters that they come from. */
interface PageFaults {
  readonly minor?: number;
  readonly major?: number;
  readonly allKey: string;
  readonly majorKey: string;
}

/** Minor page faults are all without the major ones. */
export function pageFaults({ stats }: MemoryUsage): PageFaults {
  const allKey = stats['total_pgfault'] === undefined ? 'pgfault' : 'total_pgfault';
  const majorKey = stats['total_pgmajfault'] === undefined ? 'pgmajfault' : 'total_pgmajfault';
  const { [allKey]: all, [majorKey]: major } = stats;
  return {
    allKey,
    majorKey,
    ...(all !== undefined && major !== undefined && all >= major && { minor: difference(all, major) }),
    ...(major !== undefined && { major: Number(major) }),
  };
}

function clockOf(sample: PreviousSample): number {
  return sample.readAt ?? sample.takenAt;
}

/**
 * CPU percent as in `docker stats`. On Linux of one CPU: the container's CPU time by the host's, times the
 * online CPUs (docker/cli `calculateCPUPercentUnix`); where the runtime does not report the host's CPU time, by
 * wall clock. On Windows of all processors together, by wall clock (`calculateCPUPercentWindows`).
 */
export function cpuPercent(sample: Sample, previous: PreviousSample | undefined): number | undefined {
  const share = hostShare(sample.cpu, previous?.cpu ?? sample.previousCpu);
  if (share)
    return share.system > 0 && share.own >= 0 ? (share.own / share.system) * share.cpus * 100 : undefined;
  const cpus = cpuUsage(sample, previous);
  // Windows' percentage is of all processors.
  return cpus === undefined ? undefined : (cpus * 100) / (sample.processors ?? 1);
}

type Reading = Pick<CpuUsage, 'totalNanos' | 'systemNanos'>;

function hostShare(cpu: CpuUsage | undefined, before: Reading | undefined): HostShare | undefined {
  const cpus = cpu && cpusOf(cpu);
  const own = growth(cpu?.totalNanos, before?.totalNanos);
  const system = growth(cpu?.systemNanos, before?.systemNanos);
  return cpus === undefined || own === undefined || system === undefined ? undefined : { own, system, cpus };
}

function cpusOf({ onlineCpus, perCpuNanos }: CpuUsage): number | undefined {
  return onlineCpus ?? perCpuNanos?.length;
}

function growth(fresh: Integer | undefined, older: Integer | undefined): number | undefined {
  return fresh === undefined || older === undefined ? undefined : difference(fresh, older);
}

interface HostShare {
  /** Nanoseconds of the container and of the whole host. */
  readonly own: number;
  readonly system: number;
  readonly cpus: number;
}

/** Seconds since a running container started, by its runtime's own clock; undefined while it does not run. */
export function uptime(snapshot: ContainerSnapshot): number | undefined {
  const { status } = snapshot.state;
  if (status !== 'running' && status !== 'paused') return undefined;
  const millis = runMillis(snapshot);
  return millis === undefined ? undefined : millis / 1000;
}

/** Milliseconds from the last start to the latest sample, or to the state where there is none, by the runtime's own clock. */
export function runMillis({ state, stateAt, sample, runtime }: ContainerSnapshot): number | undefined {
  const { startedAt } = state;
  if (startedAt === undefined) return undefined;
  const byOffset = (sample?.takenAt ?? stateAt) + (runtime.clockOffsetMillis ?? 0);
  // The sample's own reading is exact; a start after it is another clock's.
  const now = [sample?.readAt, byOffset].find((time) => time !== undefined && time >= startedAt);
  return now === undefined ? undefined : now - startedAt;
}

/** Block I/O as peers show it: of cgroup v2 reads and writes alone; v1, which has sums too, lists discards beside them. */
export function entriesOfPeers(entries: readonly BlockIoEntry[] = []): readonly BlockIoEntry[] {
  const isV1 = entries.some(({ operation }) => operation === 'total');
  return isV1 ? entries : entries.filter(({ operation }) => operation !== 'discard');
}

/** A hundred of the steps in which cgroup v1 counts the modes: by then one of them has counted something. */
const modeStepsNanos = 1e9;

/**
 * True when the runtime reports user and kernel time; the result must not change while a container lives, for
 * then series would come and go, and deltas count twice. Some runtimes fill in 0 for both, whatever the total.
 * On cgroup v1, which alone lists the CPUs, both are 0 in every container's first steps, too: there the total
 * must have outgrown them.
 */
export function hasCpuModes({ totalNanos = 0, userNanos, kernelNanos, perCpuNanos }: CpuUsage): boolean {
  if (userNanos || kernelNanos) return true;
  const hasModes = userNanos !== undefined && kernelNanos !== undefined;
  return hasModes && perCpuNanos !== undefined && totalNanos < modeStepsNanos;
}
