import { difference } from '../model/sample.ts';
import type { CpuUsage, Integer, PreviousSample, Sample } from '../model/sample.ts';
import { cpuUsage } from './formulas.ts';

/**
 * CPU percent as `docker stats` shows it. On Linux of one CPU: the container's CPU time by the host's, times the CPUs
 * that are on (docker/cli `calculateCPUPercentUnix`); where the engine does not tell the host's CPU time, by wall clock.
 * On Windows of all processors together, by wall clock (`calculateCPUPercentWindows`).
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
