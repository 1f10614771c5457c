import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { ConfigError } from '../config/config-error.ts';
import type { Config } from '../config/settings/settings.ts';
import { CgroupUsage } from '../sources/cgroup/cgroup-usage.ts';
import type { HostRoots } from '../sources/cgroup/cgroup-usage.ts';
import { findHierarchies } from '../sources/cgroup/hierarchies.ts';
import type { Hierarchies } from '../sources/cgroup/hierarchies.ts';
import type { UsageBracket } from '../model/observers.ts';
import type { HostNeeds } from '../model/host.ts';
import type { OptionalPart } from '../model/sample.ts';
import type { ContainerSource, UsageSource } from '../sources/container-source.ts';

/** The kernel's files of this host, where usage is read from them. */
export interface KernelFiles {
  readonly roots: HostRoots;
  readonly hierarchies: Hierarchies;
  /** True where the runtime gives what they lack. */
  readonly hasFallback: boolean;
}

/** Where a container has its host's trees, and where cAdvisor's and the node exporter's containers have the host's root. */
const hostMounts = ['/host', '/rootfs'] as const;
const ownRoots = { cgroup: '/sys/fs/cgroup', proc: '/proc', sys: '/sys' } as const;

/** What a tree has that is the host's: a mount of one tree makes empty directories of those above it. */
const marks = { cgroup: '.', proc: 'stat', sys: 'dev/block' } as const;

const contents = {
  cgroup: 'cgroup.controllers (version 2) or directories such as memory (version 1)',
  proc: `the file ${marks.proc}`,
  sys: `the directory ${marks.sys}`,
} as const satisfies Record<keyof HostRoots, string>;

/** Descriptors for everything else: connections, logs, sources. */
const reservedDescriptors = 256;
/** The kernel keeps 4 KiB for each file that stays open, counted in the agent's own cgroup. */
const maxDescriptors = 8192;

/**
 * The kernel's files by the settings; undefined where usage is the runtime's alone, or there are no such files. Throws
 * a ConfigError where they are demanded and there are none, or where a tree was named that is none.
 */
export function findKernelFiles({
  usageSource,
  cgroupRoot,
  procRoot,
  sysRoot,
}: Config): KernelFiles | undefined {
  if (usageSource === 'runtime') return undefined;
  const roots = {
    cgroup: rootOf('cgroup', cgroupRoot),
    proc: rootOf('proc', procRoot),
    sys: rootOf('sys', sysRoot),
  };
  const hierarchies = findHierarchies(roots.cgroup);
  const demanded = usageSource === 'cgroup' ? '--usage-source cgroup' : cgroupRoot && '--cgroup-root';
  const problems = [
    ...(!hierarchies && demanded ? [`${demanded}: ${noTree('cgroup', roots.cgroup)}`] : []),
    ...wrongRoot('proc', procRoot),
    ...wrongRoot('sys', sysRoot),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
  return hierarchies && { roots, hierarchies, hasFallback: usageSource === 'auto' };
}

/** Without its files a tree would be silently absent, and what they give with it. */
function wrongRoot(tree: 'proc' | 'sys', root: string | undefined): string[] {
  return root === undefined || existsSync(join(root, marks[tree]))
    ? []
    : [`--${tree}-root: ${noTree(tree, root)}`];
}

function noTree(tree: keyof HostRoots, root: string): string {
  const own = ownRoots[tree];
  const what = tree === 'cgroup' ? 'cgroup tree' : own;
  return `there is no ${what} at ${root}: expected ${contents[tree]}; in a container mount the host's, as in -v ${own}:${hostMounts[0]}${own}:ro`;
}

/** The host's trees come before those of the agent's own container. */
function rootOf(tree: keyof HostRoots, set: string | undefined): string {
  if (set !== undefined) return set;
  const mounted = hostMounts.map((mount) => mount + ownRoots[tree]);
  return mounted.find((root) => existsSync(join(root, marks[tree]))) ?? ownRoots[tree];
}

/** What the reading of one source's containers depends on. */
export interface KernelUsageOptions {
  readonly clock: Clock;
  readonly sourceCount: number;
  /** Parts that are read on demand; absent: pressure alone. */
  readonly parts?: ReadonlySet<OptionalPart>;
  /** Absent: nothing of the host besides containers. */
  readonly hostNeeds?: HostNeeds;
}

/** Reads usage of one source's containers from the kernel's files. */
export function kernelUsage(
  { roots, hierarchies, hasFallback }: KernelFiles,
  source: ContainerSource,
  { clock, sourceCount, parts, hostNeeds }: KernelUsageOptions,
): UsageSource {
  return new CgroupUsage({
    roots,
    hierarchies,
    clock,
    parent: () => source.cgroupParent,
    maxDescriptors: Math.floor(maxKeptDescriptors() / sourceCount),
    ...(parts && { parts }),
    ...(hostNeeds && { hostNeeds }),
    ...(hasFallback && { fallback: source.usage }),
  });
}

/**
 * The usage of a source, with the kernel's files read before and after each of its samples. A container whose files are
 * not found has its sample all the same.
 */
export function bracketedUsage(
  { usage }: ContainerSource,
  kernel: UsageSource,
  onRead: (id: string, around: UsageBracket) => void,
): UsageSource {
  return {
    kind: usage.kind,
    round(signal) {
      const rounds = { own: usage.round(signal), kernel: kernel.round(signal) };
      return {
        async read(container) {
          // Why the kernel's files give nothing is what `check` is for.
          const beside = () => rounds.kernel.read(container).catch(() => undefined);
          const before = await beside();
          const sample = await rounds.own.read(container);
          const after = before && (await beside());
          if (before && after) onRead(container.identity.id, { before, after });
          return sample;
        },
        close() {
          rounds.own.close();
          rounds.kernel.close();
        },
      };
    },
    retain: (mayRun) => kernel.retain?.(mayRun),
    close: () => kernel.close?.(),
  };
}

/** At most half of what this process may open beyond its other needs. */
function maxKeptDescriptors(): number {
  const allowed = Number(/^Max open files\s+(\d+)/m.exec(ownLimits())?.[1] ?? 0);
  return Math.min(maxDescriptors, Math.max(0, Math.floor((allowed - reservedDescriptors) / 2)));
}

function ownLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    // Another system than Linux.
    return '';
  }
}
