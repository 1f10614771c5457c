import { stampedBy } from '../../model/instrument.ts';
import type { ContainerInstrument } from '../../model/instrument.ts';
import { difference, memoryEventCounter, pressureCounter } from '../../model/sample.ts';
import type { Integer, MemoryUsage, PressureUsage, Stalled } from '../../model/sample.ts';
import type { Measured } from '../../model/snapshot.ts';
import { isCgroupV2, residentMemory } from '../formulas.ts';
import { cadvisorMetric, inSeconds, runtimeLacksIt } from './declare.ts';
import type { CadvisorDeclaration, CadvisorSeries } from './declare.ts';

const onlyV2 = 'cgroup v1: the kernel does not count it';
const ofKernel = { source: 'cgroup', absentWhen: runtimeLacksIt } as const;
const ofKernelV2 = { source: 'cgroup', absentWhen: `cgroup v1, or ${runtimeLacksIt}` } as const;

/** Memory metrics of profile `cadvisor`: the hierarchy's keys on cgroup v1, the only ones on v2. */
export const cadvisorMemory: readonly ContainerInstrument[] = stampedBy('memory', [
  amount('usage_bytes', 'Memory in use, page cache included', ({ usage }) => usage),
  amount('working_set_bytes', 'Usage without the inactive page cache, not below 0', workingSet),
  amount('rss', 'Anonymous memory in bytes', residentMemory),
  amount(
    'cache',
    'Page cache in bytes',
    ({ stats }) => stats['total_cache'] ?? stats['cache'] ?? stats['file'],
  ),
  amount(
    'mapped_file',
    'Memory of mapped files in bytes',
    ({ stats }) => stats['total_mapped_file'] ?? stats['mapped_file'] ?? stats['file_mapped'],
  ),
  amount(
    'swap',
    'Swap in use in bytes',
    ({ swapUsage, stats }) => swapUsage ?? stats['total_swap'] ?? stats['swap'],
    { absentWhen: 'cgroup v2 by the runtime’s API, or the kernel does not account swap' },
  ),
  amount(
    'kernel_usage',
    'Kernel memory in bytes',
    ({ kernelUsage, stats }) => kernelUsage ?? stats['kernel'],
    {
      source: 'cgroup',
      absentWhen: `cgroup v2 before Linux 5.18, or ${runtimeLacksIt}`,
    },
  ),
  amount('max_usage_bytes', 'Most memory ever in use', ({ maxUsage }) => maxUsage, {
    absentWhen: 'cgroup v2 by the runtime’s API, or before Linux 5.19',
  }),
  counted(
    { name: 'failcnt', description: 'How often the limit was hit' },
    // What the runtime's API counts on cgroup v2 is how often no memory was left, and not this.
    ({ failures, events }, snapshot) =>
      isCgroupV2(snapshot) ? ofEvent('max', events) : { value: failures, counter: 'failures' },
    {
      absentWhen:
        'usage is read by the runtime’s API, and it is cgroup v2, or v1 and the limit was not hit yet',
    },
  ),
  counted(
    { name: 'events_high_total', description: 'How often memory.high throttled the container' },
    ({ events }) => ofEvent('high', events),
    ofKernelV2,
  ),
  counted(
    { name: 'events_max_total', description: 'How often memory.max was hit' },
    ({ events }) => ofEvent('max', events),
    ofKernelV2,
  ),
  amount('total_active_file_bytes', 'Active page cache', ({ stats }) => cacheOf(stats, 'active_file')),
  amount('total_inactive_file_bytes', 'Inactive page cache', ({ stats }) => cacheOf(stats, 'inactive_file')),
  amount(
    'file_dirty_bytes',
    'Page cache that is to be written to disk',
    ({ stats }) => cacheOf(stats, 'dirty') ?? stats['file_dirty'],
  ),
  amount(
    'file_writeback_bytes',
    'Page cache that is being written to disk',
    ({ stats }) => cacheOf(stats, 'writeback') ?? stats['file_writeback'],
  ),
  stat('pgscan', 'pgscan_total', 'Pages scanned in order to reclaim some', { absentWhen: onlyV2 }),
  stat('pgsteal', 'pgsteal_total', 'Pages reclaimed', { absentWhen: onlyV2 }),
  stat(
    'workingset_refault_file',
    'workingset_refault_file_total',
    'File pages that were evicted and came back',
    ofKernel,
  ),
  stat(
    'workingset_refault_anon',
    'workingset_refault_anon_total',
    'Anonymous pages that were evicted and came back',
    ofKernel,
  ),
  cadvisorMetric(
    {
      name: 'container_memory_failures_total',
      kind: 'counter',
      description: 'Page faults by type, of the container alone and with all cgroups below it',
      source: 'stats',
      labels: ['failure_type', 'scope'],
    },
    ({ sample }) => (sample?.memory ? ['pgfault', 'pgmajfault'].flatMap(faults(sample.memory)) : []),
  ),
]);

