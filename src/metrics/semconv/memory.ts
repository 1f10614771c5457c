import type { ContainerInstrument } from '../../model/instrument.ts';
import type { MemoryUsage } from '../../model/sample.ts';
import { numberOf } from '../../model/sample.ts';
import type { ContainerSnapshot } from '../../model/snapshot.ts';
import { pageFaults, residentMemory, workingSet } from '../formulas.ts';

const minor = { 'system.paging.fault.type': 'minor' };
const major = { 'system.paging.fault.type': 'major' };

/** Memory metrics of profile `semconv`. */
export const semconvMemory: readonly ContainerInstrument[] = [
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
    absentWhen: 'cgroup v2: the engine does not tell',
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
    name: 'container.paging.faults',
    kind: 'counter',
    unit: '{fault}',
    description: 'Page faults by type',
    attributes: ['system.paging.fault.type'],
    source: 'stats',
    stability: 'development',
    observe({ sample, starts }, observe) {
      const faults = sample?.memory ? pageFaults(sample.memory) : {};
      if (faults.minor !== undefined) observe(faults.minor, minor, starts.of('memory'));
      if (faults.major !== undefined) observe(faults.major, major, starts.of('memory'));
    },
  },
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
    absentWhen: 'the memory cgroup is off, or the engine gives no key for it',
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
