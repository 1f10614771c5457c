import { stampedBy } from '../../model/instrument.ts';
import type { ContainerInstrument } from '../../model/instrument.ts';
import { memoryEventCounter, numberOf } from '../../model/sample.ts';
import type { EffectiveLimits, MemoryUsage } from '../../model/sample.ts';
import type { ContainerSnapshot } from '../../model/snapshot.ts';
import { pageFaults, residentMemory, workingSet } from '../formulas.ts';

const minor = { 'system.paging.fault.type': 'minor' };
const major = { 'system.paging.fault.type': 'major' };

/** Memory metrics of profile `semconv`. */
export const semconvMemory: readonly ContainerInstrument[] = stampedBy('memory', [
  amount(
    'container.memory.usage',
    'Memory in use, page cache included; on Windows what is committed',
    ({ usage, commitBytes }) => numberOf(usage ?? commitBytes),
  ),
  {
    ...amount(
      'container.memory.usage.peak',
      'Most memory in use since the container started',
      ({ maxUsage, commitPeakBytes }) => numberOf(maxUsage || commitPeakBytes || undefined),
    ),
    // Peaks of several containers were not at one time: they are no sum.
    kind: 'gauge',
    stability: 'extension',
    absentWhen: 'cgroup v2 by the runtime’s API, or before Linux 5.19',
  },
  amount(
    'container.memory.working_set',
    'Memory that cannot be taken back at once, as docker stats shows it; on Windows the private working set',
    workingSet,
  ),
  amount('container.memory.rss', 'Anonymous memory', (memory) => numberOf(residentMemory(memory))),
  {
    ...amount(
      'container.memory.available',
      'Memory left until the limit: limit minus working set',
      () => undefined,
    ),
    absentWhen: 'no limit is set',
    observe({ sample, limits }, observe) {
      const used = sample?.memory && workingSet(sample.memory);
      if (used !== undefined && limits.memoryBytes !== undefined)
        observe(Math.max(0, limits.memoryBytes - used));
    },
  },
  limit(
    'container.memory.limit.current',
    'Memory that the container may use',
    ({ limits }) => limits.memoryBytes,
  ),
  limit(
    'container.memory.reservation.current',
    'Memory that the container is left with when memory is short',
    (snapshot) => snapshot.limits.memoryReservationBytes,
  ),
  {
    name: 'container.memory.limit.utilization',
    kind: 'gauge',
    unit: '1',
    description: 'Working set divided by the limit, 0 to 1',
    attributes: [],
    source: 'stats',
    stability: 'extension',
    absentWhen: 'no limit is set',
    observe({ sample, limits }, observe) {
      const used = sample?.memory && workingSet(sample.memory);
      if (used !== undefined && limits.memoryBytes !== undefined) observe(used / limits.memoryBytes);
    },
  },
  {
    name: 'container.memory.oom_kills',
    kind: 'counter',
    unit: '{kill}',
    description:
      'Processes that the kernel killed for want of memory since the container started; the kill that ends it is an event',
    attributes: [],
    source: 'cgroup',
    stability: 'extension',
    absentWhen: 'usage is read by the runtime’s API, which lacks it, or cgroup v1 before Linux 4.13',
    observe({ sample, starts }, observe) {
      const kills = sample?.memory?.events?.['oom_kill'];
      if (kills !== undefined)
        observe(Number(kills), {}, starts.of('memory', memoryEventCounter('oom_kill')));
    },
  },
  {
    ...amount('container.paging.usage', 'Swap in use', ({ swapUsage, stats }) =>
      numberOf(swapUsage ?? stats['total_swap'] ?? stats['swap']),
    ),
    stability: 'extension',
    absentWhen: 'cgroup v2 by the runtime’s API, or the kernel does not account swap',
  },
  {
    name: 'container.paging.faults',
    kind: 'counter',
    unit: '{fault}',
    description: 'Page faults by type',
    attributes: ['system.paging.fault.type'],
    source: 'stats',
    stability: 'development',
    observe({ sample, starts }, observe) {
      if (!sample?.memory) return;
      const faults = pageFaults(sample.memory);
      const majorStart = starts.of('memory', faults.majorKey);
      // A difference of two counters may fall when either begins again.
      const minorStart = Math.max(starts.of('memory', faults.allKey), majorStart);
      if (faults.minor !== undefined) observe(faults.minor, minor, minorStart);
      if (faults.major !== undefined) observe(faults.major, major, majorStart);
    },
  },
]);

/** Limits that hold of a container, whichever cgroup above it has them: off by default, as reading those takes files more. */
export const semconvEffectiveLimits: readonly ContainerInstrument[] = [
  effective(
    'container.memory.limit.effective',
    'By',
    'Lowest memory limit of the container and of the cgroups above it (pod, slice)',
    'memoryBytes',
  ),
  {
    ...effective(
      'container.paging.limit.effective',
      'By',
      'Lowest swap limit of the container and of the cgroups above it',
      'swapBytes',
    ),
    absentWhen: 'none of them has one, or cgroup v1, where memory and swap have one limit together',
  },
  effective(
    'container.cpu.limit.effective',
    '{cpu}',
    'Lowest CPU quota of the container and of the cgroups above it, in CPUs',
    'cpus',
  ),
  effective(
    'container.pids.limit.effective',
    '{task}',
    'Lowest limit of processes and threads of the container and of the cgroups above it',
    'pids',
  ),
];

function amount(
  name: string,
  description: string,
  read: (memory: MemoryUsage) => number | undefined,
): ContainerInstrument {
  return {
    name,
    kind: 'updowncounter',
    unit: 'By',
    description,
    attributes: [],
    source: 'stats',
    stability: 'release_candidate',
    absentWhen: 'the memory cgroup is off, or the runtime gives no key for it',
    observe({ sample }, observe) {
      const bytes = sample?.memory && read(sample.memory);
      if (bytes !== undefined) observe(bytes);
    },
  };
}

function limit(
  name: string,
  description: string,
  read: (snapshot: ContainerSnapshot) => number | undefined,
): ContainerInstrument {
  return {
    name,
    kind: 'updowncounter',
    unit: 'By',
    description,
    attributes: [],
    source: 'inspect',
    stability: 'extension',
    absentWhen: 'none is set',
    observe(snapshot, observe) {
      const bytes = read(snapshot);
      if (bytes !== undefined) observe(bytes);
    },
  };
}

/** No sum: what containers of one slice have from it, they have together. */
function effective(
  name: string,
  unit: string,
  description: string,
  limit: keyof EffectiveLimits,
): ContainerInstrument {
  return {
    name,
    kind: 'gauge',
    unit,
    description,
    attributes: [],
    source: 'cgroup',
    stampedBy: 'effectiveLimits',
    stability: 'extension',
    offByDefault: true,
    absentWhen: 'none of them has one, or usage is read by the runtime’s API, which lacks it',
    observe({ sample }, observe) {
      const value = sample?.effectiveLimits?.[limit];
      if (value !== undefined) observe(value);
    },
  };
}
