import { join, posix } from 'node:path';
import type { CgroupPaths } from './cgroup-paths.ts';
import { contentOf, directoriesIn } from '../kernel/open-file.ts';
import { directoryNumbers, namespaceRoot } from './hierarchies.ts';
import type { DirectoryNumbers, Hierarchies, Hierarchy } from './hierarchies.ts';

/** Directories of one container's cgroup: the tree of version 2, and those of version 1 by controller. */
export interface CgroupPlace {
  readonly unified?: string;
  readonly byController: ReadonlyMap<string, string>;
}

/** The file that announces the end of a cgroup's last process. */
export function eventsOf({ unified }: CgroupPlace): string | undefined {
  return unified === undefined ? undefined : join(unified, 'cgroup.events');
}

/** Why a container's cgroup cannot be read. */
export type NoPlace =
  /** The process is in no cgroup that names the container: it is another host's, or the runtime made none. */
  | 'not-named'
  /** The mounted trees do not hold the directory, or none of them has usage. */
  | 'not-mounted'
  /** The reader does not find its own cgroup, to which the kernel's paths are relative. */
  | 'unknown-namespace';

/** The process that reads: the kernel writes paths relative to its cgroup namespace, and pids in its pid namespace. */
export interface ReadingProcess {
  readonly pid: number;
  /** By its own `/proc/self/cgroup`. */
  readonly paths: CgroupPaths;
  /** Where its own trees are mounted, in its own namespace. Default: `/sys/fs/cgroup`. */
  readonly ownRoot?: string;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
  /** Directories that one search looks at, at most: it has the process to itself. */
  readonly maxDirectories?: number;
}

/** Some 10 µs each. */
const maxDirectories = 50_000;
const failureFreshMillis = 60_000;

/** Controllers of version 1 by which parts of usage are read; those of `cpu` stand beside `cpuacct`'s. */
const withUsage = ['cpuacct', 'memory', 'blkio', 'pids'] as const;

/** Finds the directories of containers in the trees of one host. */
export class CgroupPlaces {
  readonly #hierarchies: Hierarchies;
  readonly #reader: ReadingProcess;
  /** Path of the reader's cgroup namespace in each tree, where some path goes above it. */
  readonly #namespaces = new Map<Hierarchy, string>();
  /** Trees in which it was not found, with the time of that. */
  readonly #failures = new Map<Hierarchy, number>();

  constructor(hierarchies: Hierarchies, reader: ReadingProcess) {
    this.#hierarchies = hierarchies;
    this.#reader = reader;
  }

  /** The directories of a container's cgroup by what `/proc/PID/cgroup` of its process says. */
  ofProcess(id: string, paths: CgroupPaths): CgroupPlace | NoPlace {
    let reason: NoPlace = 'not-named';
    const directoryOf = (hierarchy: Hierarchy, controller: string): string | undefined => {
      const path = paths.get(controller);
      const named = path === undefined ? undefined : throughName(path, id);
      if (named === undefined) return undefined;
      const absolute = this.#absolute(hierarchy, named);
      if (!absolute) {
        reason = 'unknown-namespace';
        return undefined;
      }
      const directory = directoryIn(hierarchy, absolute);
      if (directory === undefined) reason = 'not-mounted';
      return directory;
    };
    const place = this.#placeBy(directoryOf);
    if (place === 'no-usage') return reason === 'not-named' ? 'not-mounted' : reason;
    return place ?? reason;
  }

