import { stampedBy } from '../../model/instrument.ts';
import type { ContainerInstrument } from '../../model/instrument.ts';
import type { CpuThrottling, CpuUsage, Integer } from '../../model/sample.ts';
import type { ContainerSnapshot } from '../../model/snapshot.ts';
import { cadvisorMetric, inSeconds, type CadvisorSeries } from './declare.ts';
import { hasCpuModes } from '../formulas.ts';

/** CPU metrics of profile `cadvisor` that the runtime gives. */
export const cadvisorCpu: readonly ContainerInstrument[] = stampedBy('cpu', [
  mode('user', 'user', ({ userNanos }) => userNanos),
  mode('system', 'kernel', ({ kernelNanos }) => kernelNanos),
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
  throttling('periods_total', 'Enforcement periods that have passed', 'periods'),
  throttling(
    'throttled_periods_total',
    'Enforcement periods in which the container was throttled',
    'throttledPeriods',
  ),
  throttling('throttled_seconds_total', 'Time that the container has been throttled', 'throttledNanos'),
]);

function mode(
  name: 'user' | 'system',
  counter: string,
  read: (cpu: CpuUsage) => Integer | undefined,
): ContainerInstrument {
  const description = `CPU time consumed in mode ${name}`;
  return cadvisorMetric(
    { name: `container_cpu_${name}_seconds_total`, kind: 'counter', description, source: 'stats' },
    ({ sample }) =>
      sample?.cpu && hasCpuModes(sample.cpu)
        ? [{ value: inSeconds(read(sample.cpu), sample), group: 'cpu', counter }]
        : [],
  );
}

/** CPUs that the container never ran on are left out, as cAdvisor leaves them out. */
function usage({ sample }: ContainerSnapshot): readonly CadvisorSeries[] {
  if (!sample?.cpu) return [];
  const { totalNanos, perCpuNanos } = sample.cpu;
  if (!perCpuNanos) {
    const value = inSeconds(totalNanos, sample);
    return [{ value, labels: { cpu: 'total' }, group: 'cpu', counter: 'total' }];
  }
  return perCpuNanos.flatMap((nanos, index) => {
    const labels = { cpu: `cpu${String(index).padStart(2, '0')}` };
    const counter = `core ${index}`;
    return nanos > 0 ? [{ value: inSeconds(nanos), labels, group: 'cpu', counter } as const] : [];
  });
}

function throttling(name: string, description: string, counter: keyof CpuThrottling): ContainerInstrument {
  const absentWhen = 'the container has no quota';
  return cadvisorMetric(
    { name: `container_cpu_cfs_${name}`, kind: 'counter', description, source: 'stats', absentWhen },
    ({ sample, limits }) => {
      const data = limits.cpus === undefined || sample?.windows ? undefined : sample?.cpu?.throttling;
      const count = data?.[counter];
      return [{ value: counter === 'throttledNanos' ? inSeconds(count) : count, group: 'cpu', counter }];
    },
  );
}
