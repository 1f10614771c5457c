import type { ContainerLimits, LimitName } from '../../model/container.ts';
import type { ContainerInstrument, MetricSource } from '../../model/instrument.ts';
import type { ContainerSnapshot } from '../../model/snapshot.ts';
import { cadvisorMetric } from './declare.ts';

/** The kernel's when none is set. */
const defaultPeriodMicros = 100_000;
/** The kernel's and the runtime's when none are set. */
const defaultShares = 1024;

/** Metrics of profile `cadvisor`: a container's life cycle, limits and tasks. */
export const cadvisorSpec: readonly ContainerInstrument[] = [
  gauge(
    'last_seen',
    'When the container was last measured, in Unix time',
    ({ sample, stateAt }) => wholeSeconds(sample?.takenAt ?? stateAt),
    'stats',
  ),
  gauge('health_state', '1 healthy, 0 starting or unhealthy, -1 without a health check', ({ state }) =>
    state.health === undefined ? -1 : Number(state.health === 'healthy'),
  ),
  gauge('creation_time_seconds', 'When the container was created, in Unix time', ({ identity }) =>
    wholeSeconds(identity.createdAt),
  ),
  gauge('start_time_seconds', 'When the container started, in Unix time', ({ state, identity }) =>
    wholeSeconds(state.startedAt ?? identity.createdAt),
  ),
  gauge('spec_cpu_period', 'Enforcement period in microseconds', ({ limits }) =>
    orDefault(limits, 'cpuPeriodMicros', defaultPeriodMicros),
  ),
  {
    ...gauge('spec_cpu_quota', 'CPU time that the container may use in a period, in microseconds', quota),
    absentWhen: 'no limit is set',
  },
  gauge('spec_cpu_shares', 'Weight of the container among others, 1024 unless set', ({ limits }) =>
    orDefault(limits, 'cpuShares', defaultShares),
  ),
  gauge('spec_memory_limit_bytes', 'Memory that the container may use, 0 without a limit', ({ limits }) =>
    orDefault(limits, 'memoryBytes', 0),
  ),
  gauge(
    'spec_memory_swap_limit_bytes',
    'Swap (on cgroup v1 memory and swap) that the container may use, 0 without a limit',
    swapLimit,
  ),
  gauge(
    'spec_memory_reservation_limit_bytes',
    'Memory that the container is left with when memory is short, 0 when none is set',
    ({ limits }) => orDefault(limits, 'memoryReservationBytes', 0),
  ),
  gauge(
    'threads',
    'Processes and threads',
    ({ sample }) => (sample?.pids?.current === undefined ? undefined : Number(sample.pids.current)),
    'stats',
  ),
  gauge(
    'threads_max',
    'Processes and threads that the container may have, 0 without a limit',
    ({ sample, limits }) => sample?.pids && Number(limits.pids ?? sample.pids.limit ?? 0),
    'stats',
  ),
];

function gauge(
  name: string,
  description: string,
  read: (snapshot: ContainerSnapshot) => number | undefined,
  source: MetricSource = 'inspect',
): ContainerInstrument {
  return cadvisorMetric({ name: `container_${name}`, kind: 'gauge', description, source }, (snapshot) => [
    { value: read(snapshot) },
  ]);
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
function quota({ limits }: ContainerSnapshot): number | undefined {
  if (limits.cpuQuotaMicros !== undefined) return limits.cpuQuotaMicros;
  return limits.cpus === undefined
    ? undefined
    : Math.round(limits.cpus * (limits.cpuPeriodMicros ?? defaultPeriodMicros));
}

/** Docker counts memory and swap together, as cgroup v1 does; v2 counts swap alone. */
function swapLimit({ limits, runtime }: ContainerSnapshot): number | undefined {
  const memorySwapBytes = orDefault(limits, 'memorySwapBytes', 0);
  const memoryBytes = orDefault(limits, 'memoryBytes', 0);
  if (memorySwapBytes === undefined || memoryBytes === undefined) return undefined;
  return runtime.cgroupVersion === 1 ? memorySwapBytes : Math.max(0, memorySwapBytes - memoryBytes);
}

function wholeSeconds(millis: number | undefined): number | undefined {
  return millis === undefined ? undefined : Math.floor(millis / 1000);
}
