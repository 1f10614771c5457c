import { stampedBy } from '../../model/instrument.ts';
import type { ContainerInstrument } from '../../model/instrument.ts';
import { memoryEventCounter } from '../../model/sample.ts';
import type { Integer, MemoryUsage } from '../../model/sample.ts';
import { observePresent, receiverInstrument } from './declare.ts';
import type { ReceiverMetric } from './declare.ts';
import { memoryPercent, usageWithoutCache } from './formulas.ts';

/** Keys of `memory.stat` in bytes, with the receiver's descriptions. */
const memoryAmounts: readonly (readonly [key: string, description: string])[] = [
  ['active_anon', 'The amount of anonymous memory that has been identified as active by the kernel.'],
  ['active_file', 'Cache memory that has been identified as active by the kernel.'],
  [
    'anon',
    'Amount of memory used in anonymous mappings such as brk(), sbrk(), and mmap(MAP_ANONYMOUS) (Only available with cgroups v2).',
  ],
  [
    'cache',
    'The amount of memory used by the processes of this control group that can be associated precisely with a block on a block device (Only available with cgroups v1).',
  ],
  [
    'dirty',
    'Bytes that are waiting to get written back to the disk, from this cgroup (Only available with cgroups v1).',
  ],
  [
    'file',
    'Amount of memory used to cache filesystem data, including tmpfs and shared memory (Only available with cgroups v2).',
  ],
  [
    'hierarchical_memory_limit',
    'The maximum amount of physical memory that can be used by the processes of this control group (Only available with cgroups v1).',
  ],
  [
    'hierarchical_memsw_limit',
    'The maximum amount of RAM + swap that can be used by the processes of this control group (Only available with cgroups v1).',
  ],
  ['inactive_anon', 'The amount of anonymous memory that has been identified as inactive by the kernel.'],
  ['inactive_file', 'Cache memory that has been identified as inactive by the kernel.'],
  [
    'mapped_file',
    'Indicates the amount of memory mapped by the processes in the control group (Only available with cgroups v1).',
  ],
  [
    'rss',
    'The amount of memory that doesn’t correspond to anything on disk: stacks, heaps, and anonymous memory maps (Only available with cgroups v1).',
  ],
  [
    'rss_huge',
    'Number of bytes of anonymous transparent hugepages in this cgroup (Only available with cgroups v1).',
  ],
  [
    'total_active_anon',
    'The amount of anonymous memory that has been identified as active by the kernel. Includes descendant cgroups (Only available with cgroups v1).',
  ],
  [
    'total_active_file',
    'Cache memory that has been identified as active by the kernel. Includes descendant cgroups (Only available with cgroups v1).',
  ],
  [
    'total_cache',
    'Total amount of memory used by the processes of this cgroup (and descendants) that can be associated with a block on a block device. Also accounts for memory used by tmpfs (Only available with cgroups v1). Not supported on Windows.',
  ],
  [
    'total_dirty',
    'Bytes that are waiting to get written back to the disk, from this cgroup and descendants (Only available with cgroups v1).',
  ],
  [
    'total_inactive_anon',
    'The amount of anonymous memory that has been identified as inactive by the kernel. Includes descendant cgroups (Only available with cgroups v1).',
  ],
  [
    'total_inactive_file',
    'Cache memory that has been identified as inactive by the kernel. Includes descendant cgroups (Only available with cgroups v1).',
  ],
  [
    'total_mapped_file',
    'Indicates the amount of memory mapped by the processes in the control group and descendant groups (Only available with cgroups v1).',
  ],
  [
    'total_rss',
    'The amount of memory that doesn’t correspond to anything on disk: stacks, heaps, and anonymous memory maps. Includes descendant cgroups (Only available with cgroups v1).',
  ],
  [
    'total_rss_huge',
    'Number of bytes of anonymous transparent hugepages in this cgroup and descendant cgroups (Only available with cgroups v1).',
  ],
  [
    'total_unevictable',
    'The amount of memory that cannot be reclaimed. Includes descendant cgroups (Only available with cgroups v1).',
  ],
  [
    'total_writeback',
    'Number of bytes of file/anon cache that are queued for syncing to disk in this cgroup and descendants (Only available with cgroups v1).',
  ],
  ['unevictable', 'The amount of memory that cannot be reclaimed.'],
  [
    'writeback',
    'Number of bytes of file/anon cache that are queued for syncing to disk in this cgroup (Only available with cgroups v1).',
  ],
];

