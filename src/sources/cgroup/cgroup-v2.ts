import type { CpuUsage, MemoryUsage, PidsUsage } from '../../model/sample.ts';
import { present } from '../json.ts';
import { parseIoStat } from './block-io.ts';
import { CgroupFiles } from './cgroup-files.ts';
import type { SharedReading } from './cgroup-files.ts';
import {
  memoryLimit,
  nanosOfMicros,
  PressureReader,
  sameOr,
  slowReadEvery,
  unknownBlockIo,
  unknownMemory,
} from './cgroup-reading.ts';
import type { CgroupReading, CgroupReader } from './cgroup-reading.ts';
import { OptionalReader } from './optional-parts.ts';
import type { HostFacts } from '../kernel/host-files.ts';
import type { DeviceNames } from '../kernel/device-names.ts';
import { FlatKeyed } from '../kernel/flat-keyed.ts';
import { Parsed } from '../kernel/kernel-text.ts';
import type { KernelText } from '../kernel/kernel-text.ts';

const leading = ['cpu.stat', 'memory.current', 'pids.current'] as const;

/** One table for each file: the kernel writes the keys of it in the same order for every cgroup. */
export class V2Tables {
  readonly #cpu = new FlatKeyed();
  readonly #memory = new FlatKeyed();
  readonly #events = new FlatKeyed();

  /** `cpu.stat`. */
  readonly cpu = (text: KernelText): CpuUsage => {
    const stat = this.#cpu.parse(text);
    const periods = stat.get('nr_periods');
    return present<CpuUsage>({
      totalNanos: nanosOfMicros(stat.get('usage_usec')),
      userNanos: nanosOfMicros(stat.get('user_usec')),
      kernelNanos: nanosOfMicros(stat.get('system_usec')),
      throttling:
        periods === undefined
          ? undefined
          : present<NonNullable<CpuUsage['throttling']>>({
              periods,
              throttledPeriods: stat.get('nr_throttled'),
              throttledNanos: nanosOfMicros(stat.get('throttled_usec')),
              burstPeriods: stat.get('nr_bursts'),
              burstNanos: nanosOfMicros(stat.get('burst_usec')),
            }),
    });
  };

  /** `memory.stat`. */
  readonly memory = (text: KernelText): MemoryUsage['stats'] => this.#memory.parse(text).record();

  /** `memory.events`. */
  readonly events = (text: KernelText): NonNullable<MemoryUsage['events']> =>
    this.#events.parse(text).record();
}

const noStats: MemoryUsage['stats'] = {};

/** What each file of one cgroup held last. */
class Known {
  readonly cpu = new Parsed<CpuUsage>();
  readonly stats = new Parsed<MemoryUsage['stats']>();
  readonly events = new Parsed<NonNullable<MemoryUsage['events']>>();
  memory: MemoryUsage | undefined;
  pids: PidsUsage | undefined;
}

/** Reads one cgroup of version 2 (`cgroup-v2.rst` of the kernel). */
export class CgroupV2 implements CgroupReader {
  readonly #files: CgroupFiles;
  readonly #devices: DeviceNames;
  readonly #tables: V2Tables;
  readonly #pressure: PressureReader;
  readonly #known = new Known();
  readonly #optional: OptionalReader;
  #readCount = 0;
  #memoryLimit: MemoryUsage['limit'];
  #pidsLimit: PidsUsage['limit'];

  constructor(directory: string, shared: SharedReading, tables: V2Tables) {
    this.#files = new CgroupFiles(directory, shared);
    this.#devices = shared.devices;
    this.#tables = tables;
    this.#pressure = new PressureReader(this.#files, shared.parts);
    const files = { version: 2, hugetlb: this.#files, memory: this.#files } as const;
    const place = { unified: directory, byController: new Map<string, string>() };
    this.#optional = new OptionalReader({ ...files, limits: () => shared.limits.of(place) }, shared.parts);
  }

  get unreadable(): readonly string[] {
    return this.#files.unreadable;
  }

  refresh(): void {
    this.#readCount = 0;
    this.#optional.refresh();
  }

  read(host: HostFacts): CgroupReading | undefined {
    if (this.#readCount % slowReadEvery === 0) this.#readLimits(host);
    this.#readCount += 1;
    const cpu = this.#cpu();
    const io = this.#files.text('io.stat');
    const reading = present<CgroupReading>({
      // Empty until the first I/O: then it is known that there was none.
      blockIo: io && parseIoStat(io, this.#devices),
      cpu: cpu && { ...cpu, ...host.cpu },
      memory: this.#memory(),
      pids: this.#pids(),
      pressure: this.#pressure.read(),
      ...this.#optional.read(),
      unknown: io ? undefined : unknownBlockIo,
    });
    const hasLeading = reading.cpu ?? reading.memory ?? reading.pids;
    return this.#files.isGone || (!hasLeading && this.#isAbsent) ? undefined : reading;
  }

  readCounters(_host: HostFacts, before: CgroupReading | undefined): CgroupReading | undefined {
    const cpu = this.#cpu();
    if (this.#files.isGone) return undefined;
    // Every cgroup has the file: that it cannot be read now is no end.
    if (!cpu) return this.#files.isAbsent('cpu.stat') ? undefined : {};
    if (cpu.totalNanos === before?.cpu?.totalNanos) return before;
    const events = this.#memoryEvents();
    const io = this.#files.text('io.stat');
    return present<CgroupReading>({
      cpu,
      memory:
        events && present<MemoryUsage>({ maxUsage: this.#files.integer('memory.peak'), events, stats: {} }),
      blockIo: io && parseIoStat(io, this.#devices),
      unknown: io ? undefined : unknownBlockIo,
    });
  }

  /** True where none of these files is there, for no other reason: every cgroup has the first, with or without a controller. */
  get #isAbsent(): boolean {
    return leading.every((name) => this.#files.isAbsent(name));
  }

  close(): void {
    this.#files.close();
  }

  #readLimits({ memoryBytes }: HostFacts): void {
    this.#memoryLimit = memoryLimit(this.#files.text('memory.max'), memoryBytes);
    this.#pidsLimit = this.#files.integer('pids.max');
  }

  #cpu(): CpuUsage | undefined {
    const cpu = this.#files.parsed('cpu.stat', this.#known.cpu, this.#tables.cpu);
    // Without it there would be the host's values alone.
    return cpu?.totalNanos === undefined ? undefined : cpu;
  }

  #memory(): MemoryUsage | undefined {
    const usage = this.#files.integer('memory.current');
    if (usage === undefined) return undefined;
    const stats = this.#files.parsed('memory.stat', this.#known.stats, this.#tables.memory) ?? noStats;
    const events = this.#memoryEvents();
    const fresh = present<MemoryUsage>({
      usage,
      maxUsage: this.#files.integer('memory.peak'),
      limit: this.#memoryLimit,
      swapUsage: this.#files.integer('memory.swap.current'),
      stats,
      unknown: unknownMemory(stats, 'inactive_file', events === undefined),
      events,
    });
    return (this.#known.memory = sameOr(this.#known.memory, fresh));
  }

  #memoryEvents(): MemoryUsage['events'] {
    return this.#files.parsed('memory.events', this.#known.events, this.#tables.events);
  }

  #pids(): PidsUsage | undefined {
    const current = this.#files.integer('pids.current');
    if (current === undefined) return undefined;
    const fresh = present<PidsUsage>({ current, limit: this.#pidsLimit });
    return (this.#known.pids = sameOr(this.#known.pids, fresh));
  }
}
