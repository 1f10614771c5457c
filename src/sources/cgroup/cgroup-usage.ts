import { setImmediate as nextTurn } from 'node:timers/promises';
import type { InterfaceUsage, Sample, SamplePart, UsagePart } from '../../model/sample.ts';
import type { UsageReport } from '../../model/usage-report.ts';
import type { InspectedContainer, UsageRound, UsageSource } from '../container-source.ts';
import { present } from '../json.ts';
import { SourceError } from '../source-error.ts';
import { CgroupPlaces, parseCgroupPaths } from './cgroup-place.ts';
import type { CgroupPlace, NoPlace } from './cgroup-place.ts';
import type { SharedReading } from './cgroup-files.ts';
import type { CgroupReader } from './cgroup-reading.ts';
import { CgroupV1, V1Tables } from './cgroup-v1.ts';
import { CgroupV2, V2Tables } from './cgroup-v2.ts';
import type { Hierarchies } from './hierarchies.ts';
import { DeviceNames, HostFiles } from './host-files.ts';
import type { HostFacts } from './host-files.ts';
import { DescriptorBudget, readOnce } from './open-file.ts';
import { KernelText } from './kernel-text.ts';
import { ProcessHandle, parseNetDev } from './process-handle.ts';

/** Reading is synchronous: others have their turn after so many milliseconds. */
const turnMillis = 4;
/** The host's CPU time is read anew when a container's is read so much later. */
const hostFreshMillis = 100;
/** A container that could not be found is looked for again after so long, and one that is read is looked for anew. */
const placeFreshMillis = 60_000;

/** Where a host's files are. */
export interface HostRoots {
  /** `/sys/fs/cgroup`, or where the host's is mounted. */
  readonly cgroup: string;
  /** `/proc`, or where the host's is mounted. */
  readonly proc: string;
  /** `/sys`, or where the host's is mounted. */
  readonly sys: string;
}

/** Settings of a {@link CgroupUsage}. */
export interface CgroupUsageOptions {
  readonly roots: HostRoots;
  readonly hierarchies: Hierarchies;
  /** The runtime's own usage, of containers whose files cannot be read, and for parts that they lack; absent: they have none. */
  readonly fallback?: UsageSource;
  readonly clock: { now(): number; monotonic(): number };
  /** Maximum number of descriptors that stay open. */
  readonly maxDescriptors: number;
}

/** Why a container is not measured by the kernel's files. */
export type NoReading = NoPlace | 'no-process' | 'not-shown';

interface Measured {
  readonly pid: number | undefined;
  readonly process: ProcessHandle | undefined;
  readonly reader: CgroupReader;
  /** False in the host's network namespace, which is not the container's own. */
  readonly hasNetwork: boolean;
  readonly foundAt: number;
  lastRound: number;
}

interface Unmeasured {
  readonly pid: number | undefined;
  readonly reason: NoReading;
  readonly foundAt: number;
  lastRound: number;
}

/** Usage of a host's containers by the kernel's files; of those that are not found there by the runtime. */
export class CgroupUsage implements UsageSource {
  readonly kind = 'cgroup';
  readonly #options: CgroupUsageOptions;
  readonly #shared: SharedReading;
  readonly #host: HostFiles;
  readonly #places: CgroupPlaces;
  readonly #v1 = new V1Tables();
  readonly #v2 = new V2Tables();
  readonly #known = new Map<string, Measured | Unmeasured>();
  /** Inode of the host's own `net/dev`: a process with the same is in the host's network namespace. */
  readonly #hostNetwork: number | undefined;
  #rounds = 0;
  #lastTurn = -Infinity;
  #facts: (HostFacts & { readonly readAt: number }) | undefined;

  constructor(options: CgroupUsageOptions) {
    this.#options = options;
    const { roots, hierarchies, maxDescriptors } = options;
    const text = new KernelText();
    const budget = new DescriptorBudget(maxDescriptors);
    this.#shared = { text, budget, devices: new DeviceNames(roots.sys) };
    this.#host = new HostFiles(roots.proc);
    const own = readOnce('/proc/self/cgroup', text, false) === 'read' ? text.content : '';
    this.#places = new CgroupPlaces(hierarchies, { pid: process.pid, paths: parseCgroupPaths(own) });
    const init = ProcessHandle.open(roots.proc, 1);
    this.#hostNetwork = init?.inode('net/dev');
    init?.close();
  }

