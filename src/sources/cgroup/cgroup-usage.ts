// One piece, because the choice of a place for each figure is made here alone.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ContainerFilesystem, Filesystem } from '../../model/disk-usage.ts';
import type { HostNeeds, HostReading, Machine } from '../../model/host.ts';
import { agentTime } from '../../model/runtime.ts';
import type { BasicPart, OptionalPart, Sample } from '../../model/sample.ts';
import type { UsageReport } from '../../model/usage-report.ts';
import type { EndedRun, InspectedContainer, UsageRound, UsageSource } from '../container-source.ts';
import { SourceError } from '../source-error.ts';
import { withDeviceNames } from './block-io.ts';
import { LowestLimits } from './cgroup-limits.ts';
import { ContainerFinder } from './container-files.ts';
import type { ContainerFiles, NoFiles } from './container-files.ts';
import { ContainerRuns } from './container-runs.ts';
import { unmountedParts } from './hierarchies.ts';
import type { Hierarchies } from './hierarchies.ts';
import { HostCgroups } from './host-cgroups.ts';
import { completed, lackingParts } from './lacking-parts.ts';
import { HostFiles, readMachine } from '../kernel/host-files.ts';
import { DeviceNames } from '../kernel/device-names.ts';
import type { HostFacts } from '../kernel/host-files.ts';
import { DescriptorBudget } from '../kernel/open-file.ts';
import { KernelText } from '../kernel/kernel-text.ts';
import { filesystemOf, Filesystems, hostFilesystems } from '../kernel/mounts.ts';

/** Reading is synchronous: others have their turn after so many milliseconds. */
const turnMillis = 4;
/** The host's CPU time is read anew when a container's is read so much later. */
const hostFreshMillis = 100;
/** A container that could not be found is searched for again after so long. */
const retryMillis = 60_000;
/** Whether a container is where its files were found is looked at after so long, and up to half as long again. */
const placeFreshMillis = 60_000;

const spreadSteps = 64;
const defaultParts: ReadonlySet<OptionalPart> = new Set(['pressure']);
/** CPUs and memory may be added to a machine that runs, but not often. */
const machineFreshMillis = 10 * 60_000;

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
  /** Path of the cgroup in which the runtime makes those of its containers; undefined while that is not known. */
  readonly parent?: () => string | undefined;
  /** Absent: nothing. */
  readonly hostNeeds?: HostNeeds;
  /** Parts that some metric needs; absent: pressure alone. */
  readonly parts?: ReadonlySet<OptionalPart>;
  readonly clock: {
    now(): number;
    monotonic(): number;
    sleep(millis: number, signal?: AbortSignal): Promise<void>;
  };
  /** Maximum number of descriptors that stay open. */
  readonly maxDescriptors: number;
}

/** A container by its files, or why it has none: `ended` once its cgroup was removed. */
interface Known {
  readonly pid: number | undefined;
  readonly files: ContainerFiles | NoFiles | 'ended';
  /** As last inspected: a new inspection may have new limits. */
  container: InspectedContainer;
  /** When its place is to be looked at again, on the clock that never goes back. */
  freshUntil: number;
}

/** Usage of a host's containers by the kernel's files; of those that are not found there by the runtime. */
export class CgroupUsage implements UsageSource {
  readonly kind = 'cgroup';
  readonly #options: CgroupUsageOptions;
  readonly #host: HostFiles;
  readonly #devices: DeviceNames;
  readonly #finder: ContainerFinder;
  readonly #runs: ContainerRuns;
  readonly #storage: Filesystems<Filesystem | undefined>;
  readonly #filesystems: Filesystems<readonly ContainerFilesystem[]>;
  readonly #known = new Map<string, Known>();
  readonly #hostCgroups: HostCgroups | undefined;
  #machine: (Machine & { readonly readAt: number }) | undefined;
  /** True once a container was found: the runtime is on this host. */
  #isOwnHost = false;
  /** Parts whose trees are not mounted here, although the kernel has them. */
  readonly #unmounted: readonly BasicPart[];
  #isClosed = false;
  #lastTurn = -Infinity;
  #spread = 0;
  #facts: (HostFacts & { readonly readAt: number }) | undefined;