  /** The directories at the path that the runtime's rules give, which must name the container and be there. */
  atPath(id: string, path: string): CgroupPlace | NoPlace {
    const named = throughName(path, id);
    if (named === undefined) return 'not-named';
    const place = this.#placeBy(({ directory }) => {
      const joined = join(directory, named);
      return isDirectory(joined) ? joined : undefined;
    });
    return typeof place === 'object' ? place : 'not-mounted';
  }

  #placeBy(
    directoryOf: (hierarchy: Hierarchy, controller: string) => string | undefined,
  ): CgroupPlace | 'no-usage' | undefined {
    const { version, unified: tree, byController: trees } = this.#hierarchies;
    const unified = tree && directoryOf(tree, '');
    const byController = new Map<string, string>();
    for (const [controller, hierarchy] of trees) {
      const directory = directoryOf(hierarchy, controller);
      if (directory !== undefined) byController.set(controller, directory);
    }
    if (unified === undefined && byController.size === 0) return undefined;
    const hasUsage = version === 2 ? unified !== undefined : withUsage.some((each) => byController.has(each));
    if (!hasUsage) return 'no-usage';
    return { byController, ...(unified !== undefined && { unified }) };
  }

  /** A path, and that of the mounted cgroup, from the root of the tree; undefined where the reader's namespace is not found. */
  #absolute(hierarchy: Hierarchy, path: string): AbsolutePath | undefined {
    const { mountedPath } = hierarchy;
    if (!path.startsWith('/..') && !mountedPath.startsWith('/..')) return { path, mountedPath };
    const namespace = this.#namespaceIn(hierarchy);
    if (namespace === undefined) return undefined;
    // The namespace's own path was found below what is mounted.
    return { path: posix.join(namespace, `.${path}`), mountedPath: '/' };
  }

  #namespaceIn(hierarchy: Hierarchy): string | undefined {
    const known = this.#namespaces.get(hierarchy);
    if (known !== undefined) return known;
    const now = this.#reader.now?.() ?? performance.now();
    if (now - (this.#failures.get(hierarchy) ?? -Infinity) < failureFreshMillis) return undefined;
    const found = this.#search(hierarchy);
    if (found === undefined) this.#failures.set(hierarchy, now);
    else this.#namespaces.set(hierarchy, found);
    return found;
  }

  /**
   * The kernel does not say where a cgroup namespace begins. Its root is the one that the reader's own mount of the tree
   * shows; without such a mount, the reader's own cgroup is searched for.
   */
  #search(hierarchy: Hierarchy): string | undefined {
    const { pid, paths, ownRoot = '/sys/fs/cgroup', maxDirectories: max = maxDirectories } = this.#reader;
    const { directory, controllers } = hierarchy;
    const root = namespaceRoot(hierarchy, ownRoot);
    if (root)
      return pathWhere(
        directory,
        max,
        (_path, { inode, device }) => inode === root.inode && device === root.device,
      );
    const line = new RegExp(`^${pid}$`, 'm');
    const own = pathWhere(directory, max, (path) => line.test(contentOf(join(path, 'cgroup.procs')) ?? ''));
    return own === undefined ? undefined : withoutEnd(own, paths.get(controllers[0] ?? '') ?? '/');
  }
}

interface AbsolutePath {
  readonly path: string;
  readonly mountedPath: string;
}

function directoryIn({ directory }: Hierarchy, { path, mountedPath }: AbsolutePath): string | undefined {
  const below = mountedPath === '/' ? path : pathBelow(mountedPath, path);
  const joined = below === undefined ? undefined : join(directory, below);
  return joined !== undefined && isDirectory(joined) ? joined : undefined;
}

/** The path as far as the component that names the container: its processes may be in cgroups below. */
function throughName(path: string, id: string): string | undefined {
  const parts = path.split('/');
  const named = parts.findLastIndex((part) => names(part, id));
  return id === '' || named === -1 ? undefined : parts.slice(0, named + 1).join('/');
}

const idCharacter = /[\da-z]/i;

/** True for `ID`, `docker-ID.scope` and their like; an id within a longer one is none. */
function names(part: string, id: string): boolean {
  const at = part.indexOf(id);
  return (
    at !== -1 && !idCharacter.test(part.charAt(at - 1)) && !idCharacter.test(part.charAt(at + id.length))
  );
}

/** The path of the namespace in which a cgroup has this path; undefined where they do not fit. */
function withoutEnd(path: string, end: string): string | undefined {
  if (end === '/') return path;
  return path.endsWith(end) ? path.slice(0, -end.length) || '/' : undefined;
}

function pathBelow(mounted: string, path: string): string | undefined {
  if (path === mounted) return '/';
  return path.startsWith(`${mounted}/`) ? path.slice(mounted.length) : undefined;
}

function isDirectory(path: string): boolean {
  return directoryNumbers(path) !== undefined;
}

/** Path below the root of the directory that is meant; breadth first, as agents are seldom deep. */
function pathWhere(
  root: string,
  max: number,
  isMeant: (path: string, numbers: DirectoryNumbers) => boolean,
): string | undefined {
  const paths = [''];
  for (let index = 0; index < Math.min(paths.length, max); index += 1) {
    const path = paths[index] ?? '';
    const directory = join(root, path);
    const numbers = directoryNumbers(directory);
    if (!numbers) continue;
    if (isMeant(directory, numbers)) return path === '' ? '/' : path;
    if (numbers.links !== 2) for (const name of directoriesIn(directory)) paths.push(`${path}/${name}`);
  }
  return undefined;
}
