import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { ContainerLimits, LimitName } from '../../model/container.ts';
import type { EffectiveLimits } from '../../model/sample.ts';
import { present } from '../json.ts';
import { contentOf } from '../kernel/open-file.ts';
import type { CgroupPlace } from './cgroup-place.ts';
import type { Hierarchies } from './hierarchies.ts';

/** What is above containers is looked at again after so long. */
const aboveFreshMillis = 60_000;
/** Pods have a cgroup each; hostile trees may not fill the memory. */
const maxAbove = 2000;

interface Above {
  readonly limits: EffectiveLimits;
  readonly readAt: number;
}

/** Settings of {@link LowestLimits}. */
interface LowestLimitsOptions {
  readonly hierarchies: Hierarchies;
  /** Milliseconds of a clock that never goes back. */
  readonly monotonic: () => number;
}

/**
 * The limits that hold of a cgroup: the lowest of its own and of those of the cgroups above it, as far up as the mounted
 * trees show them. Those above are read once for all that they hold.
 */
export class LowestLimits {
  readonly #options: LowestLimitsOptions;
  /** Trees of version 1 that are mounted together have the same directories. */
  readonly #above = new Map<ReadLimits, Map<string, Above>>();

  constructor(options: LowestLimitsOptions) {
    this.#options = options;
  }

  /** Undefined where none is set, or nothing can be read. Never throws. */
  of({ unified, byController }: CgroupPlace): EffectiveLimits | undefined {
    const { version, unified: tree, byController: trees } = this.#options.hierarchies;
    const limits =
      version === 2
        ? this.#lowest(unified, tree?.directory, ofUnified)
        : {
            ...hierarchicalMemory(byController.get('memory')),
            ...this.#lowest(byController.get('cpu'), trees.get('cpu')?.directory, ofCpu),
            ...this.#lowest(byController.get('pids'), trees.get('pids')?.directory, ofPids),
          };
    return Object.keys(limits).length > 0 ? limits : undefined;
  }

  #lowest(directory: string | undefined, root: string | undefined, read: ReadLimits): EffectiveLimits {
    if (directory === undefined || root === undefined) return {};
    // The root itself may be written with a slash at its end.
    const path = resolve(directory);
    return lowestOf(read(path), path.startsWith(`${root}/`) ? this.#aboveIn(dirname(path), root, read) : {});
  }

  #aboveIn(directory: string, root: string, read: ReadLimits): EffectiveLimits {
    const above = this.#above.get(read) ?? new Map<string, Above>();
    this.#above.set(read, above);
    const known = above.get(directory);
    const readAt = this.#options.monotonic();
    if (known && readAt - known.readAt < aboveFreshMillis) return known.limits;
    const limits = this.#lowest(directory, root, read);
    if (above.size >= maxAbove) above.clear();
    above.set(directory, { limits, readAt });
    return limits;
  }
}

/** The limits that are set in one directory. */
type ReadLimits = (directory: string) => EffectiveLimits;

function ofUnified(directory: string): EffectiveLimits {
  const { cpus, memoryBytes, pids } = limitsOfV2(directory);
  return present<EffectiveLimits>({
    cpus,
    memoryBytes,
    swapBytes: countAt(directory, 'memory.swap.max'),
    pids,
  });
}

function ofCpu(directory: string): EffectiveLimits {
  const cpuQuotaMicros = limitAt(directory, 'cpu.cfs_quota_us');
  const cpuPeriodMicros = limitAt(directory, 'cpu.cfs_period_us');
  return present<EffectiveLimits>({ cpus: knownLimits({ cpuQuotaMicros, cpuPeriodMicros }).cpus });
}

function ofPids(directory: string): EffectiveLimits {
  return present<EffectiveLimits>({ pids: countAt(directory, 'pids.max') });
}

/** Of version 1 the kernel writes it itself, as its cgroups need not have been hierarchical. */
function hierarchicalMemory(directory: string | undefined): EffectiveLimits {
  const stat = directory === undefined ? '' : textIn(directory, 'memory.stat');
  const bytes = /^hierarchical_memory_limit (\d+)$/m.exec(stat)?.[1] ?? '';
  return present<EffectiveLimits>({ memoryBytes: countOf(limitIn(bytes)) });
}

function lowestOf(one: EffectiveLimits, other: EffectiveLimits): EffectiveLimits {
  const lowest = (name: keyof EffectiveLimits): number | undefined => {
    const [a, b] = [one[name], other[name]];
    return a === undefined || (b !== undefined && b < a) ? b : a;
  };
  return present<EffectiveLimits>({
    cpus: lowest('cpus'),
    memoryBytes: lowest('memoryBytes'),
    swapBytes: lowest('swapBytes'),
    pids: lowest('pids'),
  });
}

