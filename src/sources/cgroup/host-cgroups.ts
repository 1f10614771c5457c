import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerLimits } from '../../model/container.ts';
import type { HostCgroup } from '../../model/host.ts';
import type { InterfaceUsage, MemoryUsage, ProcessUsage, Sample } from '../../model/sample.ts';
import { present } from '../json.ts';
import { meminfoBytes } from '../kernel/host-files.ts';
import type { HostFacts } from '../kernel/host-files.ts';
import { contentOf, directoriesIn } from '../kernel/open-file.ts';
import type { CgroupPlace } from './cgroup-place.ts';
import { knownLimits, limitsOf, sumOf } from './cgroup-limits.ts';
import type { CgroupReader, CgroupReading } from './cgroup-reading.ts';
import { leadingTree } from './hierarchies.ts';
import type { Hierarchies } from './hierarchies.ts';

/** Which cgroups there are is looked at after so long. */
const listFreshMillis = 60_000;
/** A host has some tens of them; hostile ones may not fill the memory. */
const maxCgroups = 500;
/** Files that version 1 has in the root of a tree alone, and version 2 everywhere but there. */
const [rootFileV1, noRootFileV2] = ['release_agent', 'cgroup.type'];
const idOfContainer = /[\da-f]{64}/;

interface Row {
  readonly path: string;
  readonly place: CgroupPlace;
  readonly reader: CgroupReader;
  readonly limits: ContainerLimits;
  readonly createdAt: number;
}

/** Settings of {@link HostCgroups}. */
export interface HostCgroupsOptions {
  readonly hierarchies: Hierarchies;
  readonly which: 'root' | 'slices';
  readonly readerOf: (place: CgroupPlace) => CgroupReader;
  /** Interfaces of the host's own network namespace; undefined where these are not known. */
  readonly networks: () => readonly InterfaceUsage[] | undefined;
  /** What is wanted of the processes in a cgroup; undefined where that is nothing. */
  readonly processes: (place: CgroupPlace, isRoot: boolean) => ProcessUsage | undefined;
  readonly proc: string;
}

/** Reads cgroups of a host that are no containers': the root, and those that hold others. */
export class HostCgroups {
  readonly #options: HostCgroupsOptions;
  readonly #isRootMounted: boolean;
  readonly #rows = new Map<string, Row>();
  #listedAt = -Infinity;

  constructor(options: HostCgroupsOptions) {
    this.#options = options;
    this.#isRootMounted = isWhole(options.hierarchies);
  }

  /**
   * What is there now; nothing where the mounted trees are a part of the host's.
   * @param now milliseconds of a clock that never goes back.
   */
  read(host: HostFacts, { now, takenAt }: { readonly now: number; readonly takenAt: number }): HostCgroup[] {
    if (!this.#isRootMounted) return [];
    if (now - this.#listedAt >= listFreshMillis) {
      this.#listedAt = now;
      this.#list(takenAt);
    }
    return [...this.#rows.values()].flatMap((row) => {
      const reading = row.reader.read(host);
      if (!reading) {
        this.#drop(row);
        return [];
      }
      const { path, limits, createdAt } = row;
      return [{ path, limits, createdAt, sample: this.#sample(row, reading, takenAt) }];
    });
  }

  close(): void {
    for (const row of this.#rows.values()) this.#drop(row);
  }

  #list(takenAt: number): void {
    const { hierarchies, which, proc } = this.#options;
    const paths = which === 'root' ? ['/'] : ['/', ...slicesBelow(hierarchies)];
    const wanted = new Set(paths.slice(0, maxCgroups));
    for (const row of this.#rows.values()) if (!wanted.has(row.path)) this.#drop(row);
    const bootedAt = bootTime(proc) ?? takenAt;
    for (const path of wanted) this.#rows.set(path, this.#row(path, bootedAt, takenAt));
  }

  /** As it is known, with its limits as they are now. */
  #row(path: string, bootedAt: number, takenAt: number): Row {
    const { hierarchies, proc, readerOf } = this.#options;
    const { version } = hierarchies;
    const place = placeAt(hierarchies, path);
    const isRoot = path === '/';
    const limits = isRoot ? limitsOfHost(proc, version) : limitsOf(place, hierarchies);
    const known = this.#rows.get(path);
    if (known) return { ...known, limits };
    const began = isRoot ? bootedAt : createdAt(place, bootedAt, takenAt);
    return { path, place, limits, reader: readerOf(place), createdAt: began };
  }

  /** The root of version 2 has no memory of its own: what is in use of the host's is. */
  #sample({ path, place }: Row, reading: CgroupReading, takenAt: number): Sample {
    const isRoot = path === '/';
    const process = this.#options.processes(place, isRoot);
    const networks = isRoot ? this.#options.networks() : undefined;
    const memory = reading.memory ?? (isRoot ? this.#memoryOfHost() : undefined);
    return present<Sample>({
      takenAt,
      readAt: takenAt,
      windows: false,
      ...reading,
      memory,
      networks,
      process,
    });
  }

  #memoryOfHost(): MemoryUsage | undefined {
    const { proc, hierarchies } = this.#options;
    const memory = contentOf(join(proc, 'meminfo'));
    const [total, free] = [meminfoBytes(memory, 'MemTotal'), meminfoBytes(memory, 'MemFree')];
    if (total === undefined || free === undefined) return undefined;
    const stat = hierarchies.unified && contentOf(join(hierarchies.unified.directory, 'memory.stat'));
    const [swapTotal, swapFree] = [meminfoBytes(memory, 'SwapTotal'), meminfoBytes(memory, 'SwapFree')];
    return present<MemoryUsage>({
      usage: total - free,
      limit: total,
      swapUsage: swapTotal === undefined || swapFree === undefined ? undefined : swapTotal - swapFree,
      stats: countsOf(stat),
    });
  }

  #drop(row: Row): void {
    row.reader.close();
    this.#rows.delete(row.path);
  }
}

