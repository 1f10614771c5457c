import type {
  BlockIoEntry,
  BlockIoUsage,
  CpuUsage,
  Integer,
  MemoryUsage,
  PidsUsage,
} from '../../model/sample.ts';
import { present } from '../json.ts';
import { CgroupFiles } from './cgroup-files.ts';
import type { SharedReading } from './cgroup-files.ts';
import { keyedCounts, lowerLimit, nanosOfMicros, readPressure, slowReadEvery } from './cgroup-reading.ts';
import type { CgroupReading, CgroupReader, HostFacts } from './cgroup-reading.ts';
import { FlatKeyed } from './kernel-text.ts';
import type { KernelText } from './kernel-text.ts';

/** Tables for the files of one kind: the layout of the first cgroup's is that of the others'. */
export class V2Tables {
  readonly cpu = new FlatKeyed();
  readonly memory = new FlatKeyed();
  readonly events = new FlatKeyed();
}

/** Reads one cgroup of version 2 (`cgroup-v2.rst` of the kernel). */
export class CgroupV2 implements CgroupReader {
  readonly #files: CgroupFiles;
  readonly #tables: V2Tables;
  #readCount = 0;
  #memoryLimit: MemoryUsage['limit'];
  #pidsLimit: PidsUsage['limit'];

  constructor(directory: string, shared: SharedReading, tables: V2Tables) {
    this.#files = new CgroupFiles(directory, shared);
    this.#tables = tables;
  }

  get unreadable(): readonly string[] {
    return this.#files.unreadable;
  }

  read(host: HostFacts): CgroupReading | undefined {
    if (this.#readCount % slowReadEvery === 0) this.#readLimits();
    this.#readCount += 1;
    const cpu = this.#cpu();
    // Every cgroup has this file, with or without the controller.
    if (!cpu && this.#files.unreadable.length === 0) return undefined;
    const reading = present<CgroupReading>({
      cpu: cpu && { ...cpu, ...host.cpu },
      memory: this.#memory(host),
      blockIo: this.#blockIo(),
      pids: this.#pids(),
      pressure: readPressure(this.#files),
    });
    return this.#files.isGone ? undefined : reading;
  }

  close(): void {
    this.#files.close();
  }

  #readLimits(): void {
    this.#memoryLimit = this.#files.integer('memory.max');
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

  #memory({ memoryBytes }: HostFacts): MemoryUsage | undefined {
    const usage = this.#files.integer('memory.current');
    if (usage === undefined) return undefined;
    const stats = this.#files.keyed('memory.stat', this.#tables.memory)?.record() ?? {};
    return present<MemoryUsage>({
      usage,
      maxUsage: this.#files.integer('memory.peak'),
      limit: lowerLimit(this.#memoryLimit, memoryBytes),
      swapUsage: this.#files.integer('memory.swap.current'),
      stats,
      events: keyedCounts(this.#files, 'memory.events', this.#tables.events),
    });
  }

  #pids(): PidsUsage | undefined {
    const current = this.#files.integer('pids.current');
    return current === undefined ? undefined : present<PidsUsage>({ current, limit: this.#pidsLimit });
  }

  /** Empty until the first I/O: then it is known that there was none. */
  #blockIo(): BlockIoUsage | undefined {
    const text = this.#files.text('io.stat');
    return text && parseIoStat(text);
  }
}

const keys = (
  [
    ['rbytes', 'serviceBytes', 'read'],
    ['wbytes', 'serviceBytes', 'write'],
    ['rios', 'serviced', 'read'],
    ['wios', 'serviced', 'write'],
    ['dbytes', 'serviceBytes', 'discard'],
    ['dios', 'serviced', 'discard'],
  ] as const
).map(([key, list, operation]) => ({ bytes: Buffer.from(`${key}=`), list, operation }));

const colon = 0x3a;

/** Lines such as `254:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0`; some kernels write bare devices before others. */
function parseIoStat(text: KernelText): BlockIoUsage | undefined {
  const lists: Record<'serviceBytes' | 'serviced', BlockIoEntry[]> = { serviceBytes: [], serviced: [] };
  for (; !text.isAtEnd; text.nextLine()) {
    let device: Pick<BlockIoEntry, 'major' | 'minor'> | undefined;
    for (text.skipSpaces(); !text.isAtLineEnd; text.skipSpaces()) {
      const known = keys.find(({ bytes }) => text.accepts(bytes));
      if (known && device) {
        const { list, operation } = known;
        lists[list].push(present<BlockIoEntry>({ ...device, operation, value: text.integer() }));
      } else if (text.isAtDigit) device = deviceOf(text.integer(colon), text.integer());
      else text.word();
    }
  }
  return lists.serviceBytes.length === 0 && lists.serviced.length === 0 ? undefined : lists;
}

function deviceOf(
  major: Integer | undefined,
  minor: Integer | undefined,
): Pick<BlockIoEntry, 'major' | 'minor'> | undefined {
  return major === undefined || minor === undefined
    ? undefined
    : { major: Number(major), minor: Number(minor) };
}
