import type {
  BlockIoUsage,
  CpuUsage,
  EffectiveLimits,
  HugePagesUsage,
  Integer,
  MemoryPart,
  MemoryUsage,
  NumaPages,
  OptionalPart,
  PidsUsage,
  PressureUsage,
  Sample,
  SamplePart,
  Stalled,
  UsagePart,
} from '../../model/sample.ts';
import { isEventCount } from '../../model/sample.ts';
import { largestCount, present } from '../json.ts';
import type { CgroupFiles } from './cgroup-files.ts';
import type { HostFacts } from '../kernel/host-files.ts';
import { Parsed, times } from '../kernel/kernel-text.ts';
import type { KernelText } from '../kernel/kernel-text.ts';

/** Limits change seldom: they are read at the first round and then at each so many. */
export const slowReadEvery = 6;

/** What the cgroup files of a container hold; a part without a file is absent. */
export interface CgroupReading {
  readonly cpu?: CpuUsage;
  readonly memory?: MemoryUsage;
  readonly blockIo?: BlockIoUsage;
  readonly pids?: PidsUsage;
  readonly pressure?: PressureUsage;
  readonly hugePages?: readonly HugePagesUsage[];
  readonly numa?: readonly NumaPages[];
  readonly migratesMemory?: boolean;
  readonly effectiveLimits?: EffectiveLimits;
  readonly unread?: readonly UsagePart[];
  /** Block I/O whose file could not be read, or is not there: nothing is known of it then. */
  readonly unknown?: readonly SamplePart[];
}

/** Shared by all readings of which block I/O is unknown. */
export const unknownBlockIo: readonly SamplePart[] = ['blockIo'];

/** Reads the cgroup of one container again and again. */
export interface CgroupReader {
  /** Files that may not be read, or could not be at the last read. */
  readonly unreadable: readonly string[];
  /** The next read looks at the limits again. */
  refresh(): void;
  /** Undefined once the cgroup is removed. */
  read(host: HostFacts): CgroupReading | undefined;
  /**
   * Counters and peaks of the few files that cost the least to read; undefined once the cgroup is removed.
   * @param before the reading before: it holds while no CPU time was used.
   */
  readCounters(host: HostFacts, before: CgroupReading | undefined): CgroupReading | undefined;
  close(): void;
}

export function nanosOfMicros(micros: Integer | undefined): Integer | undefined {
  return micros === undefined ? undefined : times(micros, 1000);
}

const unlimited = Buffer.from('max\n');
/** Version 1 writes no limit as the most that its counters hold: 2^63−1, down to whole pages, of which the largest have 64 KiB. */
const minUnlimited = largestCount - 65_535n;

/** A limit as runtimes give it: no more than the host has, which is also that of `max`; absent where it is not known. */
export function memoryLimit(
  text: KernelText | undefined,
  memoryBytes: number | undefined,
): Integer | undefined {
  if (!text || text.accepts(unlimited)) return text && memoryBytes;
  const limit = text.singleInteger();
  if (limit !== undefined && limit >= minUnlimited) return memoryBytes;
  return limit !== undefined && memoryBytes !== undefined && memoryBytes < limit ? memoryBytes : limit;
}

/** What was not to be read: without the page cache to subtract, the working set would be too great, and no hits of the limit zero. */
export function unknownMemory(
  stats: MemoryUsage['stats'],
  key: 'inactive_file' | 'total_inactive_file',
  lacksFailures = false,
): readonly MemoryPart[] | undefined {
  // Nearly always.
  if (!lacksFailures && stats[key] !== undefined) return undefined;
  const parts: readonly MemoryPart[] = [
    ...(lacksFailures ? (['failcnt'] as const) : []),
    ...(Object.keys(stats).length === 0 ? (['stats'] as const) : []),
    ...(stats[key] === undefined ? [key] : []),
  ];
  return parts;
}

/** Pressure stall information (`Documentation/accounting/psi.rst` of the kernel); absent where it is built out or switched off. */
export class PressureReader {
  readonly #files: CgroupFiles | undefined;
  readonly #known = { cpu: new Parsed<Stalled>(), memory: new Parsed<Stalled>(), io: new Parsed<Stalled>() };
  #last: PressureUsage | undefined;

