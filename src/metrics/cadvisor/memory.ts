import { stampedBy } from '../../model/instrument.ts';
import type { ContainerInstrument } from '../../model/instrument.ts';
import type { Integer, MemoryUsage } from '../../model/sample.ts';
import { difference } from '../../model/sample.ts';
import { cadvisorMetric, type CadvisorDeclaration, type CadvisorSeries } from './declare.ts';
import { residentMemory } from '../formulas.ts';

const onlyV1 = 'cgroup v2: the runtime does not tell';
const onlyV2 = 'cgroup v1: the kernel does not count it';

/** Memory metrics of profile `cadvisor` that the runtime gives: the hierarchy's keys on cgroup v1, the only ones on v2. */
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
  amount('max_usage_bytes', 'Most memory ever in use', ({ maxUsage }) => maxUsage, { absentWhen: onlyV1 }),
  counter('failcnt', 'How often the limit was hit', 'failures', `it was not hit yet, or ${onlyV1}`),
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
  counter('pgscan_total', 'Pages scanned in order to reclaim some', 'pgscan', onlyV2),
  counter('pgsteal_total', 'Pages reclaimed', 'pgsteal', onlyV2),
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

type Read = (memory: MemoryUsage) => Integer | undefined;

function amount(
  name: string,
  description: string,
  read: Read,
  parts?: Partial<CadvisorDeclaration>,
): ContainerInstrument {
  return memory({ name, kind: 'gauge', description, source: 'stats', ...parts }, read);
}

function counter(name: string, description: string, key: string, absentWhen: string): ContainerInstrument {
  const read: Read = ({ failures, stats }) => (key === 'failures' ? failures : stats[key]);
  return memory({ name, kind: 'counter', description, source: 'stats', absentWhen }, read, key);
}

function memory(declaration: CadvisorDeclaration, read: Read, key?: string): ContainerInstrument {
  const group = key === undefined ? {} : { group: 'memory' as const, counter: key };
  return cadvisorMetric({ ...declaration, name: `container_memory_${declaration.name}` }, ({ sample }) =>
    sample?.memory ? [{ value: read(sample.memory), ...group }] : [],
  );
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
