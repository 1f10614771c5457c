// One piece, because it follows one document of the engine part by part; platforms differ within the parts.
import { hasUsage } from '../../model/sample.ts';
import type {
  BlockIoEntry,
  BlockIoUsage,
  CpuThrottling,
  CpuUsage,
  Integer,
  InterfaceUsage,
  MemoryPart,
  MemoryUsage,
  PidsUsage,
  PreviousCpuUsage,
  Sample,
  SamplePart,
  StorageUsage,
} from '../../model/sample.ts';
import { countOf, integerOf, isMalformed, listOf, objectOf, present, textOf, timeOf } from '../json.ts';
import type { Fields } from '../json.ts';
import { SourceError } from '../source-error.ts';

/** A time further off than this, by the engine's own clock, is not believed: the response may be a recording. */
const maxSkewMillis = 10 * 60_000;

/**
 * `GET /containers/{id}/stats` as Moby's `container.StatsResponse` gives it.
 * `undefined` when the container does not run: engines then answer 200 with zeros or with nothing. A sample of
 * nothing but networks may be a dead container's too.
 * @param receivedAt milliseconds since the epoch, used when the response's own time is unset.
 * @param clockOffsetMillis the engine's clock minus the agent's.
 * Throws {@link SourceError} `bad-response` when the response is no object.
 */
export function parseStats(response: unknown, receivedAt: number, clockOffsetMillis = 0): Sample | undefined {
  const given = objectOf(response);
  if (!given) throw new SourceError('bad-response', 'stats: expected a JSON object');
  const fields = dropPlaceholders(given);
  const read = timeOf(fields['read']);
  const readHere = read === undefined ? receivedAt : read - clockOffsetMillis;
  const usage = {
    cpu: cpuOf(objectOf(fields['cpu_stats'])),
    memory: memoryOf(objectOf(fields['memory_stats'])),
    blockIo: blockIoOf(objectOf(fields['blkio_stats'])),
    networks: networksOf(objectOf(fields['networks'])),
    pids: pidsOf(objectOf(fields['pids_stats'])),
    storage: storageOf(objectOf(fields['storage_stats'])),
  };
  const processors = isLinux(usage) ? undefined : nonZeroNumber(fields['num_procs']);
  const sample = present<Sample>({
    takenAt: Math.abs(readHere - receivedAt) < maxSkewMillis ? readHere : receivedAt,
    readAt: read,
    windows: processors !== undefined,
    ...usage,
    previousCpu: previousCpuOf(fields),
    processors,
    unknown: unknownParts(fields),
  });
  return hasUsage(sample) || sample.networks ? sample : undefined;
}

interface Usage {
  readonly cpu: CpuUsage | undefined;
  readonly memory: MemoryUsage | undefined;
}

/** Windows engines count processors (Linux ones answer 0), and give neither the host's CPU time nor this usage. */
function isLinux({ cpu, memory }: Usage): boolean {
  return cpu?.systemNanos !== undefined || memory?.usage !== undefined;
}

function cpuOf(stats: Fields | undefined): CpuUsage | undefined {
  const usage = objectOf(stats?.['cpu_usage']);
  const totalNanos = countOf(usage?.['total_usage']);
  // Zero is what the engine gives of a container that just died: absence.
  if (!stats || totalNanos === 0) return undefined;
  return present<CpuUsage>({
    totalNanos,
    userNanos: countOf(usage?.['usage_in_usermode']),
    kernelNanos: countOf(usage?.['usage_in_kernelmode']),
    perCpuNanos: perCpuOf(usage?.['percpu_usage']),
    systemNanos: countOf(stats['system_cpu_usage']) || undefined,
    onlineCpus: nonZeroNumber(stats['online_cpus']),
    throttling: throttlingOf(objectOf(stats['throttling_data'])),
  });
}

/** Whole or not at all: the index is the CPU. */
function perCpuOf(value: unknown): readonly Integer[] | undefined {
  const perCpu = listOf(value).map(countOf);
  return perCpu.length > 0 && perCpu.every((count) => count !== undefined) ? perCpu : undefined;
}

