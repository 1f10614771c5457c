// One piece, because every file of a container, and what absence of each means, is read in one order.
import type {
  BlockIoUsage,
  CpuThrottling,
  CpuUsage,
  EffectiveLimits,
  Integer,
  MemoryUsage,
  PidsUsage,
} from '../../model/sample.ts';
import { present } from '../json.ts';
import { blockIoOf } from './block-io.ts';
import { CgroupFiles } from './cgroup-files.ts';
import type { SharedReading } from './cgroup-files.ts';
import type { CgroupPlace } from './cgroup-place.ts';
import {
  memoryLimit,
  PressureReader,
  sameOr,
  slowReadEvery,
  unknownBlockIo,
  unknownMemory,
} from './cgroup-reading.ts';
import type { CgroupReader, CgroupReading } from './cgroup-reading.ts';
import { OptionalReader } from './optional-parts.ts';
import type { HostFacts } from '../kernel/host-files.ts';
import type { DeviceNames } from '../kernel/device-names.ts';
import { Parsed, times } from '../kernel/kernel-text.ts';
import { FlatKeyed } from '../kernel/flat-keyed.ts';
import type { KernelText } from '../kernel/kernel-text.ts';

/** One table for each file: the kernel writes the keys of it in the same order for every cgroup. */
export class V1Tables {
  readonly #modes = new FlatKeyed();
  readonly #throttling = new FlatKeyed();
  readonly #memory = new FlatKeyed();
  readonly #events = new FlatKeyed();

  /** `cpuacct.stat`, in ticks. */
  readonly modes = (text: KernelText): { user: Integer | undefined; system: Integer | undefined } => {
    const stat = this.#modes.parse(text);
    return { user: stat.get('user'), system: stat.get('system') };
  };

  /** `cpu.stat`. */
  readonly throttling = (text: KernelText): CpuThrottling => {
    const stat = this.#throttling.parse(text);
    return present<CpuThrottling>({
      periods: stat.get('nr_periods'),
      throttledPeriods: stat.get('nr_throttled'),
      throttledNanos: stat.get('throttled_time'),
      burstPeriods: stat.get('nr_bursts'),
      burstNanos: stat.get('burst_time'),
    });
  };

  /** `memory.stat`. */
  readonly memory = (text: KernelText): MemoryUsage['stats'] => this.#memory.parse(text).record();

  /** `memory.oom_control`. */
  readonly events = (text: KernelText): Readonly<Record<string, Integer>> => {
    const killed = this.#events.parse(text).get('oom_kill');
    return killed === undefined ? noEvents : { oom_kill: killed };
  };
}

const noEvents: Readonly<Record<string, Integer>> = {};
const noStats: MemoryUsage['stats'] = {};

/** What each file of one cgroup held last. */
class Known {
  readonly modes = new Parsed<ReturnType<V1Tables['modes']>>();
  readonly perCpu = new Parsed<readonly Integer[] | undefined>();
  readonly throttling = new Parsed<CpuThrottling>();
  readonly stats = new Parsed<MemoryUsage['stats']>();
  readonly events = new Parsed<Readonly<Record<string, Integer>>>();
  memory: MemoryUsage | undefined;
  pids: PidsUsage | undefined;
}

/** Reads the cgroups of one container in the trees of version 1 (`cgroup-v1/` of the kernel's documents). */
export class CgroupV1 implements CgroupReader {
  readonly #cpuacct: CgroupFiles | undefined;
  readonly #cpu: CgroupFiles | undefined;
  readonly #memory: CgroupFiles | undefined;
  readonly #blkio: CgroupFiles | undefined;
  readonly #pids: CgroupFiles | undefined;
  readonly #all: readonly CgroupFiles[];
  /** A file of each tree that every cgroup in it has. */
  readonly #leading: readonly (readonly [files: CgroupFiles, name: string])[];
  readonly #devices: DeviceNames;
  readonly #tables: V1Tables;
  readonly #pressure: PressureReader;
  readonly #known = new Known();
  readonly #optional: OptionalReader;
  #readCount = 0;
  #memoryLimit: Integer | undefined;
  #pidsLimit: Integer | undefined;

