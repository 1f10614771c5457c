// One piece, because it is a table: one row for each metric of cAdvisor that is not usage.
import type { ContainerLimits, LimitName } from '../../model/container.ts';
import type { ContainerFilesystem } from '../../model/disk-usage.ts';
import type { ContainerInstrument, MetricSource } from '../../model/instrument.ts';
import type { Measured } from '../../model/snapshot.ts';
import { diskUsageNotMeasured, storageNotReached } from '../absence.ts';
import { cadvisorMetric, runtimeLacksIt } from './declare.ts';
import { cadvisorMemory, cadvisorPressure, ofEvent } from './memory.ts';
import { cadvisorOptional } from './optional.ts';
import { cadvisorCpu, cadvisorDisk, cadvisorNetwork } from './usage.ts';

/** The kernel's when none is set. */
const defaultPeriodMicros = 100_000;
/** The kernel's and the runtime's when none are set. */
const defaultShares = 1024;

/** Metrics of profile `cadvisor`: a container's life cycle, limits and tasks. */
const cadvisorSpec: readonly ContainerInstrument[] = [
  containerGauge(
    'last_seen',
    'When the container was last measured, in Unix time',
    ({ sample, stateAt }) => wholeSeconds(sample?.takenAt ?? stateAt),
    'stats',
  ),
  containerGauge(
    'health_state',
    '1 healthy, 0 starting or unhealthy, -1 without a health check',
    ({ state }) => (state.health === undefined ? -1 : Number(state.health === 'healthy')),
  ),
  containerGauge('creation_time_seconds', 'When the container was created, in Unix time', ({ identity }) =>
    wholeSeconds(identity.createdAt),
  ),
  containerGauge('start_time_seconds', 'When the container started, in Unix time', ({ state, identity }) =>
    wholeSeconds(state.startedAt ?? identity.createdAt),
  ),
  containerGauge('spec_cpu_period', 'Enforcement period in microseconds', ({ limits }) =>
    orDefault(limits, 'cpuPeriodMicros', defaultPeriodMicros),
  ),
  {
    ...containerGauge(
      'spec_cpu_quota',
      'CPU time that the container may use in a period, in microseconds',
      quota,
    ),
    absentWhen: 'no limit is set',
  },
  containerGauge('spec_cpu_shares', 'Weight of the container among others, 1024 unless set', ({ limits }) =>
    orDefault(limits, 'cpuShares', defaultShares),
  ),
  containerGauge(
    'spec_memory_limit_bytes',
    'Memory that the container may use, 0 without a limit',
    ({ limits }) => orDefault(limits, 'memoryBytes', 0),
  ),
  containerGauge(
    'spec_memory_swap_limit_bytes',
    'Swap (on cgroup v1 memory and swap) that the container may use, 0 without a limit',
    swapLimit,
  ),
  containerGauge(
    'spec_memory_reservation_limit_bytes',
    'Memory that the container is left with when memory is short, 0 when none is set',
    ({ limits }) => orDefault(limits, 'memoryReservationBytes', 0),
  ),
  containerGauge(
    'threads',
    'Processes and threads',
    ({ sample }) => (sample?.pids?.current === undefined ? undefined : Number(sample.pids.current)),
    'stats',
  ),
  containerGauge(
    'threads_max',
    'Processes and threads that the container may have, 0 without a limit',
    threadsMax,
    'stats',
  ),
];

function containerGauge(
  name: string,
  description: string,
  read: (snapshot: Measured) => number | undefined,
  source: MetricSource = 'inspect',
): ContainerInstrument {
  return cadvisorMetric({ name: `container_${name}`, kind: 'gauge', description, source }, (snapshot) => [
    { value: read(snapshot) },
  ]);
}

/** Metrics of profile `cadvisor` about the file system that holds a container's writable layer, on the slow schedule. */
const cadvisorFilesystem: readonly ContainerInstrument[] = [
  filesystemGauge(
    'usage_bytes',
    'Bytes of the writable layer; of the root, what is in use of each file system',
    ({ usageBytes }) => usageBytes,
    diskUsageNotMeasured,
  ),
  filesystemGauge(
    'limit_bytes',
    'Size of the file system that holds the container',
    ({ filesystem }) => filesystem?.capacityBytes,
  ),
  filesystemGauge(
    'inodes_total',
    'Inodes of the file system that holds the container',
    ({ filesystem }) => filesystem?.inodes,
  ),
  filesystemGauge(
    'inodes_free',
    'Free inodes of the file system that holds the container',
    ({ filesystem }) => filesystem?.freeInodes,
  ),
];

function filesystemGauge(
  name: string,
  description: string,
  read: (of: ContainerFilesystem) => number | undefined,
  absentWhen = storageNotReached,
): ContainerInstrument {
  return {
    ...cadvisorMetric(
      {
        name: `container_fs_${name}`,
        kind: 'gauge',
        description,
        source: 'disk usage',
        labels: ['device'],
        absentWhen,
      },
      ({ filesystem, filesystems = filesystem ? [filesystem] : [] }) =>
        filesystems.map((of) => {
          const { device } = of.filesystem ?? {};
          return { value: read(of), ...(device !== undefined && { labels: { device } }) };
        }),
    ),
    stampedBy: 'now',
  };
}

/** Undefined where it is not known whether a limit is set. */
function orDefault(
  limits: ContainerLimits,
  name: Exclude<LimitName, 'cpuset'>,
  unset: number,
): number | undefined {
  return limits[name] ?? (limits.unknown?.includes(name) ? undefined : unset);
}