function nonZeroNumber(value: unknown): number | undefined {
  return Number(countOf(value) ?? 0) || undefined;
}

function throttlingOf(data: Fields | undefined): CpuThrottling | undefined {
  if (!data) return undefined;
  return present<CpuThrottling>({
    periods: countOf(data['periods']),
    throttledPeriods: countOf(data['throttled_periods']),
    throttledNanos: countOf(data['throttled_time']),
  });
}

function previousCpuOf(fields: Fields): PreviousCpuUsage | undefined {
  const stats = objectOf(fields['precpu_stats']);
  const totalNanos = countOf(objectOf(stats?.['cpu_usage'])?.['total_usage']);
  const systemNanos = countOf(stats?.['system_cpu_usage']) || undefined;
  // Engines fill in zeros where they took no reading before.
  if (totalNanos === undefined || (totalNanos === 0 && systemNanos === undefined)) return undefined;
  return present<PreviousCpuUsage>({ takenAt: timeOf(fields['preread']), totalNanos, systemNanos });
}

/** Absent when the memory cgroup is off: the engine then answers `{}`. */
function memoryOf(stats: Fields | undefined): MemoryUsage | undefined {
  if (!stats) return undefined;
  const memory = present<MemoryUsage>({
    usage: countOf(stats['usage']) || undefined,
    maxUsage: countOf(stats['max_usage']),
    failures: countOf(stats['failcnt']),
    limit: countOf(stats['limit']) || undefined,
    stats: integersOf(objectOf(stats['stats'])),
    commitBytes: countOf(stats['commitbytes']),
    commitPeakBytes: countOf(stats['commitpeakbytes']),
    privateWorkingSet: countOf(stats['privateworkingset']),
    unknown: unknownMemory(stats),
  });
  return hasValues(memory) ? memory : undefined;
}

function hasValues(memory: MemoryUsage): boolean {
  const { usage, maxUsage, failures, commitBytes, privateWorkingSet, stats } = memory;
  return (
    [usage, maxUsage, failures, commitBytes, privateWorkingSet].some(Boolean) ||
    Object.values(stats).some(Boolean)
  );
}

/** Mostly the engine's own object: a copy of forty keys for every sample would be most of what is held. */
function integersOf(stats: Fields | undefined): Readonly<Record<string, Integer>> {
  if (stats && areIntegers(stats)) return stats;
  const integers: Record<string, Integer> = {};
  for (const key in stats) {
    const count = countOf(stats[key]);
    if (count !== undefined) integers[key] = count;
  }
  return integers;
}

function areIntegers(stats: Fields): stats is Readonly<Record<string, Integer>> {
  for (const key in stats) if (countOf(stats[key]) === undefined) return false;
  return true;
}

function blockIoOf(stats: Fields | undefined): BlockIoUsage | undefined {
  if (!stats) return undefined;
  return present<BlockIoUsage>({
    serviceBytes: entriesOf(stats['io_service_bytes_recursive']),
    serviced: entriesOf(stats['io_serviced_recursive']),
    queued: entriesOf(stats['io_queue_recursive']),
    serviceTime: entriesOf(stats['io_service_time_recursive']),
    waitTime: entriesOf(stats['io_wait_time_recursive']),
    merged: entriesOf(stats['io_merged_recursive']),
    time: entriesOf(stats['io_time_recursive']),
    sectors: entriesOf(stats['sectors_recursive']),
  });
}

/** `null` (cgroup v2 lacks the list) and an empty list (nothing counted) are both absence. */
function entriesOf(value: unknown): readonly BlockIoEntry[] | undefined {
  const entries = listOf(value).flatMap((item) => {
    const fields = objectOf(item);
    const count = countOf(fields?.['value']);
    const major = countOf(fields?.['major']);
    const minor = countOf(fields?.['minor']);
    if (typeof major !== 'number' || typeof minor !== 'number') return [];
    const operation = (textOf(fields?.['op']) ?? '').toLowerCase();
    return [{ major, minor, operation, ...(count !== undefined && { value: count }) }];
  });
  return entries.length > 0 ? onceEach(entries) : undefined;
}

