import type { CpuUsage, MemoryUsage, PidsUsage } from '../../model/sample.ts';
import { present } from '../json.ts';
import { parseIoStat } from './block-io.ts';
import { CgroupFiles } from './cgroup-files.ts';
import type { SharedReading } from './cgroup-files.ts';
import {
  keyedCounts,
  memoryLimit,
  nanosOfMicros,
  readPressure,
  slowReadEvery,
  unknownBlockIo,
  unknownMemory,
} from './cgroup-reading.ts';
import type { CgroupReading, CgroupReader } from './cgroup-reading.ts';
import type { DeviceNames, HostFacts } from './host-files.ts';
import { FlatKeyed } from './kernel-text.ts';

/** Tables for the files of one kind: the layout of the first cgroup's is that of the others'. */
export class V2Tables {
  readonly cpu = new FlatKeyed();
  readonly memory = new FlatKeyed();
  readonly events = new FlatKeyed();
}

/** Reads one cgroup of version 2 (`cgroup-v2.rst` of the kernel). */
export class CgroupV2 implements CgroupReader {
  readonly #files: CgroupFiles;
  readonly #devices: DeviceNames;
  readonly #tables: V2Tables;
  #readCount = 0;
  #memoryLimit: MemoryUsage['limit'];
  #pidsLimit: PidsUsage['limit'];

  constructor(directory: string, shared: SharedReading, tables: V2Tables) {
    this.#files = new CgroupFiles(directory, shared);
    this.#devices = shared.devices;
    this.#tables = tables;
  }

  get unreadable(): readonly string[] {
    return this.#files.unreadable;
  }

  read(host: HostFacts): CgroupReading | undefined {
    if (this.#readCount % slowReadEvery === 0) this.#readLimits(host);
    this.#readCount += 1;
    const cpu = this.#cpu();
    // Every cgroup has this file, with or without the controller.
    if (!cpu && this.#files.unreadable.length === 0) return undefined;
    const io = this.#files.text('io.stat');
    const reading = present<CgroupReading>({
      // Empty until the first I/O: then it is known that there was none.
      blockIo: io && parseIoStat(io, this.#devices),
      cpu: cpu && { ...cpu, ...host.cpu },
      memory: this.#memory(),
      pids: this.#pids(),
      pressure: readPressure(this.#files),
      unknown: io ? undefined : unknownBlockIo,
    });
    return this.#files.isGone ? undefined : reading;
  }

  close(): void {
    this.#files.close();
  }

  #readLimits({ memoryBytes }: HostFacts): void {
    this.#memoryLimit = memoryLimit(this.#files.text('memory.max'), memoryBytes);
    this.#pidsLimit = this.#files.integer('pids.max');
  }

  #cpu(): CpuUsage | undefined {
    const stat = this.#files.keyed('cpu.stat', this.#tables.cpu);
    if (!stat) return undefined;
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
  }

  #memory(): MemoryUsage | undefined {
    const usage = this.#files.integer('memory.current');
    if (usage === undefined) return undefined;
    const stats = this.#files.keyed('memory.stat', this.#tables.memory)?.record() ?? {};
    return present<MemoryUsage>({
      usage,
      maxUsage: this.#files.integer('memory.peak'),
      limit: this.#memoryLimit,
      swapUsage: this.#files.integer('memory.swap.current'),
      stats,
      unknown: unknownMemory(stats, 'inactive_file'),
      events: keyedCounts(this.#files, 'memory.events', this.#tables.events),
    });
  }

  #pids(): PidsUsage | undefined {
    const current = this.#files.integer('pids.current');
    return current === undefined ? undefined : present<PidsUsage>({ current, limit: this.#pidsLimit });
  }
}