/** A file of a controller that a cgroup does not have limits nothing; one that cannot be read may. */
function textIn(directory: string, name: string): string {
  const path = join(directory, name);
  const content = contentOf(path);
  if (content !== undefined) return content.trim();
  return existsSync(path) ? 'unknown' : 'none';
}

function limitAt(directory: string, name: string): Limit {
  return limitIn(textIn(directory, name));
}

function countAt(directory: string, name: string): number | undefined {
  return countOf(limitAt(directory, name));
}

function countOf(limit: Limit): number | undefined {
  return typeof limit === 'number' ? limit : undefined;
}

/** A limit by its file: none is set, or whether one is set is not known. */
type Limit = number | 'none' | 'unknown';

type LimitOf = (controller: string, name: string) => Limit;

/** The limits that are set, by a cgroup's own files. */
export function limitsOf(
  { unified, byController }: CgroupPlace,
  { version, byController: trees }: Hierarchies,
): ContainerLimits {
  if (version === 2) return limitsOfV2(unified ?? '');
  return limitsOfV1((controller, name) => {
    const directory = byController.get(controller);
    // What is not in a tree has no limit there; of a tree that is not mounted nothing is known.
    if (directory === undefined) return trees.has(controller) ? 'none' : 'unknown';
    return limitAt(directory, name);
  });
}

function limitsOfV1(limitOf: LimitOf): ContainerLimits {
  return knownLimits({
    cpuQuotaMicros: limitOf('cpu', 'cpu.cfs_quota_us'),
    cpuPeriodMicros: limitOf('cpu', 'cpu.cfs_period_us'),
    cpuShares: limitOf('cpu', 'cpu.shares'),
    memoryBytes: limitOf('memory', 'memory.limit_in_bytes'),
    memorySwapBytes: limitOf('memory', 'memory.memsw.limit_in_bytes'),
    memoryReservationBytes: limitOf('memory', 'memory.soft_limit_in_bytes'),
    pids: limitOf('pids', 'pids.max'),
  });
}

function limitsOfV2(directory: string): ContainerLimits {
  const limitOf = (name: string): Limit => limitAt(directory, name);
  const max = textIn(directory, 'cpu.max');
  const [quota = '', period = ''] = max === 'none' ? [max, max] : max.split(' ');
  const weight = limitOf('cpu.weight');
  const [memoryBytes, swap] = [limitOf('memory.max'), limitOf('memory.swap.max')];
  const reservation = limitOf('memory.min');
  return knownLimits({
    cpuQuotaMicros: limitIn(quota),
    cpuPeriodMicros: limitIn(period),
    // As runtimes turn shares into a weight, the other way round.
    cpuShares: typeof weight === 'number' ? Math.floor(2 + ((weight - 1) * 262_142) / 9999) : weight,
    memoryBytes,
    memorySwapBytes: swap === 'none' ? swap : sumOf(memoryBytes === 'none' ? 0 : memoryBytes, swap),
    memoryReservationBytes: reservation === 0 ? 'none' : reservation,
    pids: limitOf('pids.max'),
  });
}

const limitNames = [
  'cpuQuotaMicros',
  'cpuPeriodMicros',
  'cpuShares',
  'memoryBytes',
  'memorySwapBytes',
  'memoryReservationBytes',
  'pids',
] as const satisfies readonly LimitName[];

/** Those that are set, and the names of those of which that is not known; CPUs are by both of their files. */
export function knownLimits(
  limits: Readonly<Partial<Record<(typeof limitNames)[number], Limit>>>,
): ContainerLimits {
  const known: Partial<Record<(typeof limitNames)[number], number>> = {};
  const unknown: LimitName[] = [];
  for (const name of limitNames) {
    const limit = limits[name];
    if (typeof limit === 'number') known[name] = limit;
    else if (limit === 'unknown') unknown.push(name);
  }
  const { cpuQuotaMicros: quota, cpuPeriodMicros: period } = known;
  return {
    ...known,
    ...(quota !== undefined && period && { cpus: quota / period }),
    ...(unknown.length > 0 && { unknown }),
  };
}

export function sumOf(one: Limit, other: Limit): Limit {
  return typeof one === 'number' && typeof other === 'number' ? one + other : 'unknown';
}

/** None for `max`, -1, and the most that version 1 can write. */
function limitIn(text: string): Limit {
  if (text === 'max' || text === '-1' || text === 'none') return 'none';
  if (!/^\d{1,19}$/.test(text)) return 'unknown';
  const count = Number(text);
  return count < 2 ** 62 ? count : 'none';
}