/** Makes the value of duplicate entries unknown: duplicate series would cost a scraper the whole exposition. */
function onceEach(entries: readonly BlockIoEntry[]): readonly BlockIoEntry[] {
  const each = new Map<string, BlockIoEntry>();
  for (const { value, ...entry } of entries) {
    const key = `${entry.major}:${entry.minor} ${entry.operation}`;
    each.set(key, each.has(key) || value === undefined ? entry : { ...entry, value });
  }
  return each.size < entries.length ? [...each.values()] : entries;
}

/** Absent for `none` and `host`, where the engine leaves the key out; for `container:ID` they are that container's. */
function networksOf(networks: Fields | undefined): readonly InterfaceUsage[] | undefined {
  if (!networks) return undefined;
  const usages = Object.entries(networks).flatMap(([name, value]) => {
    const fields = objectOf(value);
    return fields ? [interfaceOf(name, fields)] : [];
  });
  return usages.length > 0 ? usages : undefined;
}

function interfaceOf(name: string, fields: Fields): InterfaceUsage {
  return present<InterfaceUsage>({
    name,
    receivedBytes: countOf(fields['rx_bytes']),
    receivedPackets: countOf(fields['rx_packets']),
    receivedErrors: countOf(fields['rx_errors']),
    receivedDropped: countOf(fields['rx_dropped']),
    transmittedBytes: countOf(fields['tx_bytes']),
    transmittedPackets: countOf(fields['tx_packets']),
    transmittedErrors: countOf(fields['tx_errors']),
    transmittedDropped: countOf(fields['tx_dropped']),
  });
}

function pidsOf(stats: Fields | undefined): PidsUsage | undefined {
  const pids = present<PidsUsage>({
    current: countOf(stats?.['current']) || undefined,
    // 2^64−1, the kernel's `max`, is no count: there is no limit then.
    limit: countOf(stats?.['limit']) || undefined,
  });
  return pids.current === undefined && pids.limit === undefined ? undefined : pids;
}

function storageOf(stats: Fields | undefined): StorageUsage | undefined {
  if (stats?.['read_size_bytes'] === undefined && stats?.['write_size_bytes'] === undefined) return undefined;
  return present<StorageUsage>({
    readBytes: countOf(stats['read_size_bytes']),
    readCount: countOf(stats['read_count_normalized']),
    writeBytes: countOf(stats['write_size_bytes']),
    writeCount: countOf(stats['write_count_normalized']),
  });
}

/** Malformed parts of a stats response: unlike absent ones, they do not mean that nothing was counted. */
function unknownParts({ networks, blkio_stats: blockIo }: Fields): readonly SamplePart[] | undefined {
  const parts = [
    ...(hasNonsense(networks) ? ['networks' as const] : []),
    ...(isBlockIoUnknown(objectOf(blockIo)) ? ['blockIo' as const] : []),
  ];
  return parts.length > 0 ? parts : undefined;
}

/** The same of its memory. */
function unknownMemory(stats: Fields): readonly MemoryPart[] | undefined {
  const keys = objectOf(stats['stats']) ?? {};
  const parts = [
    ...(isMalformed(stats['failcnt'], countOf) ? ['failcnt' as const] : []),
    ...(isMalformed(stats['stats'], objectOf) ? ['stats' as const] : []),
    ...(['inactive_file', 'total_inactive_file'] as const).filter((key) => isMalformed(keys[key], countOf)),
  ];
  return parts.length > 0 ? parts : undefined;
}

function hasNonsense(networks: unknown): boolean {
  if (isMalformed(networks, objectOf)) return true;
  return Object.values(objectOf(networks) ?? {}).some((network) => !objectOf(network));
}

