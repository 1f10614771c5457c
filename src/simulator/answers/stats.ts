// One piece, because the parts of a stats answer come from one reading, and take their shape from one cgroup version.
import { setTimeout as sleep } from 'node:timers/promises';
import type { SimulatedContainer } from '../world/container.ts';
import type { EngineHost } from '../world/host.ts';
import type { MemoryUsage } from '../world/memory-use.ts';
import type { ContainerUsage, CpuUsage, DiskUsage, NetworkUsage } from '../world/workload.ts';
import { engineTime, zeroTime } from './engine-time.ts';
import { networkMode } from './networks.ts';

/** Memory as each cgroup version gives it (shape of Moby's api/types/container MemoryStats). */
function memoryStats(memory: MemoryUsage, cgroup: 1 | 2): object {
  const { usage, maxUsage, limit } = memory;
  return cgroup === 2
    ? { usage, stats: keysOfV2(memory), limit }
    : { usage, max_usage: maxUsage, stats: keysOfV1(memory), limit };
}

/** The lines of memory.stat that Engine 28 passes on. */
function keysOfV2(memory: MemoryUsage): object {
  const reclaimable = Math.floor(memory.slab * 0.4);
  return {
    active_anon: 0,
    active_file: memory.activeFile,
    anon: memory.anonymous,
    anon_thp: 0,
    file: memory.activeFile + memory.inactiveFile,
    file_dirty: 0,
    file_mapped: memory.mappedFile,
    file_writeback: 0,
    inactive_anon: memory.anonymous,
    inactive_file: memory.inactiveFile,
    kernel_stack: memory.kernelStack,
    pgactivate: 0,
    pgdeactivate: 0,
    pgfault: memory.pageFaults,
    pglazyfree: 0,
    pglazyfreed: 0,
    pgmajfault: memory.majorFaults,
    pgrefill: 0,
    pgscan: 0,
    pgsteal: 0,
    shmem: 0,
    slab: memory.slab,
    slab_reclaimable: reclaimable,
    slab_unreclaimable: memory.slab - reclaimable,
    sock: 0,
    thp_collapse_alloc: 0,
    thp_fault_alloc: 0,
    unevictable: 0,
    workingset_activate: 0,
    workingset_nodereclaim: 0,
    workingset_refault: 0,
  };
}

/** The lines of v1's memory.stat, each also as `total_…`, which counts child groups too. */
function keysOfV1(memory: MemoryUsage): object {
  const own = {
    active_anon: 0,
    active_file: memory.activeFile,
    cache: memory.activeFile + memory.inactiveFile,
    dirty: 0,
    inactive_anon: memory.anonymous,
    inactive_file: memory.inactiveFile,
    mapped_file: memory.mappedFile,
    pgfault: memory.pageFaults,
    pgmajfault: memory.majorFaults,
    pgpgin: memory.pageFaults * 2,
    pgpgout: memory.pageFaults,
    rss: memory.anonymous,
    rss_huge: 0,
    unevictable: 0,
    writeback: 0,
  };
  return {
    ...own,
    hierarchical_memory_limit: memory.limit,
    hierarchical_memsw_limit: memory.limit * 2,
    ...Object.fromEntries(Object.entries(own).map(([key, value]) => [`total_${key}`, value])),
  };
}

/** When a sample and the one before it were taken (ms); a first sample has none before it. */
export interface SampleTimes {
  readonly at: number;
  readonly previous?: number | undefined;
}

/** An unsigned 64-bit -1, what Moby sends for "no pids limit"; no JavaScript number, so put in as text. */
const unlimited = '18446744073709551615';

/** The answer to stats (shape of Moby's api/types/container StatsResponse), as one line of JSON. */
export function statsAnswer(
  container: SimulatedContainer,
  host: EngineHost,
  times: SampleTimes,
  networkOwner: SimulatedContainer = container,
): string {
  const usage = container.usageAt(times.at);
  if (!usage) return noStats(container);
  const networks = networkStats(networkOwner, networkOwner.usageAt(times.at));
  const answer = {
    name: `/${container.name}`,
    id: container.id,
    read: engineTime(times.at),
    ...previousStats(container, host, times),
    pids_stats: pidsStats(container, host, usage),
    blkio_stats: blockIoStats(usage.disk, host.cgroup),
    num_procs: 0,
    storage_stats: {},
    cpu_stats: cpuStats(usage.cpu, host, times.at),
    memory_stats: memoryStats(usage.memory, host.cgroup),
    ...(networks && { networks }),
  };
  return `${JSON.stringify(answer).replace(`"${unlimited}"`, unlimited)}\n`;
}

