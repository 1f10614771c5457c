import { difference } from '../model/sample.ts';
import type { CpuUsage, PreviousSample, Sample } from '../model/sample.ts';
import { cpuUsage } from './formulas.ts';

/**
 * Percent of one CPU as `docker stats` shows it: the container's CPU time by the host's, times the CPUs that are on
 * (docker/cli `calculateCPUPercentUnix`). Where the engine does not tell the host's CPU time, by wall clock.
 */
export function cpuPercent(sample: Sample, previous: PreviousSample | undefined): number | undefined {
  const share = hostShare(sample.cpu, previous?.cpu ?? sample.previousCpu);
  if (share)
    return share.system > 0 && share.own >= 0 ? (share.own / share.system) * share.cpus * 100 : undefined;
  const cpus = cpuUsage(sample, previous);
  return cpus === undefined ? undefined : cpus * 100;
}

type Reading = Pick<CpuUsage, 'totalNanos' | 'systemNanos'>;

function hostShare(cpu: CpuUsage | undefined, before: Reading | undefined): HostShare | undefined {
  const cpus = cpu?.onlineCpus ?? cpu?.perCpuNanos?.length;
  if (cpus === undefined || cpu?.systemNanos === undefined || before?.systemNanos === undefined)
    return undefined;
  const own = difference(cpu.totalNanos, before.totalNanos);
  return { own, system: difference(cpu.systemNanos, before.systemNanos), cpus };
}

interface HostShare {
  /** Nanoseconds of the container and of the whole host. */
  readonly own: number;
  readonly system: number;
  readonly cpus: number;
}
