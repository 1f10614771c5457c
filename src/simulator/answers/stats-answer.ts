import { blockIoStats } from './block-io-stats.ts';
import type { EngineHost } from '../world/host.ts';
import { engineTime, NEVER } from './engine-time.ts';
import { memoryStats } from './stats.ts';
import { networkMode } from './networks.ts';
import type { SimulatedContainer } from '../world/container.ts';
import type { CpuFigures, Figures, NetworkFigures } from '../world/workload.ts';

/** When a sample and the one before it were taken (ms); a first sample has none before it. */
export interface SampleTimes {
  readonly at: number;
  readonly previous?: number | undefined;
}

/** An unsigned 64-bit -1, what Moby sends for "no pids limit"; no JavaScript number, so put in as text. */
const UNLIMITED = '18446744073709551615';

/** The answer to stats (shape of Moby's api/types/container StatsResponse), as one line of JSON. */
export function statsAnswer(
  container: SimulatedContainer,
  host: EngineHost,
  times: SampleTimes,
  networkOwner: SimulatedContainer = container,
): string {
  const figures = container.figuresAt(times.at);
  if (!figures) return noStats(container);
  const networks = networkStats(networkOwner, networkOwner.figuresAt(times.at));
  const answer = {
    name: `/${container.name}`,
    id: container.id,
    read: engineTime(times.at),
    ...previousStats(container, host, times),
    pids_stats: pidsStats(container, host, figures),
    blkio_stats: blockIoStats(figures.disk, host.cgroup),
    num_procs: 0,
    storage_stats: {},
    cpu_stats: cpuStats(figures.cpu, host, times.at),
    memory_stats: memoryStats(figures.memory, host.cgroup),
    ...(networks && { networks }),
  };
  return `${JSON.stringify(answer).replace(`"${UNLIMITED}"`, UNLIMITED)}\n`;
}

/** What Moby answers for a container that is not running: at once, or on each tick of a stream. */
export function noStats({ id, name }: SimulatedContainer): string {
  return `${JSON.stringify({
    name: `/${name}`,
    id,
    read: NEVER,
    preread: NEVER,
    pids_stats: {},
    blkio_stats: blockIoStats(undefined, 2),
    num_procs: 0,
    storage_stats: {},
    cpu_stats: NO_CPU,
    precpu_stats: NO_CPU,
    memory_stats: {},
  })}\n`;
}

function previousStats(container: SimulatedContainer, host: EngineHost, { previous }: SampleTimes): object {
  const figures = previous === undefined ? undefined : container.figuresAt(previous);
  if (previous === undefined || !figures) return { preread: NEVER, precpu_stats: NO_CPU };
  return { preread: engineTime(previous), precpu_stats: cpuStats(figures.cpu, host, previous) };
}

const NO_CPU = {
  cpu_usage: { total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0 },
  throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
};

function pidsStats({ spec }: SimulatedContainer, host: EngineHost, figures: Figures): object {
  const limit = spec.limits.pids ?? UNLIMITED;
  // Moby leaves an absent limit out on cgroup v1, where the file says "max".
  return host.cgroup === 1 && limit === UNLIMITED
    ? { current: figures.processes }
    : { current: figures.processes, limit };
}

function cpuStats(cpu: CpuFigures, host: EngineHost, at: number): object {
  return {
    cpu_usage: {
      total_usage: cpu.totalNanos,
      ...(host.cgroup === 1 && { percpu_usage: cpu.perCpuNanos }),
      usage_in_kernelmode: cpu.kernelNanos,
      usage_in_usermode: cpu.userNanos,
    },
    system_cpu_usage: systemCpuNanos(host, at),
    online_cpus: host.cpus,
    throttling_data: {
      periods: cpu.periods,
      throttled_periods: cpu.throttledPeriods,
      throttled_time: cpu.throttledNanos,
    },
  };
}

/** CPU time of the whole host, idle time included as in Moby; /proc/stat counts in hundredths of a second. */
function systemCpuNanos({ bootedAt, cpus }: EngineHost, at: number): number {
  return Math.floor(((at - bootedAt) * cpus) / 10) * 10_000_000;
}

function networkStats(owner: SimulatedContainer, figures: Figures | undefined): object | undefined {
  const mode = networkMode(owner);
  if (!figures || mode === 'host' || mode === 'none') return undefined;
  return Object.fromEntries(
    figures.networks.map((network, index) => [`eth${index}`, interfaceStats(network)]),
  );
}

function interfaceStats(figures: NetworkFigures): object {
  return {
    rx_bytes: figures.receivedBytes,
    rx_packets: figures.receivedPackets,
    rx_errors: 0,
    rx_dropped: figures.receivedDropped,
    tx_bytes: figures.sentBytes,
    tx_packets: figures.sentPackets,
    tx_errors: 0,
    tx_dropped: 0,
  };
}