/** Moby's response for a container that is not running: at once, or on each tick of a stream. */
export function noStats({ id, name }: SimulatedContainer): string {
  return `${JSON.stringify({
    name: `/${name}`,
    id,
    read: zeroTime,
    preread: zeroTime,
    pids_stats: {},
    blkio_stats: blockIoStats(undefined, 2),
    num_procs: 0,
    storage_stats: {},
    cpu_stats: noCpu,
    precpu_stats: noCpu,
    memory_stats: {},
  })}\n`;
}

function previousStats(container: SimulatedContainer, host: EngineHost, { previous }: SampleTimes): object {
  const usage = previous === undefined ? undefined : container.usageAt(previous);
  if (previous === undefined || !usage) return { preread: zeroTime, precpu_stats: noCpu };
  return { preread: engineTime(previous), precpu_stats: cpuStats(usage.cpu, host, previous) };
}

const noCpu = {
  cpu_usage: { total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0 },
  throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
};

function pidsStats({ spec }: SimulatedContainer, host: EngineHost, usage: ContainerUsage): object {
  const limit = spec.limits.pids ?? unlimited;
  // Moby leaves an absent limit out on cgroup v1, where the file has "max".
  return host.cgroup === 1 && limit === unlimited
    ? { current: usage.processes }
    : { current: usage.processes, limit };
}

function cpuStats(cpu: CpuUsage, host: EngineHost, at: number): object {
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

function networkStats(owner: SimulatedContainer, usage: ContainerUsage | undefined): object | undefined {
  const mode = networkMode(owner);
  if (!usage || mode === 'host' || mode === 'none') return undefined;
  return Object.fromEntries(usage.networks.map((network, index) => [`eth${index}`, interfaceStats(network)]));
}

function interfaceStats(usage: NetworkUsage): object {
  return {
    rx_bytes: usage.receivedBytes,
    rx_packets: usage.receivedPackets,
    rx_errors: 0,
    rx_dropped: usage.receivedDropped,
    tx_bytes: usage.sentBytes,
    tx_packets: usage.sentPackets,
    tx_errors: 0,
    tx_dropped: 0,
  };
}

interface BlockIoEntry {
  readonly major: number;
  readonly minor: number;
  readonly op: string;
  readonly value: number;
}

/** Shape of Moby's api/types/container BlkioStats. */
interface BlockIoStats {
  readonly io_service_bytes_recursive: readonly BlockIoEntry[] | null;
  readonly io_serviced_recursive: readonly BlockIoEntry[] | null;
  readonly io_queue_recursive: readonly BlockIoEntry[] | null;
  readonly io_service_time_recursive: readonly BlockIoEntry[] | null;
  readonly io_wait_time_recursive: readonly BlockIoEntry[] | null;
  readonly io_merged_recursive: readonly BlockIoEntry[] | null;
  readonly io_time_recursive: readonly BlockIoEntry[] | null;
  readonly sectors_recursive: readonly BlockIoEntry[] | null;
}

const device = { major: 254, minor: 0 } as const;

/** Block I/O as each cgroup version gives it: v2 only bytes, in small letters; v1 operations too, by six names. */
function blockIoStats(disk: DiskUsage | undefined, cgroup: 1 | 2): BlockIoStats {
  const bytes = disk && entries(disk.readBytes, disk.writtenBytes, cgroup);
  const operations = disk && cgroup === 1 ? entries(disk.reads, disk.writes, cgroup) : null;
  const never = disk && cgroup === 1 ? [] : null;
  return {
    io_service_bytes_recursive: bytes ?? null,
    io_serviced_recursive: operations,
    io_queue_recursive: never,
    io_service_time_recursive: never,
    io_wait_time_recursive: never,
    io_merged_recursive: never,
    io_time_recursive: never,
    sectors_recursive: never,
  };
}

function entries(read: number, written: number, cgroup: 1 | 2): BlockIoEntry[] | null {
  // Without any I/O the v2 file has no line for the device.
  if (cgroup === 2 && read + written === 0) return null;
  const sync = Math.floor(written / 4);
  const values =
    cgroup === 2
      ? { read, write: written }
      : {
          Read: read,
          Write: written,
          Sync: sync,
          Async: read + written - sync,
          Discard: 0,
          Total: read + written,
        };
  return Object.entries(values).map(([op, value]) => ({ ...device, op, value }));
}

/**
 * The engine's sampling ticks: one every `tickMillis` of real time, shared by all waiting requests, as in Moby.
 */
export class SampleTicks {
  readonly tickMillis: number;

  constructor(tickMillis: number) {
    this.tickMillis = tickMillis;
  }

  /** Resolves at the next tick; rejects when the signal is aborted. */
  async next(signal: AbortSignal): Promise<void> {
    await sleep(this.tickMillis - (performance.now() % this.tickMillis), undefined, { signal });
  }

  /** Resolves one whole tick after the next one: as long as a sample with a previous one takes. */
  async second(signal: AbortSignal): Promise<void> {
    await this.next(signal);
    await sleep(this.tickMillis, undefined, { signal });
  }
}
