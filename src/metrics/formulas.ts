import type { Integer, MemoryUsage, PreviousCpuUsage, PreviousSample, Sample } from '../model/sample.ts';
import { difference } from '../model/sample.ts';

/** Longer than this between two readings, and the older one belongs to another clock. */
const believableIntervalMillis = 3_600_000;

/**
 * CPUs in use between two samples, by wall clock: 1.5 is one and a half CPUs.
 * The previous sample is our own, else the pair inside a two-sample answer; without either it is unknown.
 */
export function cpuUsage(sample: Sample, previous: PreviousSample | undefined): number | undefined {
  const before = readingBefore(sample, previous);
  const totalNanos = sample.cpu?.totalNanos;
  if (totalNanos === undefined || before?.takenAt === undefined) return undefined;
  const millis = clockOf(sample) - before.takenAt;
  const nanos = difference(totalNanos, before.totalNanos);
  // Windows counts in ticks of 100 ns.
  const scale = sample.windows ? 100 : 1;
  if (millis <= 0 || millis > believableIntervalMillis || nanos < 0) return undefined;
  return (nanos * scale) / (millis * 1e6);
}

function readingBefore(sample: Sample, previous: PreviousSample | undefined): PreviousCpuUsage | undefined {
  if (previous?.cpu?.totalNanos === undefined) return sample.previousCpu;
  return { takenAt: clockOf(previous), totalNanos: previous.cpu.totalNanos };
}

/**
 * Memory that cannot be taken back at once, as `docker stats` shows it: usage without the inactive page cache
 * (docker/cli `calculateMemUsageUnixNoCache`). When the cache is not smaller than the usage, the usage stays.
 * Absent where the engine gives no key to subtract, as Podman does.
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

/** Page faults since the cgroup was made; minor ones are all without the major ones. */
export function pageFaults({ stats }: MemoryUsage): { minor?: number; major?: number } {
  const all = stats['total_pgfault'] ?? stats['pgfault'];
  const major = stats['total_pgmajfault'] ?? stats['pgmajfault'];
  return {
    ...(all !== undefined && major !== undefined && all >= major && { minor: difference(all, major) }),
    ...(major !== undefined && { major: Number(major) }),
  };
}

function clockOf(sample: PreviousSample): number {
  return sample.readAt ?? sample.takenAt;
}