  report(): UsageReport {
    const { roots, hierarchies } = this.#options;
    const elsewhere = new Map<string, number>();
    const unreadable = new Map<string, number>();
    let containers = 0;
    for (const known of this.#known.values()) {
      if ('reason' in known) count(elsewhere, isElsewhere(known) ? notHere : reasons[known.reason]);
      else {
        containers += 1;
        for (const name of unreadableOf(known)) count(unreadable, name);
      }
    }
    return { place: `cgroup v${hierarchies.version} at ${roots.cgroup}`, containers, elsewhere, unreadable };
  }

  round(signal: AbortSignal): UsageRound {
    this.#rounds += 1;
    let ofRuntime: UsageRound | undefined;
    const { fallback } = this.#options;
    const runtimeRound = fallback && ((): UsageRound => (ofRuntime ??= fallback.round(signal)));
    return {
      read: (container) => this.#read(container, runtimeRound),
      close: () => {
        ofRuntime?.close();
        this.#forget();
      },
    };
  }

  /** Closes every descriptor. */
  close(): void {
    for (const id of this.#known.keys()) this.#drop(id);
  }

  async #read(
    container: InspectedContainer,
    runtimeRound: (() => UsageRound) | undefined,
  ): Promise<Sample | undefined> {
    await this.#turn();
    const { id, name } = container.identity;
    const known = this.#find(container);
    known.lastRound = this.#rounds;
    if ('reason' in known) {
      if (runtimeRound) return await runtimeRound().read(container);
      throw new SourceError('runtime-error', `container ${name}: ${reasons[known.reason]}`);
    }
    const sample = this.#sample(known);
    // Removed: a container that runs on has another process by now, and is inspected for it.
    if (!sample) this.#drop(id);
    const lacking = sample && runtimeRound ? lackingParts(sample, known.reader) : [];
    if (!sample || !runtimeRound || lacking.length === 0) return sample;
    return completed(sample, await runtimeRound().read(container), lacking);
  }

  async #turn(): Promise<void> {
    const now = this.#options.clock.monotonic();
    if (now - this.#lastTurn < turnMillis) return;
    await nextTurn();
    this.#lastTurn = this.#options.clock.monotonic();
  }

  #sample(known: Measured): Sample | undefined {
    const takenAt = this.#options.clock.now();
    const reading = known.reader.read(this.#factsNow());
    if (!reading) return undefined;
    const networks = known.hasNetwork ? this.#networks(known) : 'none';
    const unknown: readonly SamplePart[] = [
      ...(reading.unknown ?? []),
      ...(networks === 'unknown' ? (['networks'] as const) : []),
    ];
    return present<Sample>({
      takenAt,
      readAt: takenAt,
      windows: false,
      ...reading,
      networks: typeof networks === 'string' ? undefined : networks,
      unknown: unknown.length > 0 ? unknown : undefined,
    });
  }

  #networks({ process: handle }: Measured): readonly InterfaceUsage[] | 'none' | 'unknown' {
    const { text } = this.#shared;
    if (handle?.read('net/dev', text) !== 'read') return 'unknown';
    return parseNetDev(text) ?? 'none';
  }

  #factsNow(): HostFacts {
    const now = this.#options.clock.monotonic();
    if (!this.#facts || now - this.#facts.readAt > hostFreshMillis)
      this.#facts = { ...this.#host.read(now), readAt: now };
    return this.#facts;
  }

  #find(container: InspectedContainer): Measured | Unmeasured {
    const { id } = container.identity;
    const now = this.#options.clock.monotonic();
    const known = this.#known.get(id);
    if (known && known.pid === container.pid && now - known.foundAt < placeFreshMillis) return known;
    this.#drop(id);
    const found = this.#open(container, now);
    this.#known.set(id, found);
    return found;
  }

  #open(
    { identity: { id, cgroupPath }, pid, network }: InspectedContainer,
    foundAt: number,
  ): Measured | Unmeasured {
    const { roots } = this.#options;
    const lastRound = this.#rounds;
    const handle = pid === undefined ? undefined : ProcessHandle.open(roots.proc, pid);
    const place = handle ? this.#placeOf(id, handle) : this.#placeAt(id, cgroupPath);
    if (typeof place === 'string') {
      handle?.close();
      return { pid, reason: place, foundAt, lastRound };
    }
    const inode = handle?.inode('net/dev');
    const isHost = network.isHost === true || (inode !== undefined && inode === this.#hostNetwork);
    const reader = this.#readerOf(place);
    return { pid, process: handle, reader, hasNetwork: !isHost, foundAt, lastRound };
  }

  #placeOf(id: string, handle: ProcessHandle): CgroupPlace | NoReading {
    const { text } = this.#shared;
    if (handle.read('cgroup', text) !== 'read') return 'no-process';
    return this.#places.ofProcess(id, parseCgroupPaths(text.content));
  }

  /** Without the host's `/proc`: the path by the runtime's rules, which the directory's own name has to confirm. */
  #placeAt(id: string, path: string | undefined): CgroupPlace | NoReading {
    return path === undefined ? 'not-shown' : this.#places.atPath(id, path);
  }

  #readerOf(place: CgroupPlace): CgroupReader {
    const { unified } = place;
    return this.#options.hierarchies.version === 2 && unified !== undefined
      ? new CgroupV2(unified, this.#shared, this.#v2)
      : new CgroupV1(place, this.#shared, this.#v1);
  }

  #drop(id: string): void {
    const known = this.#known.get(id);
    if (known && 'reader' in known) {
      known.process?.close();
      known.reader.close();
    }
    this.#known.delete(id);
  }

  /** Descriptors would keep what is removed in the kernel's memory. */
  #forget(): void {
    for (const [id, known] of this.#known) {
      if (known.lastRound < this.#rounds - 2) this.#drop(id);
    }
  }
}

