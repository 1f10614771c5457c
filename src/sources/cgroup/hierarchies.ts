import { existsSync, realpathSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { BasicPart } from '../../model/sample.ts';
import { mountPoints } from '../kernel/mounts.ts';
import { namesIn } from '../kernel/open-file.ts';
import type { CgroupPaths } from './cgroup-paths.ts';

/** Version 2: every controller in one tree. Version 1: trees of some controllers each; hybrid ones have a tree of version 2 without controllers besides. */
export type CgroupVersion = 1 | 2;

/** One mounted cgroup tree. */
export interface Hierarchy {
  readonly directory: string;
  readonly version: CgroupVersion;
  /** Controllers by the kernel's names; of version 2 none, as `cgroup.controllers` of each cgroup has them. */
  readonly controllers: readonly string[];
  /** Path of the cgroup that is mounted here, as the reader's own `/proc/PID/cgroup` writes paths. */
  readonly mountedPath: string;
}

/** The cgroup trees of a host. */
export interface Hierarchies {
  /** The version that has the controllers. */
  readonly version: CgroupVersion;
  /** The tree of version 2; in a hybrid host without controllers. */
  readonly unified?: Hierarchy;
  /** Trees of version 1 by controller. */
  readonly byController: ReadonlyMap<string, Hierarchy>;
}

/** Finds the trees below a root such as `/sys/fs/cgroup`; undefined where there is none. */
export function findHierarchies(root: string, mountInfo?: string): Hierarchies | undefined {
  const mounts = cgroupMounts(mountInfo);
  const whole = unifiedAt(root, mounts);
  if (whole) return { version: 2, unified: whole, byController: new Map() };
  const directories = namesIn(root).map((name) => join(root, name));
  const unified = directories.map((directory) => unifiedAt(directory, mounts)).find(Boolean);
  const trees = directories.flatMap((directory) => treeAt(directory, mounts) ?? []);
  const byController = new Map(
    trees.flatMap((tree) => tree.controllers.map((each) => [each, tree] as const)),
  );
  const isV1 = usageControllers.some((controller) => byController.has(controller));
  if (!isV1 && !unified) return undefined;
  return { version: isV1 ? 1 : 2, byController, ...(unified && { unified }) };
}

/** The tree whose directories stand for those of all: of version 1 that of the first of these controllers that has one. */
export function leadingTree(
  { version, unified, byController }: Hierarchies,
  controllers: readonly string[],
): Hierarchy | undefined {
  if (version === 2) return unified;
  const leading = controllers.find((each) => byController.has(each));
  return leading === undefined ? undefined : byController.get(leading);
}

/** Hybrid hosts may have these in version 2, and trees of version 1 for systemd and others alone. */
const usageControllers = ['cpu', 'cpuacct', 'memory', 'blkio', 'pids'] as const;

/** One directory, whatever path leads to it: the kernel shows a cgroup by the same numbers in every mount of its tree. */
export interface DirectoryNumbers {
  readonly inode: number;
  readonly device: number;
}

/** The numbers of a directory; undefined for anything else. */
export function directoryNumbers(path: string): (DirectoryNumbers & { readonly links: number }) | undefined {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    // Each directory below has a link to it; filesystems that do not count these have 1.
    return stat?.isDirectory() ? { inode: stat.ino, device: stat.dev, links: stat.nlink } : undefined;
  } catch {
    // Closed to us, or no path that a file can have.
    return undefined;
  }
}

/**
 * The cgroup at which the reader's own namespace begins in a tree: the root of its own mount of that tree below `ownRoot`;
 * undefined where that shows another tree, or was mounted from another namespace.
 */
export function namespaceRoot(
  { directory, version, controllers }: Hierarchy,
  ownRoot: string,
  mountInfo?: string,
): DirectoryNumbers | undefined {
  const mounts = cgroupMounts(mountInfo);
  const tree = directoryNumbers(directory);
  const names = version === 2 ? ['', 'unified'] : [controllers.join(','), ...controllers];
  for (const path of names.map((name) => join(ownRoot, name))) {
    const own = version === 2 ? unifiedAt(path, mounts) : treeAt(path, mounts);
    const numbers = own?.mountedPath === '/' ? directoryNumbers(own.directory) : undefined;
    if (numbers && numbers.device === tree?.device) return numbers;
  }
  return undefined;
}

/** A tree of version 1 is named by its controllers: `cpu,cpuacct`. */
function treeAt(directory: string, mounts: ReadonlyMap<string, string>): Hierarchy | undefined {
  const isTree =
    existsSync(join(directory, 'cgroup.procs')) && !existsSync(join(directory, 'cgroup.controllers'));
  return isTree
    ? hierarchyAt(directory, mounts, { version: 1, controllers: basename(directory).split(',') })
    : undefined;
}

function unifiedAt(directory: string, mounts: ReadonlyMap<string, string>): Hierarchy | undefined {
  if (!existsSync(join(directory, 'cgroup.controllers'))) return undefined;
  return hierarchyAt(directory, mounts, { version: 2, controllers: [] });
}

function hierarchyAt(
  directory: string,
  mounts: ReadonlyMap<string, string>,
  kind: Pick<Hierarchy, 'version' | 'controllers'>,
): Hierarchy {
  // Distributions link `cpu` to `cpu,cpuacct`.
  const real = realpathSync(directory);
  return { ...kind, directory: real, mountedPath: mounts.get(real) ?? '/' };
}

/** Paths of the cgroups that are mounted, by their points (`proc_pid_mountinfo(5)`). */
function cgroupMounts(mountInfo?: string): ReadonlyMap<string, string> {
  const mounts = mountPoints(mountInfo).filter(({ type }) => type === 'cgroup' || type === 'cgroup2');
  return new Map(mounts.map(({ point, root }) => [point, root]));
}

const partOfController: readonly (readonly [controller: string, part: BasicPart])[] = [
  ['cpuacct', 'cpu'],
  ['memory', 'memory'],
  ['blkio', 'blockIo'],
  ['pids', 'pids'],
];

/** Trees of version 1 that the kernel has by the reader's own `/proc/self/cgroup`, and that are not mounted here. */
export function unmountedParts(
  { version, byController }: Hierarchies,
  own: CgroupPaths,
): readonly BasicPart[] {
  if (version === 2) return [];
  return partOfController.flatMap(([controller, part]) =>
    own.has(controller) && !byController.has(controller) ? [part] : [],
  );
}