/** True where the roots of the host's trees are mounted, and not a cgroup below them. */
function isWhole({ version, unified, byController }: Hierarchies): boolean {
  if (version === 2) return unified !== undefined && !existsSync(join(unified.directory, noRootFileV2));
  const trees = [...byController.values()];
  return trees.length > 0 && trees.every(({ directory }) => existsSync(join(directory, rootFileV1)));
}

/** Cgroups directly below the root, and slices of systemd below slices; none of a container. */
function slicesBelow(hierarchies: Hierarchies): readonly string[] {
  const root = leadingTree(hierarchies, ['memory', 'cpuacct', 'pids', 'blkio'])?.directory ?? '';
  const paths = root === '' ? [] : directoriesIn(root).map((name) => `/${name}`);
  for (let index = 0; index < Math.min(paths.length, maxCgroups); index += 1) {
    const path = paths[index] ?? '';
    if (!path.endsWith('.slice')) continue;
    const slices = directoriesIn(join(root, path)).filter((name) => name.endsWith('.slice'));
    paths.push(...slices.map((name) => `${path}/${name}`));
  }
  return paths.filter((path) => !idOfContainer.test(path));
}

function placeAt({ unified, byController }: Hierarchies, path: string): CgroupPlace {
  const directories = [...byController].flatMap(([controller, { directory }]) => {
    const joined = join(directory, path);
    return existsSync(joined) ? [[controller, joined] as const] : [];
  });
  const ofUnified = unified && join(unified.directory, path);
  return {
    byController: new Map(directories),
    ...(ofUnified !== undefined && existsSync(ofUnified) && { unified: ofUnified }),
  };
}

/** When the directory was made, as far as the kernel remembers: times of its files may be later. */
function createdAt(place: CgroupPlace, bootedAt: number, now: number): number {
  const times = [
    ...place.byController.values(),
    ...(place.unified === undefined ? [] : [place.unified]),
  ].flatMap((directory) => [
    directory,
    join(directory, 'cgroup.clone_children'),
    join(directory, 'cgroup.events'),
  ]);
  const known = times.flatMap((path) => changedAt(path) ?? []);
  return Math.round(Math.max(bootedAt, Math.min(now, ...known)));
}

function changedAt(path: string): number | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  } catch {
    // Closed to us: the other rows hold.
    return undefined;
  }
}

/** When the host was booted; milliseconds since the epoch. */
function bootTime(proc: string): number | undefined {
  const seconds = /^btime (\d{1,15})$/m.exec(contentOf(join(proc, 'stat')) ?? '')?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}

/** cAdvisor's limits of the root are what the host has. */
function limitsOfHost(proc: string, version: 1 | 2): ContainerLimits {
  const memory = contentOf(join(proc, 'meminfo'));
  const total = meminfoBytes(memory, 'MemTotal') ?? 'unknown';
  const swap = meminfoBytes(memory, 'SwapTotal') ?? 'unknown';
  return knownLimits({ memoryBytes: total, memorySwapBytes: version === 1 ? swap : sumOf(total, swap) });
}

/** Lines of a key and its value. */
function countsOf(text = ''): Readonly<Record<string, number>> {
  return Object.fromEntries(
    [...text.matchAll(/^(\w+) (\d+)$/gm)].map(([, key = '', value]) => [key, Number(value)]),
  );
}