  constructor(place: CgroupPlace, shared: SharedReading, tables: V1Tables) {
    const { byController, unified } = place;
    const filesOf = (directory: string | undefined): CgroupFiles | undefined =>
      directory === undefined ? undefined : new CgroupFiles(directory, shared);
    this.#cpuacct = filesOf(byController.get('cpuacct'));
    this.#cpu = filesOf(byController.get('cpu'));
    this.#memory = filesOf(byController.get('memory'));
    this.#blkio = filesOf(byController.get('blkio'));
    this.#pids = filesOf(byController.get('pids'));
    const unifiedFiles = filesOf(unified);
    const [hugetlb, cpuset] = [filesOf(byController.get('hugetlb')), filesOf(byController.get('cpuset'))];
    const optional = { version: 1, memory: this.#memory, hugetlb, cpuset } as const;
    const limits = (): EffectiveLimits | undefined => shared.limits.of(place);
    this.#optional = new OptionalReader({ ...optional, limits }, shared.parts);
    // The tree of version 2 of a hybrid host: without controllers, and with pressure.
    this.#pressure = new PressureReader(unifiedFiles, shared.parts);
    const usual = [this.#cpuacct, this.#cpu, this.#memory, this.#blkio, this.#pids, unifiedFiles];
    const all = [...usual, hugetlb, cpuset];
    this.#all = all.filter((files) => files !== undefined);
    const leading = [
      [this.#cpuacct, 'cpuacct.usage'],
      [this.#memory, 'memory.usage_in_bytes'],
      [this.#pids, 'pids.current'],
    ] as const;
    this.#leading = leading.flatMap(([files, name]) => (files ? [[files, name] as const] : []));
    this.#devices = shared.devices;
    this.#tables = tables;
  }

  get unreadable(): readonly string[] {
    const isWhole = this.#all.every((files) => files.unreadable.length === 0);
    return isWhole ? none : this.#all.flatMap((files) => files.unreadable);
  }

  refresh(): void {
    this.#readCount = 0;
    this.#optional.refresh();
  }

  read(host: HostFacts): CgroupReading | undefined {
    if (this.#readCount % slowReadEvery === 0) this.#readLimits(host);
    this.#readCount += 1;
    const { blockIo, unknown } = this.#blockIo();
    const reading = present<CgroupReading>({
      cpu: this.#cpuUsage(host),
      memory: this.#memoryUsage(),
      blockIo,
      pids: this.#pidsUsage(),
      pressure: this.#pressure.read(),
      ...this.#optional.read(),
      unknown,
    });
    return this.#isRemoved(reading) ? undefined : reading;
  }

  readCounters(host: HostFacts, before: CgroupReading | undefined): CgroupReading | undefined {
    const totalNanos = this.#cpuacct?.integer('cpuacct.usage');
    if (totalNanos !== undefined && totalNanos === before?.cpu?.totalNanos) return before;
    const reading = present<CgroupReading>({
      cpu: this.#cpuUsage(host),
      memory: this.#memoryCounters(),
      ...this.#blockIo(),
    });
    return this.#isRemoved(reading) ? undefined : reading;
  }

  close(): void {
    for (const files of this.#all) files.close();
  }

  /** Files that are not there are no sign of it where others are closed to us, or could not be opened. */
  #isRemoved({ cpu, memory, pids, unknown }: CgroupReading): boolean {
    if (this.#all.some((files) => files.isGone)) return true;
    if (cpu ?? memory ?? pids) return false;
    if (this.#leading.length > 0) return this.#leading.every(([files, name]) => files.isAbsent(name));
    // The tree of block I/O has no file that every kernel writes.
    return unknown !== undefined && this.unreadable.length === 0;
  }

  #readLimits({ memoryBytes }: HostFacts): void {
    this.#memoryLimit = memoryLimit(this.#memory?.text('memory.limit_in_bytes'), memoryBytes);
    this.#pidsLimit = this.#pids?.integer('pids.max');
  }

  #cpuUsage({ cpu, ticksPerSecond }: HostFacts): CpuUsage | undefined {
    const files = this.#cpuacct;
    const totalNanos = files?.integer('cpuacct.usage');
    if (!files || totalNanos === undefined) return undefined;
    // The kernel counts user and system in ticks here, as runtimes give them.
    const modes = files.parsed('cpuacct.stat', this.#known.modes, this.#tables.modes);
    const nanosPerTick = 1e9 / ticksPerSecond;
    return present<CpuUsage>({
      totalNanos,
      userNanos: modes?.user === undefined ? undefined : times(modes.user, nanosPerTick),
      kernelNanos: modes?.system === undefined ? undefined : times(modes.system, nanosPerTick),
      perCpuNanos: files.parsed('cpuacct.usage_percpu', this.#known.perCpu, integersOf),
      ...cpu,
      throttling: this.#cpu?.parsed('cpu.stat', this.#known.throttling, this.#tables.throttling),
    });
  }

  #memoryUsage(): MemoryUsage | undefined {
    const files = this.#memory;
    const usage = files?.integer('memory.usage_in_bytes');
    if (!files || usage === undefined) return undefined;
    const stats = files.parsed('memory.stat', this.#known.stats, this.#tables.memory) ?? noStats;
    const failures = files.integer('memory.failcnt');
    const fresh = present<MemoryUsage>({
      usage,
      maxUsage: files.integer('memory.max_usage_in_bytes'),
      kernelUsage: files.integer('memory.kmem.usage_in_bytes'),
      failures,
      limit: this.#memoryLimit,
      swapUsage: stats['total_swap'] ?? stats['swap'],
      stats,
      unknown: unknownMemory(stats, 'total_inactive_file', failures === undefined),
      events: this.#memoryEvents(),
    });
    return (this.#known.memory = sameOr(this.#known.memory, fresh));
  }

  #memoryCounters(): MemoryUsage | undefined {
    const maxUsage = this.#memory?.integer('memory.max_usage_in_bytes');
    if (maxUsage === undefined) return undefined;
    return present<MemoryUsage>({ maxUsage, stats: {}, events: this.#memoryEvents() });
  }

  #blockIo(): { blockIo: BlockIoUsage | undefined; unknown: CgroupReading['unknown'] } {
    const blockIo = this.#blkio ? blockIoOf(this.#blkio, this.#devices) : 'unknown';
    if (blockIo === 'unknown') return { blockIo: undefined, unknown: unknownBlockIo };
    return { blockIo, unknown: undefined };
  }

  #memoryEvents(): MemoryUsage['events'] {
    const events = this.#memory?.parsed('memory.oom_control', this.#known.events, this.#tables.events);
    return events === noEvents ? undefined : events;
  }

  #pidsUsage(): PidsUsage | undefined {
    const current = this.#pids?.integer('pids.current');
    if (current === undefined) return undefined;
    const fresh = present<PidsUsage>({ current, limit: this.#pidsLimit });
    return (this.#known.pids = sameOr(this.#known.pids, fresh));
  }
}

const none: readonly string[] = [];

function integersOf(text: KernelText): readonly Integer[] | undefined {
  const integers: Integer[] = [];
  for (text.skipSpaces(); !text.isAtLineEnd; text.skipSpaces()) {
    const value = text.integer();
    // Whole or not at all: the index is the CPU.
    if (value === undefined) return undefined;
    integers.push(value);
  }
  return integers.length > 0 ? integers : undefined;
}