/** `--cpus` is a quota, too. */
function quota({ limits }: Measured): number | undefined {
  if (limits.cpuQuotaMicros !== undefined) return limits.cpuQuotaMicros;
  return limits.cpus === undefined
    ? undefined
    : Math.round(limits.cpus * (limits.cpuPeriodMicros ?? defaultPeriodMicros));
}

/** Absent where the limits are not known and the sample names none. */
function threadsMax({ sample, limits }: Measured): number | undefined {
  if (!sample?.pids) return undefined;
  return limits.pids === undefined && sample.pids.limit !== undefined
    ? Number(sample.pids.limit)
    : orDefault(limits, 'pids', 0);
}

/** Docker counts memory and swap together, as cgroup v1 does; v2 counts swap alone. */
function swapLimit({ limits, runtime }: Measured): number | undefined {
  const memorySwapBytes = orDefault(limits, 'memorySwapBytes', 0);
  const memoryBytes = orDefault(limits, 'memoryBytes', 0);
  if (memorySwapBytes === undefined || memoryBytes === undefined) return undefined;
  return runtime.cgroupVersion === 1 ? memorySwapBytes : Math.max(0, memorySwapBytes - memoryBytes);
}

function wholeSeconds(millis: number | undefined): number | undefined {
  return millis === undefined ? undefined : Math.floor(millis / 1000);
}

type Row = readonly [name: string, kind: 'gauge' | 'counter', description: string, ...labels: string[]];

/**
 * Events alone where the runtime sends them: the kernel's count ends with the cgroup of a run, and so lacks the kill that
 * ended the run. The two are never mixed, though events count several kills at once as one: a value that goes from one
 * to the other falls and moves its start back, which to a reader is an increase that never was.
 */
const cadvisorOom = cadvisorMetric(
  {
    name: 'container_oom_events_total',
    kind: 'counter',
    description:
      'How often the kernel killed for want of memory: by the runtime’s events since the agent listens; in the present run, by the kernel, where the runtime sends none',
    source: 'events',
    outlivesPublication: true,
    absentWhen: `the runtime sends no events (Podman, some proxies), and ${runtimeLacksIt}`,
  },
  ({ events, sample }) => {
    if (events) return [{ value: events.actions.get('oom') ?? 0, startedAt: events.since }];
    return [{ ...ofEvent('oom_kill', sample?.memory?.events), group: 'memory' }];
  },
);

/** The metrics of cAdvisor that the agent does not read: declared with the source they need, never observed. */
const cadvisorUnavailable: readonly ContainerInstrument[] = [
  ...declared(
    'unavailable',
    [
      ['cpu_schedstat_run_seconds_total', 'counter', 'Time that tasks have run'],
      ['cpu_schedstat_runqueue_seconds_total', 'counter', 'Time that tasks have waited to run'],
      ['cpu_schedstat_run_periods_total', 'counter', 'How often tasks have run'],
      ['cpu_load_average_10s', 'gauge', 'Tasks that run or want to, over 10 s'],
      ['cpu_load_d_average_10s', 'gauge', 'Tasks that wait without interruption, over 10 s'],
      ['network_advance_tcp_stats_total', 'gauge', 'Events of TCP by name', 'tcp_state'],
      ['fs_io_time_weighted_seconds_total', 'counter', 'Weighted time spent on I/O', 'device'],
    ],
    'sums over processes lose what ended between two readings (schedstat), and averages and weighted times are no use where counters are: pressure says how long tasks waited',
  ),
  ...declared(
    'unavailable',
    [['referenced_bytes', 'gauge', 'Memory referenced of late']],
    'to count it, the kernel must clear the page bits of every process',
  ),
  ...declared(
    'unavailable',
    [
      ['perf_events_total', 'counter', 'Events of the CPU', 'cpu', 'event'],
      ['perf_events_scaling_ratio', 'gauge', 'Share of the time that an event was counted', 'cpu', 'event'],
      ['perf_uncore_events_total', 'counter', 'Events beside the cores', 'socket', 'event', 'pmu'],
      [
        'perf_uncore_events_scaling_ratio',
        'gauge',
        'Share of the time that an event beside the cores was counted',
        'socket',
        'event',
        'pmu',
      ],
    ],
    'perf events take a privilege that the agent does not ask for',
  ),
  ...declared(
    'unavailable',
    [
      ['memory_bandwidth_bytes', 'gauge', 'Bytes moved to and from memory', 'node_id'],
      ['memory_bandwidth_local_bytes', 'gauge', 'Bytes moved to and from the own node’s memory', 'node_id'],
      ['llc_occupancy_bytes', 'gauge', 'Last-level cache in use', 'node_id'],
    ],
    'the CPU’s resctrl takes a privilege that the agent does not ask for',
  ),
];

function declared(
  source: MetricSource,
  rows: readonly Row[],
  absentWhen?: string,
): readonly ContainerInstrument[] {
  return rows.map(([name, kind, description, ...labels]) =>
    cadvisorMetric({ name: `container_${name}`, kind, description, source, labels, absentWhen }, () => []),
  );
}

/** The container metrics of google/cadvisor, name by name. */
export const cadvisorContainers: readonly ContainerInstrument[] = [
  ...cadvisorSpec,
  ...cadvisorCpu,
  ...cadvisorMemory,
  ...cadvisorDisk,
  ...cadvisorFilesystem,
  ...cadvisorNetwork,
  ...cadvisorPressure,
  cadvisorOom,
  ...cadvisorOptional,
  ...cadvisorUnavailable,
];