  constructor(options: CgroupUsageOptions) {
    this.#options = options;
    const { roots, hierarchies, clock, maxDescriptors } = options;
    const budget = new DescriptorBudget(maxDescriptors);
    const { parts = defaultParts } = options;
    this.#devices = new DeviceNames(roots.sys);
    const limits = new LowestLimits({ hierarchies, monotonic: () => clock.monotonic() });
    const shared = { text: new KernelText(), budget, devices: this.#devices, limits, parts };
    this.#host = new HostFiles(roots.proc);
    this.#finder = new ContainerFinder(roots.proc, hierarchies, shared);
    const facts = (): HostFacts => this.#facts ?? this.#factsNow();
    this.#runs = new ContainerRuns({ hierarchies, finder: this.#finder, clock, facts });
    const sleep = clock.sleep.bind(clock);
    this.#storage = new Filesystems(sleep);
    this.#filesystems = new Filesystems(sleep);
    this.#unmounted = unmountedParts(hierarchies, this.#finder.ownPaths);
    const { cgroups: which = 'none' } = options.hostNeeds ?? {};
    if (which !== 'none')
      this.#hostCgroups = new HostCgroups({
        hierarchies,
        which,
        proc: roots.proc,
        readerOf: (place) => this.#finder.readerOf(place),
        networks: () => this.#finder.hostNetworks(),
        processes: (place, isRoot) => this.#finder.processesIn(place, isRoot),
      });
  }

  report(): UsageReport {
    const { roots, hierarchies, fallback } = this.#options;
    const elsewhere = new Map<string, number>();
    const unreadable = new Map<string, number>();
    let containers = 0;
    for (const { files } of this.#known.values()) {
      if (typeof files === 'object') {
        containers += 1;
        for (const name of files.unreadable) count(unreadable, name);
      } else if (files !== 'ended') count(elsewhere, isRemote(files) ? notHere : reasons[files]);
    }
    return {
      place: `cgroup v${hierarchies.version} at ${roots.cgroup}`,
      containers,
      elsewhere,
      unreadable,
      unwatched: this.#runs.unwatched,
      hasFallback: fallback !== undefined,
    };
  }

  round(signal: AbortSignal): UsageRound {
    let ofRuntime: UsageRound | undefined;
    const { fallback } = this.#options;
    const runtimeRound = fallback && ((): UsageRound => (ofRuntime ??= fallback.round(signal)));
    this.#facts = undefined;
    this.#runs.beginRound(this.#options.parent?.());
    return {
      read: (container) => this.#read(container, signal, runtimeRound),
      close: () => ofRuntime?.close(),
    };
  }

  async filesystem(directory: string): Promise<Filesystem | undefined> {
    if (!this.#isOwnHost) return undefined;
    const { proc } = this.#options.roots;
    return await this.#storage.read(directory, () => filesystemOf(directory, proc));
  }

  async hostFilesystems(): Promise<readonly ContainerFilesystem[] | undefined> {
    const { hostNeeds, roots } = this.#options;
    const hasRoot = this.#isOwnHost && hostNeeds !== undefined && hostNeeds.cgroups !== 'none';
    return hasRoot ? await this.#filesystems.read(roots.proc, () => hostFilesystems(roots.proc)) : undefined;
  }

  host(): HostReading | undefined {
    const { clock, hostNeeds } = this.#options;
    if (!this.#isOwnHost || !hostNeeds || this.#isClosed) return undefined;
    const now = clock.monotonic();
    const cgroups = this.#hostCgroups?.read(this.#factsNow(), { now, takenAt: clock.now() }) ?? [];
    return hostNeeds.machine ? { cgroups, machine: this.#machineNow(now) } : { cgroups };
  }

  #machineNow(now: number): Machine {
    if (!this.#machine || now - this.#machine.readAt > machineFreshMillis)
      this.#machine = { ...readMachine(this.#options.roots), readAt: now };
    return this.#machine;
  }

  retain(mayRun: (id: string) => boolean): void {
    // Descriptors would keep what is removed in the kernel's memory.
    for (const id of this.#known.keys()) {
      if (mayRun(id)) continue;
      this.#runs.drop(id);
      this.#drop(id);
    }
  }

  ended(id: string): EndedRun | undefined {
    return this.#isClosed ? undefined : this.#runs.ended(id);
  }

  close(): void {
    this.#isClosed = true;
    this.#runs.close();
    this.#hostCgroups?.close();
    for (const id of this.#known.keys()) this.#drop(id);
  }

  async #read(
    container: InspectedContainer,
    signal: AbortSignal,
    runtimeRound: (() => UsageRound) | undefined,
  ): Promise<Sample | undefined> {
    if (this.#isTurnOver) await this.#turn();
    signal.throwIfAborted();
    const files = this.#isClosed ? 'ended' : this.#find(container).files;
    if (files === 'ended') return undefined;
    if (typeof files === 'string') {
      if (runtimeRound) return await runtimeRound().read(container);
      throw new SourceError('no-files', `container ${container.identity.name}: ${reasons[files]}`);
    }
    const sample = this.#measured(container, files);
    if (!sample) return undefined;
    this.#runs.read(container.identity.id, sample);
    const lacking = lackingParts(sample, files.unreadable, this.#unmounted);
    if (!runtimeRound || lacking.length === 0) return sample;
    return completed(sample, this.#named(await settled(runtimeRound().read(container))), lacking);
  }

  #named(sample: Sample | undefined): Sample | undefined {
    return sample?.blockIo ? { ...sample, blockIo: withDeviceNames(sample.blockIo, this.#devices) } : sample;
  }

  #measured(container: InspectedContainer, files: ContainerFiles): Sample | undefined {
    const sample = this.#sample(files) ?? this.#elsewhere(container);
    return sample && this.#finder.withProcesses(sample, container);
  }

  get #isTurnOver(): boolean {
    return this.#options.clock.monotonic() - this.#lastTurn >= turnMillis;
  }

  async #turn(): Promise<void> {
    await nextTurn();
    this.#lastTurn = this.#options.clock.monotonic();
  }

  #factsNow(): HostFacts {
    const now = this.#options.clock.monotonic();
    if (!this.#facts || now - this.#facts.readAt > hostFreshMillis)
      this.#facts = { ...this.#host.read(now), readAt: now };
    return this.#facts;
  }

  #find(container: InspectedContainer): Known {
    const { pid, identity } = container;
    const now = this.#options.clock.monotonic();
    const known = this.#known.get(identity.id);
    if (known && known.pid === pid && (now < known.freshUntil || this.#isStillThere(container, known))) {
      if (known.container !== container && typeof known.files === 'object') known.files.refresh();
      known.container = container;
      return known;
    }
    this.#drop(identity.id);
    const files = this.#finder.find(container);
    this.#isOwnHost ||= typeof files === 'object';
    const found = { pid, files, container, freshUntil: this.#freshUntil(files) };
    this.#known.set(identity.id, found);
    if (typeof files === 'object') this.#runs.named(identity.id, files, this.#startOf(container));
    return found;
  }

  #startOf(container: InspectedContainer): number {
    const { startedAt } = container.state;
    const now = this.#options.clock.now();
    return startedAt === undefined ? now : Math.min(now, agentTime(startedAt, container));
  }

  #isStillThere(container: InspectedContainer, known: Known): boolean {
    const { files } = known;
    if (typeof files !== 'object' || !this.#finder.isStillThere(container, files)) return false;
    known.freshUntil = this.#freshUntil(files);
    return true;
  }

  /** Not the same for all: what is found in one round need not be looked at again in one. */
  #freshUntil(files: Known['files']): number {
    const now = this.#options.clock.monotonic();
    if (files === 'failed') return now;
    if (typeof files !== 'object') return now + retryMillis;
    this.#spread = (this.#spread + 1) % spreadSteps;
    return now + placeFreshMillis * (1 + this.#spread / (2 * spreadSteps));
  }

  #sample(files: ContainerFiles): Sample | undefined {
    return files.read(this.#factsNow(), this.#options.clock.now());
  }

  /**
   * A container whose cgroup is removed: it was moved, or its process has ended. A new process is inspected first, so
   * nobody is asked about this one any more.
   */
  #elsewhere(container: InspectedContainer): Sample | undefined {
    const { id } = container.identity;
    this.#drop(id);
    const found = this.#find(container);
    const sample = typeof found.files === 'object' ? this.#sample(found.files) : undefined;
    if (sample) return sample;
    this.#drop(id);
    this.#known.set(id, { ...found, files: 'ended', freshUntil: this.#freshUntil('ended') });
    return undefined;
  }

  #drop(id: string): void {
    const { files } = this.#known.get(id) ?? {};
    if (typeof files === 'object') files.close();
    this.#known.delete(id);
  }
}

/** A part that another place fails to give is unknown, and the rest holds. */
async function settled(sample: Promise<Sample | undefined>): Promise<Sample | undefined> {
  try {
    return await sample;
  } catch {
    return undefined;
  }
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

const notHere =
  'their processes are not on this host, or not in the /proc that is read; in a container mount the host’s: -v /proc:/host/proc:ro -v /sys/fs/cgroup:/host/sys/fs/cgroup:ro';

/** A pid of another host is no process here, or another one. */
function isRemote(reason: NoFiles): boolean {
  return reason === 'no-process' || reason === 'not-named';
}

const reasons: Readonly<Record<NoFiles, string>> = {
  'no-process':
    'its process is not in the /proc that is read: mount the host’s, as in -v /proc:/host/proc:ro, or name it with --proc-root',
  'not-named':
    'the cgroup of its process does not name it: it runs on another host, or without a cgroup of its own',
  'not-mounted':
    'its cgroup is not in the tree that is read: mount the host’s, as in -v /sys/fs/cgroup:/host/sys/fs/cgroup:ro, or name it with --cgroup-root',
  'unknown-namespace':
    'the kernel gives its cgroup relative to this agent’s own, which is not in the tree that is read: mount the host’s whole tree, as in -v /sys/fs/cgroup:/host/sys/fs/cgroup:ro',
  'not-shown': 'neither its process nor its cgroup is known',
  failed: 'its process could not be opened: raise the number of files that the agent may open (ulimit -n)',
};
