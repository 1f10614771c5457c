import type { ContainerLimits } from '../../model/container.ts';
import { numberOf } from '../../model/sample.ts';
import type { CpuUsage, MemoryUsage, Sample } from '../../model/sample.ts';
import type { ContainerSnapshot } from '../../model/snapshot.ts';
import { cpuPercent, cpuUsage, workingSet } from '../formulas.ts';

/** The kernel's, where a quota comes without a period. */
const defaultPeriodMicros = 100_000;

/**
 * Percent of one CPU on Linux, of all CPUs on Windows, since our previous sample; else since the one within the
 * response (`precpu_stats`). A recorded response without it counts from zero, as the receiver has it: of a running
 * container that would be its average since the host booted, and so it is absent.
 */
export function cpuUtilization({ sample, previous }: ContainerSnapshot): number | undefined {
  if (!sample) return undefined;
  if (sample.windows) return windowsUtilization(sample, previous);
  const percent = cpuPercent(sample, previous);
  const isFirst = previous === undefined && sample.previousCpu === undefined;
  return percent ?? (isFirst && isRecording(sample) ? percentSinceBoot(sample.cpu) : undefined);
}

/** Memory without the inactive page cache; where the runtime has no key to subtract, all of it. */
export function usageWithoutCache(memory: MemoryUsage): number | undefined {
  const mayBeLess = memory.unknown?.some((part) => part !== 'failcnt') === true;
  return workingSet(memory) ?? (mayBeLess ? undefined : numberOf(memory.usage));
}

/** That usage in percent of the limit, which is the host's memory where none is set. */
export function memoryPercent(memory: MemoryUsage): number | undefined {
  const used = usageWithoutCache(memory);
  return used === undefined || !memory.limit ? undefined : (used / Number(memory.limit)) * 100;
}

/** The first that is set of `--cpus`, the number of CPUs in `--cpuset-cpus`, and the quota. */
export function cpuLimit({ nanoCpus, cpuset, ...limits }: ContainerLimits): number | undefined {
  if (nanoCpus !== undefined) return nanoCpus / 1e9;
  if (cpuset !== undefined) return cpusIn(cpuset);
  const { cpuQuotaMicros: quota, cpuPeriodMicros: period = defaultPeriodMicros } = limits;
  return quota === undefined ? undefined : quota / period;
}

/** Absent for what is no list such as `0-3,7`. */
function cpusIn(cpuset: string): number | undefined {
  let count = 0;
  for (const part of cpuset.split(',')) {
    const [, first, last = first] = /^\s*(\d+)(?:-(\d+))?\s*$/.exec(part) ?? [];
    if (first === undefined) return undefined;
    count += Number(last) - Number(first) + 1;
  }
  return count > 0 ? count : undefined;
}

function windowsUtilization(sample: Sample, previous: ContainerSnapshot['previous']): number | undefined {
  const cpus = cpuUsage(sample, previous);
  return cpus === undefined || !sample.processors ? undefined : (cpus / sample.processors) * 100;
}

/** No maintained clock is that far off: a response that old is a recording. */
const recordingAgeMillis = 24 * 3_600_000;

function isRecording({ readAt, takenAt }: Sample): boolean {
  return readAt !== undefined && takenAt - readAt > recordingAgeMillis;
}

function percentSinceBoot(cpu: CpuUsage | undefined): number | undefined {
  const cpus = cpu?.onlineCpus ?? cpu?.perCpuNanos?.length;
  if (cpu?.totalNanos === undefined || cpu.systemNanos === undefined || cpus === undefined) return undefined;
  return (Number(cpu.totalNanos) / Number(cpu.systemNanos)) * cpus * 100;
}
