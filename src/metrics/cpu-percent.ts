import { difference } from '../model/sample.ts';
import type { Sample } from '../model/sample.ts';
import { cpuUsage } from './formulas.ts';

/**
 * Percent of one CPU as `docker stats` shows it: the container's CPU time by the host's, times the CPUs that are on
 * (docker/cli `calculateCPUPercentUnix`). Where the engine does not tell the host's CPU time, by wall clock.
 */
export function cpuPercent(sample: Sample, previous: Sample | undefined): number | undefined {
  const { cpu } = sample;
  const before = previous?.cpu ?? sample.previousCpu;
  const onlineCpus = cpu?.onlineCpus ?? cpu?.perCpuNanos?.length;
  if (cpu?.systemNanos === undefined || before?.systemNanos === undefined || onlineCpus === undefined) {
    const cpus = cpuUsage(sample, previous);
    return cpus === undefined ? undefined : cpus * 100;
  }
  const system = difference(cpu.systemNanos, before.systemNanos);
  const own = difference(cpu.totalNanos, before.totalNanos);
  return system > 0 && own >= 0 ? (own / system) * onlineCpus * 100 : undefined;
}