/** Every engine has the object, and `null` for a list of which nothing was counted. */
function isBlockIoUnknown(blockIo: Fields | undefined): boolean {
  const list = blockIo?.['io_service_bytes_recursive'];
  if (list === null) return false;
  return !Array.isArray(list) || list.some((entry) => !isEntry(objectOf(entry)));
}

function isEntry(entry: Fields | undefined): boolean {
  const numbers = [entry?.['major'], entry?.['minor']].map(integerOf);
  return typeof entry?.['op'] === 'string' && numbers.every((number) => number !== undefined && number >= 0);
}

/**
 * A stats response without the placeholders that Podman fills in for unknown values, its block I/O in Docker's lists;
 * another engine's as it is. Its `system_cpu_usage` is not the host's, its throttling is never counted, and a container
 * without a network of its own has one of which nothing was ever counted.
 */
function dropPlaceholders(response: Fields): Fields {
  const cpu = objectOf(response['cpu_stats']);
  // A percentage of its own making that no other engine gives.
  if (cpu?.['cpu'] === undefined) return response;
  return {
    ...response,
    cpu_stats: ownCpu(cpu),
    precpu_stats: ownCpu(objectOf(response['precpu_stats']) ?? {}),
    blkio_stats: dockersBlockIo(response['blkio_stats']),
    networks: wasUsed(objectOf(response['networks'])) ? response['networks'] : undefined,
  };
}

function ownCpu({ system_cpu_usage: _notTheHosts, throttling_data: throttling, ...own }: Fields): Fields {
  return hasCounted(objectOf(throttling)) ? { ...own, throttling_data: throttling } : own;
}

function wasUsed(networks: Fields = {}): boolean {
  return Object.values(networks).some((network) => hasCounted(objectOf(network)));
}

function hasCounted(counters: Fields = {}): boolean {
  return Object.values(counters).some((count) => Boolean(countOf(count)));
}

/** Docker's names for what counts bytes in Podman's list: the keys of `io.stat`, and on cgroup v1 Docker's own. */
const byteNames: ReadonlyMap<string, string> = new Map([
  ['rbytes', 'read'],
  ['wbytes', 'write'],
  ['dbytes', 'discard'],
  ...['read', 'write', 'sync', 'async', 'discard', 'total'].map((name) => [name, name] as const),
]);

/** Docker's names for what counts operations there. */
const operationNames: ReadonlyMap<string, string> = new Map([
  ['rios', 'read'],
  ['wios', 'write'],
  ['dios', 'discard'],
]);

/**
 * Podman gives all of `io.stat` as bytes: operations, and on some hosts costs and latencies, are among them. Its
 * numbers of a device are the wrong way round (`cgroups.blkioStat` in containers/common).
 */
function dockersBlockIo(stats: unknown): unknown {
  const given = objectOf(stats);
  if (!Array.isArray(given?.['io_service_bytes_recursive'])) return stats;
  const all = inKernelsOrder(listOf(given['io_service_bytes_recursive']));
  const operations = all.flatMap((entry) => renamed(entry, operationNames));
  return {
    ...given,
    io_service_bytes_recursive: all.flatMap((entry) =>
      typeof objectOf(entry)?.['op'] === 'string' ? renamed(entry, byteNames) : [entry],
    ),
    ...(operations.length > 0 && { io_serviced_recursive: operations }),
  };
}

function renamed(entry: unknown, names: ReadonlyMap<string, string>): readonly unknown[] {
  const fields = objectOf(entry);
  const op = names.get((textOf(fields?.['op']) ?? '').toLowerCase());
  return op === undefined ? [] : [{ ...fields, op }];
}

/** No block device has the major number 0: where a minor one is 0, the numbers are in the kernel's order already. */
function inKernelsOrder(entries: readonly unknown[]): readonly unknown[] {
  if (entries.some((entry) => objectOf(entry)?.['minor'] === 0)) return entries;
  return entries.map((entry) => {
    const fields = objectOf(entry);
    return fields ? { ...fields, major: fields['minor'], minor: fields['major'] } : entry;
  });
}