  constructor(files: CgroupFiles | undefined, parts: ReadonlySet<OptionalPart>) {
    this.#files = parts.has('pressure') ? files : undefined;
  }

  read(): PressureUsage | undefined {
    if (!this.#files) return undefined;
    const cpu = this.#stalled(this.#files, 'cpu');
    const memory = this.#stalled(this.#files, 'memory');
    const io = this.#stalled(this.#files, 'io');
    if (!cpu && !memory && !io) return undefined;
    return (this.#last = sameOr(this.#last, present<PressureUsage>({ cpu, memory, io })));
  }

  #stalled(files: CgroupFiles, resource: keyof PressureUsage): Stalled | undefined {
    const stalled = files.parsed(pressureFiles[resource], this.#known[resource], stalledOf);
    return stalled === notStalled ? undefined : stalled;
  }
}

const pressureFiles = { cpu: 'cpu.pressure', memory: 'memory.pressure', io: 'io.pressure' } as const;

/** The last object where a fresh one holds the same: what is kept from round to round need not be made garbage. */
export function sameOr<T extends object>(last: T | undefined, fresh: T): T {
  return last && isSame(last, fresh) ? last : fresh;
}

function isSame<T extends object>(one: T, other: T): boolean {
  let balance = 0;
  for (const _ in one) balance += 1;
  for (const key in other) {
    if (one[key] !== other[key]) return false;
    balance -= 1;
  }
  return balance === 0;
}

const total = Buffer.from('total=');
const some = Buffer.from('some ');
const full = Buffer.from('full ');

/** Lines such as `some avg10=0.13 avg60=0.13 avg300=0.03 total=167766`, the total in microseconds. */
function stalledOf(text: KernelText): Stalled {
  let someMicros: Integer | undefined;
  let fullMicros: Integer | undefined;
  for (; !text.isAtEnd; text.nextLine()) {
    if (text.accepts(some)) someMicros = totalOf(text);
    else if (text.accepts(full)) fullMicros = totalOf(text);
  }
  if (someMicros === undefined && fullMicros === undefined) return notStalled;
  return present<Stalled>({ someNanos: nanosOfMicros(someMicros), fullNanos: nanosOfMicros(fullMicros) });
}

/** Of a file that has no total. */
const notStalled: Stalled = {};

function totalOf(text: KernelText): Integer | undefined {
  for (text.skipSpaces(); !text.isAtLineEnd; text.skipSpaces()) {
    if (text.accepts(total)) return text.integer();
    text.word();
  }
  return undefined;
}

/** What holds of a sample when no process is left. Networks went with their namespace. */
export function lastOf({ takenAt, windows, cpu, memory, blockIo, pressure, partTimes }: Sample): Sample {
  return present<Sample>({
    takenAt,
    readAt: takenAt,
    windows,
    isLast: true,
    cpu: cpu && cpuCounters(cpu),
    memory: memory && memoryCounters(memory),
    blockIo,
    pressure,
    partTimes,
    unknown: blockIo ? ['networks'] : ['networks', 'blockIo'],
  });
}

function cpuCounters({ totalNanos, userNanos, kernelNanos, perCpuNanos, throttling }: CpuUsage): CpuUsage {
  // CPUs that never were have no time.
  const cores = 1 + (perCpuNanos?.findLastIndex((nanos) => nanos > 0) ?? -1);
  return present<CpuUsage>({
    totalNanos,
    userNanos,
    kernelNanos,
    perCpuNanos: cores > 0 ? perCpuNanos?.slice(0, cores) : undefined,
    throttling,
  });
}

function memoryCounters({ maxUsage, failures, events, stats, unknown }: MemoryUsage): MemoryUsage {
  const counts = Object.fromEntries(Object.entries(stats).filter(([key]) => isEventCount(key)));
  // Of hits of the limit alone it matters whether there were none, or nothing is known of them.
  const unknownCounts = unknown?.filter((part) => part === 'failcnt');
  return present<MemoryUsage>({
    maxUsage,
    failures,
    events,
    stats: counts,
    unknown: unknownCounts?.length ? unknownCounts : undefined,
  });
}
