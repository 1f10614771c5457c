// One piece, because it is a table: one row for each metric of cAdvisor about usage.
import { stampedBy } from '../../model/instrument.ts';
import type { ContainerInstrument } from '../../model/instrument.ts';
import type {
  CpuThrottling,
  CpuUsage,
  Integer,
  MemoryUsage,
  BlockIoEntry,
  BlockIoUsage,
  InterfaceUsage,
} from '../../model/sample.ts';
import { difference, blockIoCounter } from '../../model/sample.ts';
import type { ContainerSnapshot } from '../../model/snapshot.ts';
import { hasCpuModes, residentMemory } from '../formulas.ts';
import { cadvisorMetric, inSeconds } from './declare.ts';
import type { CadvisorDeclaration, CadvisorSeries } from './declare.ts';

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

const onlyV1 = 'cgroup v2: the runtime does not report it';
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
  memoryCounter('failcnt', 'How often the limit was hit', 'failures', `it was not hit yet, or ${onlyV1}`),
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
  memoryCounter('pgscan_total', 'Pages scanned in order to reclaim some', 'pgscan', onlyV2),
  memoryCounter('pgsteal_total', 'Pages reclaimed', 'pgsteal', onlyV2),
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

function memoryCounter(
  name: string,
  description: string,
  key: string,
  absentWhen: string,
): ContainerInstrument {
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

type List = keyof BlockIoUsage;

/** One operation of one of the runtime's lists each. */
const rows: readonly (readonly [name: string, list: List, operation: string, description: string])[] = [
  ['reads_bytes_total', 'serviceBytes', 'read', 'Bytes read'],
  ['writes_bytes_total', 'serviceBytes', 'write', 'Bytes written'],
  ['reads_total', 'serviced', 'read', 'Reads'],
  ['writes_total', 'serviced', 'write', 'Writes'],
  ['sector_reads_total', 'sectors', 'read', 'Sectors read'],
  ['sector_writes_total', 'sectors', 'write', 'Sectors written'],
  ['reads_merged_total', 'merged', 'read', 'Reads merged'],
  ['writes_merged_total', 'merged', 'write', 'Writes merged'],
  ['read_seconds_total', 'serviceTime', 'read', 'Time spent reading'],
  ['write_seconds_total', 'serviceTime', 'write', 'Time spent writing'],
  ['io_time_seconds_total', 'serviceTime', 'total', 'Time spent on I/O'],
  ['io_current', 'queued', 'total', 'I/O that is in progress'],
];

const absences: Readonly<Partial<Record<List, string>>> = {
  serviceBytes: 'the kernel has counted nothing yet',
  serviced: 'the runtime gives bytes only: Docker on cgroup v2, Podman on cgroup v1',
};
const onlyWithScheduler = 'cgroup v2, and cgroup v1 without the scheduler CFQ (Linux 5.0 and newer)';

/** Block I/O metrics of profile `cadvisor` that the runtime gives. */
export const cadvisorDisk: readonly ContainerInstrument[] = stampedBy('blockIo', [
  ...rows.map(([name, list, operation, description]) =>
    cadvisorMetric(
      {
        name: `container_fs_${name}`,
        kind: name.endsWith('_total') ? 'counter' : 'gauge',
        description: `${description}, by device (major:minor)`,
        source: 'stats',
        labels: ['device'],
        absentWhen: absences[list] ?? onlyWithScheduler,
      },
      ({ sample }) =>
        (sample?.blockIo?.[list] ?? [])
          .filter((entry) => entry.operation === operation)
          .map((entry) => ofDevice(entry, list, name)),
    ),
  ),
  cadvisorMetric(
    {
      name: 'container_blkio_device_usage_total',
      kind: 'counter',
      description: 'Bytes by device and operation; on cgroup v1 each byte counts in three operations',
      source: 'stats',
      labels: ['device', 'major', 'minor', 'operation'],
      absentWhen: absences.serviceBytes,
    },
    ({ sample }) => (sample?.blockIo?.serviceBytes ?? []).flatMap(ofOperation),
  ),
]);

/** A device by its numbers: the runtime's response has no device names. */
function ofDevice(entry: BlockIoEntry, list: List, name: string): CadvisorSeries {
  const { major, minor, value } = entry;
  return {
    value: name.includes('_seconds_') ? inSeconds(value) : value,
    labels: { device: `${major}:${minor}` },
    ...(name.endsWith('_total') && { group: 'block-io', counter: blockIoCounter(list, entry) }),
  };
}

function ofOperation(entry: BlockIoEntry): readonly CadvisorSeries[] {
  const { major, minor, operation, value } = entry;
  const written = operations.get(operation);
  if (written === undefined) return [];
  const labels = { device: `${major}:${minor}`, major: `${major}`, minor: `${minor}`, operation: written };
  return [{ value, labels, group: 'block-io', counter: blockIoCounter('serviceBytes', entry) }];
}

/** As the kernel writes them on cgroup v1; v2 has the first two. */
const operations: ReadonlyMap<string, string> = new Map(
  ['Read', 'Write', 'Sync', 'Async', 'Discard', 'Total'].map((name) => [name.toLowerCase(), name]),
);

/** Network metrics of profile `cadvisor` that the runtime gives. */
export const cadvisorNetwork: readonly ContainerInstrument[] = stampedBy('networks', [
  networkCounter('receive_bytes', 'Bytes received', 'receivedBytes'),
  networkCounter('receive_packets', 'Packets received', 'receivedPackets'),
  networkCounter('receive_packets_dropped', 'Packets dropped while receiving', 'receivedDropped'),
  networkCounter('receive_errors', 'Errors while receiving', 'receivedErrors'),
  networkCounter('transmit_bytes', 'Bytes transmitted', 'transmittedBytes'),
  networkCounter('transmit_packets', 'Packets transmitted', 'transmittedPackets'),
  networkCounter('transmit_packets_dropped', 'Packets dropped while transmitting', 'transmittedDropped'),
  networkCounter('transmit_errors', 'Errors while transmitting', 'transmittedErrors'),
]);

/** A network that several containers share is shown with its owner alone, so that a sum counts it once. */
function networkCounter(
  name: string,
  description: string,
  key: Exclude<keyof InterfaceUsage, 'name'>,
): ContainerInstrument {
  return cadvisorMetric(
    {
      name: `container_network_${name}_total`,
      kind: 'counter',
      description: `${description}, by interface`,
      source: 'stats',
      labels: ['interface'],
      absentWhen: 'the network is none, the host’s or another container’s',
    },
    ({ sample, sharedNetwork }) => {
      if (sharedNetwork) return [];
      return (sample?.networks ?? []).map((usage) => ({
        value: usage[key],
        labels: { interface: usage.name },
        group: `network ${usage.name}`,
        counter: key,
      }));
    },
  );
}