/** Files by their beginning, and the part of a sample that is read from them. */
const partOfFile: readonly (readonly [start: string, part: UsagePart])[] = [
  ['cpu', 'cpu'],
  ['memory', 'memory'],
  ['io', 'blockIo'],
  ['blkio', 'blockIo'],
  ['pids', 'pids'],
];

/** Parts that the sample lacks because their files could not be read: pressure is the kernel's alone. */
function lackingParts(sample: Sample, { unreadable }: CgroupReader): readonly UsagePart[] {
  const closed = unreadable.filter((name) => !name.endsWith('.pressure'));
  const lacking = partOfFile.flatMap(([start, part]) =>
    isLacking(sample, part) && closed.some((name) => name.startsWith(start)) ? [part] : [],
  );
  return sample.unknown?.includes('networks') ? [...lacking, 'networks'] : lacking;
}

function isLacking(sample: Sample, part: UsagePart): boolean {
  return sample[part] === undefined || (part === 'memory' && sample.memory?.unknown !== undefined);
}

/** The sample with the parts that it lacks from another place, at the other's time. */
function completed(sample: Sample, other: Sample | undefined, lacking: readonly UsagePart[]): Sample {
  if (!other) return sample;
  const given = lacking.filter((part) => other[part] !== undefined);
  const unknown = sample.unknown?.filter((part) => !lacking.includes(part) || other.unknown?.includes(part));
  return present<Sample>({
    ...sample,
    ...Object.fromEntries(given.map((part) => [part, other[part]])),
    partTimes: Object.fromEntries(given.map((part) => [part, other.takenAt])),
    unknown: unknown?.length === 0 ? undefined : unknown,
  });
}

function unreadableOf({ reader, process: handle, hasNetwork }: Measured): readonly string[] {
  return hasNetwork && !handle ? [...reader.unreadable, 'net/dev'] : reader.unreadable;
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

const notHere =
  'their processes are not on this host, or not in the /proc that is read: in a container mount the host’s, as in -v /proc:/host/proc:ro';

/** A pid of another host is no process here, or another one. */
function isElsewhere({ reason }: Unmeasured): boolean {
  return reason === 'no-process' || reason === 'not-named';
}

const reasons: Readonly<Record<NoReading, string>> = {
  'no-process':
    'its process is not in the /proc that is read: mount the host’s, as in -v /proc:/host/proc:ro, or name it with --proc-root',
  'not-named':
    'the cgroup of its process does not name it: it runs on another host, or without a cgroup of its own',
  'not-mounted':
    'its cgroup is not in the tree that is read: mount the host’s, as in -v /sys/fs/cgroup:/host/sys/fs/cgroup:ro, or name it with --cgroup-root',
  'unknown-namespace':
    'the kernel gives its cgroup relative to this agent’s own, which is not in the tree that is read: mount the host’s whole tree, as in -v /sys/fs/cgroup:/host/sys/fs/cgroup:ro',
  'not-shown': 'neither its process nor its cgroup is known',
};