type Parts = Partial<Pick<CadvisorDeclaration, 'source' | 'absentWhen'>>;

function amount(
  name: string,
  description: string,
  read: (memory: MemoryUsage) => Integer | undefined,
  parts?: Parts,
): ContainerInstrument {
  return cadvisorMetric(
    { name: `container_memory_${name}`, kind: 'gauge', description, source: 'stats', ...parts },
    ({ sample }) => (sample?.memory ? [{ value: read(sample.memory) }] : []),
  );
}

/** A count, and its key among the memory counters. */
type Count = Required<Pick<CadvisorSeries, 'value' | 'counter'>>;

function counted(
  { name, description }: Pick<CadvisorDeclaration, 'name' | 'description'>,
  read: (memory: MemoryUsage, measured: Measured) => Count,
  parts: Parts,
): ContainerInstrument {
  return cadvisorMetric(
    { name: `container_memory_${name}`, kind: 'counter', description, source: 'stats', ...parts },
    (snapshot) => {
      const { memory } = snapshot.sample ?? {};
      return memory ? [{ ...read(memory, snapshot), group: 'memory' }] : [];
    },
  );
}

function stat(key: string, name: string, description: string, parts: Parts): ContainerInstrument {
  return counted({ name, description }, ({ stats }) => ({ value: stats[key], counter: key }), parts);
}

/** A count of `memory.events`. */
export function ofEvent(event: string, events: MemoryUsage['events']): Count {
  return { value: events?.[event], counter: memoryEventCounter(event) };
}

function cacheOf(stats: MemoryUsage['stats'], key: string): Integer | undefined {
  return stats[`total_${key}`] ?? stats[key];
}

/** Absent where the runtime gives no page cache to subtract, as Podman does. */
function workingSet({ usage, stats }: MemoryUsage): number | undefined {
  const inactive = cacheOf(stats, 'inactive_file');
  return usage === undefined || inactive === undefined ? undefined : Math.max(0, difference(usage, inactive));
}

/** cAdvisor shows the container's own faults in both scopes. */
function faults({ stats }: MemoryUsage): (type: string) => readonly CadvisorSeries[] {
  const series = (key: string, type: string, scope: string): CadvisorSeries => ({
    value: stats[key],
    labels: { failure_type: type, scope },
    group: 'memory',
    counter: key,
  });
  return (type) => {
    const total = `total_${type}`;
    return [
      series(type, type, 'container'),
      series(stats[total] === undefined ? type : total, type, 'hierarchy'),
    ];
  };
}

/** Metrics of pressure of profile `cadvisor`: it calls `some` of the kernel waiting, and `full` stalled. */
export const cadvisorPressure: readonly ContainerInstrument[] = stampedBy('pressure', [
  pressure('cpu', 'stalled', 'Time that all tasks waited for a CPU'),
  pressure('cpu', 'waiting', 'Time that some task waited for a CPU'),
  pressure('memory', 'stalled', 'Time that all tasks waited for memory'),
  pressure('memory', 'waiting', 'Time that some task waited for memory'),
  pressure('io', 'stalled', 'Time that all tasks waited for I/O'),
  pressure('io', 'waiting', 'Time that some task waited for I/O'),
]);

function pressure(
  resource: keyof PressureUsage,
  name: 'stalled' | 'waiting',
  description: string,
): ContainerInstrument {
  const kind: keyof Stalled = name === 'stalled' ? 'fullNanos' : 'someNanos';
  const counter = pressureCounter(resource, kind);
  return cadvisorMetric(
    {
      name: `container_pressure_${resource}_${name}_seconds_total`,
      kind: 'counter',
      description,
      source: 'cgroup',
      absentWhen: `the kernel counts no pressure (PSI), or ${runtimeLacksIt}`,
    },
    ({ sample }) => [{ value: inSeconds(sample?.pressure?.[resource]?.[kind]), group: 'pressure', counter }],
  );
}