/** Keys of `memory.stat` that count events. */
const memoryEvents: readonly (readonly [key: string, unit: string, description: string])[] = [
  [
    'pgfault',
    '{faults}',
    'Indicate the number of times that a process of the cgroup triggered a page fault.',
  ],
  [
    'pgmajfault',
    '{faults}',
    'Indicate the number of times that a process of the cgroup triggered a major fault.',
  ],
  [
    'pgpgin',
    '{operations}',
    'Number of pages read from disk by the cgroup (Only available with cgroups v1).',
  ],
  [
    'pgpgout',
    '{operations}',
    'Number of pages written to disk by the cgroup (Only available with cgroups v1).',
  ],
  [
    'total_pgfault',
    '{faults}',
    'Indicate the number of times that a process of the cgroup (or descendant cgroups) triggered a page fault (Only available with cgroups v1).',
  ],
  [
    'total_pgmajfault',
    '{faults}',
    'Indicate the number of times that a process of the cgroup (or descendant cgroups) triggered a major fault (Only available with cgroups v1).',
  ],
  [
    'total_pgpgin',
    '{operations}',
    'Number of pages read from disk by the cgroup and descendant groups (Only available with cgroups v1).',
  ],
  [
    'total_pgpgout',
    '{operations}',
    'Number of pages written to disk by the cgroup and descendant groups (Only available with cgroups v1).',
  ],
];

/** On by default: the page cache of each cgroup version. */
const onKeys: readonly string[] = ['file', 'total_cache'];

/** Memory metrics of profile `docker_stats`. */
export const dockerStatsMemory: readonly ContainerInstrument[] = stampedBy('memory', [
  ofMemory(
    {
      name: 'container.memory.usage.total',
      kind: 'updowncounter',
      unit: 'By',
      description: 'Memory usage of the container. This excludes the cache.',
      isOn: true,
    },
    usageWithoutCache,
  ),
  ofMemory(
    {
      name: 'container.memory.usage.limit',
      kind: 'updowncounter',
      unit: 'By',
      description: 'Memory limit of the container. Not supported on Windows.',
      isOn: true,
    },
    ({ limit }) => limit,
  ),
  ofMemory(
    {
      name: 'container.memory.percent',
      kind: 'gauge',
      unit: '1',
      description: 'Percentage of memory used. Not supported on Windows.',
      isOn: true,
      isDouble: true,
    },
    memoryPercent,
  ),
  ofMemory(
    {
      name: 'container.memory.usage.max',
      kind: 'updowncounter',
      unit: 'By',
      description: 'Maximum memory usage.',
      absentWhen: 'cgroup v2 by the runtime’s API, or before Linux 5.19',
    },
    ({ maxUsage }) => maxUsage,
  ),
  ofMemory(
    {
      name: 'container.memory.fails',
      kind: 'counter',
      unit: '{fails}',
      description: 'Number of times the memory limit was hit.',
    },
    limitHits,
    ({ failures }) => (failures === undefined ? memoryEventCounter('oom') : 'failures'),
  ),
  ...memoryAmounts.map(([key, description]) =>
    ofMemory(
      {
        name: `container.memory.${key}`,
        kind: 'updowncounter',
        unit: 'By',
        description,
        ...(onKeys.includes(key) && { isOn: true }),
      },
      ({ stats }) => stats[key],
    ),
  ),
  ...memoryEvents.map(([key, unit, description]) =>
    ofMemory(
      { name: `container.memory.${key}`, kind: 'counter', unit, description },
      ({ stats }) => stats[key],
      () => key,
    ),
  ),
]);

/** @param counterOf its key among the counters of memory; absent for an amount. */
function ofMemory(
  metric: ReceiverMetric,
  read: (memory: MemoryUsage) => Integer | undefined,
  counterOf?: (memory: MemoryUsage) => string,
): ContainerInstrument {
  return receiverInstrument(metric, ({ sample, starts }, observe) => {
    if (!sample?.memory) return;
    const value = read(sample.memory);
    const startedAt = counterOf && starts.of('memory', counterOf(sample.memory));
    observePresent(observe, value, undefined, startedAt);
  });
}

/**
 * On cgroup v2 Docker's count is `oom` of `memory.events`, and not how often the limit was hit (`max`). It leaves the key
 * out while it is 0, on both versions; absent without `memory.stat`.
 */
function limitHits({ failures, events, stats, unknown }: MemoryUsage): Integer | undefined {
  if (unknown?.includes('failcnt')) return undefined;
  return failures ?? events?.['oom'] ?? (Object.keys(stats).length > 0 ? 0 : undefined);
}
