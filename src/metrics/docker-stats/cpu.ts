import { stampedBy } from '../../model/instrument.ts';
import type { Attributes, ContainerInstrument } from '../../model/instrument.ts';
import type { CpuThrottling, CpuUsage, Integer } from '../../model/sample.ts';
import type { ContainerSnapshot } from '../../model/snapshot.ts';
import { isUp, observePresent, receiverInstrument } from './declare.ts';
import type { ReceiverMetric } from './declare.ts';
import { cpuLimit, cpuUtilization } from './formulas.ts';

/** Windows counts in these; the receiver hands its ticks out as nanoseconds. */
const nanosPerTick = 100;

/** CPU metrics of profile `docker_stats`. */
export const dockerStatsCpu: readonly ContainerInstrument[] = stampedBy('cpu', [
  time(
    {
      name: 'container.cpu.usage.total',
      kind: 'counter',
      unit: 'ns',
      description: 'Total CPU time consumed.',
      isOn: true,
    },
    'total',
    ({ totalNanos }) => totalNanos,
  ),
  time(
    {
      name: 'container.cpu.usage.usermode',
      kind: 'counter',
      unit: 'ns',
      description:
        'Time spent by tasks of the cgroup in user mode (Linux).  Time spent by all container processes in user mode (Windows).',
      isOn: true,
    },
    'user',
    ({ userNanos }) => userNanos,
  ),
  time(
    {
      name: 'container.cpu.usage.kernelmode',
      kind: 'counter',
      unit: 'ns',
      description:
        'Time spent by tasks of the cgroup in kernel mode (Linux).  Time spent by all container processes in kernel mode (Windows).',
      isOn: true,
    },
    'kernel',
    ({ kernelNanos }) => kernelNanos,
  ),
  time(
    {
      name: 'container.cpu.usage.system',
      kind: 'counter',
      unit: 'ns',
      description: 'System CPU usage, as reported by docker.',
    },
    undefined,
    ({ systemNanos }) => systemNanos,
  ),
  receiverInstrument(
    {
      name: 'container.cpu.usage.percpu',
      kind: 'counter',
      unit: 'ns',
      description: 'Per-core CPU usage by the container (Only available with cgroups v1).',
      attributes: ['core'],
      absentWhen: 'cgroup v2',
    },
    ({ sample, starts }, observe, cache) => {
      for (const [index, nanos] of (sample?.cpu?.perCpuNanos ?? []).entries())
        observe(Number(nanos), cache.ofNames(ofCore, `cpu${index}`), starts.of('cpu', `core ${index}`));
    },
  ),
  receiverInstrument(
    {
      name: 'container.cpu.utilization',
      kind: 'gauge',
      unit: '1',
      description: 'Percent of CPU used by the container.',
      isOn: true,
      isDouble: true,
      absentWhen: 'the container was measured only once since it started',
    },
    (snapshot, observe) => observePresent(observe, cpuUtilization(snapshot)),
  ),
  receiverInstrument(
    {
      name: 'container.cpu.logical.count',
      kind: 'gauge',
      unit: '{cpus}',
      description: 'Number of cores available to the container.',
      absentWhen: 'the runtime does not report it',
    },
    ({ sample }, observe) => observePresent(observe, sample?.cpu?.onlineCpus),
  ),
  throttling(
    {
      name: 'container.cpu.throttling_data.periods',
      kind: 'counter',
      unit: '{periods}',
      description: 'Number of periods with throttling active.',
    },
    'periods',
  ),
  throttling(
    {
      name: 'container.cpu.throttling_data.throttled_periods',
      kind: 'counter',
      unit: '{periods}',
      description: 'Number of periods when the container hits its throttling limit.',
    },
    'throttledPeriods',
  ),
  throttling(
    {
      name: 'container.cpu.throttling_data.throttled_time',
      kind: 'counter',
      unit: 'ns',
      description: 'Aggregate time the container was throttled.',
    },
    'throttledNanos',
  ),
  ofLimits(
    {
      name: 'container.cpu.limit',
      kind: 'gauge',
      unit: '{cpus}',
      description: 'CPU limit set for the container.',
      isDouble: true,
      source: 'inspect',
      absentWhen: 'no limit is set',
    },
    ({ limits }) => cpuLimit(limits),
  ),
  // Runtimes report the default, 1024, as 0.
  ofLimits(
    {
      name: 'container.cpu.shares',
      kind: 'gauge',
      unit: '1',
      description: 'CPU shares set for the container.',
      source: 'inspect',
    },
    ({ limits }) => limits.cpuShares ?? (limits.unknown?.includes('cpuShares') ? undefined : 0),
  ),
]);

function ofCore(core: string): Attributes {
  return { core };
}

/** @param counter the container's own; undefined for the host's. */
function time(
  metric: ReceiverMetric,
  counter: string | undefined,
  read: (cpu: CpuUsage) => Integer | undefined,
): ContainerInstrument {
  return receiverInstrument(metric, ({ sample, starts }, observe) => {
    const nanos = sample?.cpu && read(sample.cpu);
    const scale = sample?.windows ? nanosPerTick : 1;
    const startedAt = counter === undefined ? starts.of('host') : starts.of('cpu', counter);
    if (nanos !== undefined) observe(Number(nanos) * scale, undefined, startedAt);
  });
}

function throttling(metric: ReceiverMetric, counter: keyof CpuThrottling): ContainerInstrument {
  return receiverInstrument({ ...metric, absentWhen: 'Windows' }, ({ sample, starts }, observe) => {
    const value = sample?.windows ? undefined : sample?.cpu?.throttling?.[counter];
    observePresent(observe, value, undefined, starts.of('cpu', counter));
  });
}

function ofLimits(
  metric: ReceiverMetric,
  read: (snapshot: ContainerSnapshot) => number | undefined,
): ContainerInstrument {
  return receiverInstrument(metric, (snapshot, observe) => {
    if (isUp(snapshot)) observePresent(observe, read(snapshot));
  });
}
