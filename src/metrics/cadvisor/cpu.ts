import { stampedBy } from '../../model/instrument.ts';
import type { ContainerInstrument } from '../../model/instrument.ts';
import type { CpuThrottling, CpuUsage, Integer } from '../../model/sample.ts';
import type { ContainerSnapshot } from '../../model/snapshot.ts';
import { cadvisorMetric, inSeconds, type CadvisorSeries } from './declare.ts';
import { hasCpuModes } from '../formulas.ts';

/** CPU metrics of profile `cadvisor` that the runtime gives. */
export const cadvisorCpu: readonly ContainerInstrument[] = stampedBy('cpu', [
  mode('user', ({ userNanos }) => userNanos),
  mode('system', ({ kernelNanos }) => kernelNanos),
  cadvisorMetric(
    {
      name: 'container_cpu_usage_seconds_total',
      kind: 'counter',
      description: 'CPU time consumed, by CPU on cgroup v1 and in total on v2',
      source: 'stats',
      labels: ['cpu'],
    },
    usage,
  ),
  throttling('periods_total', 'Enforcement periods that have passed', ({ periods }) => periods),
  throttling(
    'throttled_periods_total',
    'Enforcement periods in which the container was throttled',
    ({ throttledPeriods }) => throttledPeriods,
  ),
  throttling('throttled_seconds_total', 'Time that the container has been throttled', ({ throttledNanos }) =>
    inSeconds(throttledNanos),
  ),
]);

function mode(name: 'user' | 'system', read: (cpu: CpuUsage) => Integer | undefined): ContainerInstrument {
  const description = `CPU time consumed in mode ${name}`;
  return cadvisorMetric(
    { name: `container_cpu_${name}_seconds_total`, kind: 'counter', description, source: 'stats' },
    ({ sample }) =>
      sample?.cpu && hasCpuModes(sample.cpu)
        ? [{ value: inSeconds(read(sample.cpu), sample), group: 'cpu' }]
        : [],
  );
}

/** CPUs that the container never ran on are left out, as cAdvisor leaves them out. */
function usage({ sample }: ContainerSnapshot): readonly CadvisorSeries[] {
  if (!sample?.cpu) return [];
  const { totalNanos, perCpuNanos } = sample.cpu;
  if (!perCpuNanos) return [{ value: inSeconds(totalNanos, sample), labels: { cpu: 'total' }, group: 'cpu' }];
  return perCpuNanos.flatMap((nanos, index) => {
    const labels = { cpu: `cpu${String(index).padStart(2, '0')}` };
    return nanos > 0 ? [{ value: inSeconds(nanos), labels, group: 'cpu' } as const] : [];
  });
}

function throttling(
  name: string,
  description: string,
  read: (data: CpuThrottling) => Integer | undefined,
): ContainerInstrument {
  const absentWhen = 'the container has no quota';
  return cadvisorMetric(
    { name: `container_cpu_cfs_${name}`, kind: 'counter', description, source: 'stats', absentWhen },
    ({ sample, limits }) => {
      const data = limits.cpus === undefined || sample?.windows ? undefined : sample?.cpu?.throttling;
      return data ? [{ value: read(data), group: 'cpu' }] : [];
    },
  );
}
