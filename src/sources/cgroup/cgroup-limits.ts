import { dirname, join } from 'node:path';
import type { ContainerLimits } from '../../model/container.ts';
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
  readonly #above = new Map<string, Above>();

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
    return lowestOf(read(directory), directory === root ? {} : this.#aboveIn(dirname(directory), root, read));
  }

  #aboveIn(directory: string, root: string, read: ReadLimits): EffectiveLimits {
    const known = this.#above.get(directory);
    const readAt = this.#options.monotonic();
    if (known && readAt - known.readAt < aboveFreshMillis) return known.limits;
    const limits = this.#lowest(directory, root, read);
    if (this.#above.size >= maxAbove) this.#above.clear();
    this.#above.set(directory, { limits, readAt });
    return limits;
  }
}

/** The limits that are set in one directory. */
type ReadLimits = (directory: string) => EffectiveLimits;

function ofUnified(directory: string): EffectiveLimits {
  const { cpus, memoryBytes, pids } = limitsOfV2((_controller, name) => textIn(directory, name));
  const swapBytes = countOf(textIn(directory, 'memory.swap.max'));
  return present<EffectiveLimits>({ cpus, memoryBytes, swapBytes, pids });
}

function ofCpu(directory: string): EffectiveLimits {
  const [quota, period] = ['cpu.cfs_quota_us', 'cpu.cfs_period_us'].map((name) =>
    countOf(textIn(directory, name)),
  );
  return present<EffectiveLimits>({ cpus: quotaOf(quota, period).cpus });
}

function ofPids(directory: string): EffectiveLimits {
  return present<EffectiveLimits>({ pids: countOf(textIn(directory, 'pids.max')) });
}

/** Of version 1 the kernel writes it itself, as its cgroups need not have been hierarchical. */
function hierarchicalMemory(directory: string | undefined): EffectiveLimits {
  const stat = directory === undefined ? '' : textIn(directory, 'memory.stat');
  const bytes = /^hierarchical_memory_limit (\d+)$/m.exec(stat)?.[1] ?? '';
  return present<EffectiveLimits>({ memoryBytes: countOf(bytes) });
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

function textIn(directory: string, name: string): string {
  return contentOf(join(directory, name))?.trim() ?? '';
}

/** The limits that are set, by a cgroup's own files. */
export function limitsOf({ unified, byController }: CgroupPlace, version: 1 | 2): ContainerLimits {
  const fileOf = (controller: string, name: string): string => {
    const directory = version === 2 ? unified : byController.get(controller);
    return directory === undefined ? '' : textIn(directory, name);
  };
  return version === 2 ? limitsOfV2(fileOf) : limitsOfV1(fileOf);
}

type FileOf = (controller: string, name: string) => string;

function limitsOfV1(fileOf: FileOf): ContainerLimits {
  const quota = countOf(fileOf('cpu', 'cpu.cfs_quota_us'));
  const period = countOf(fileOf('cpu', 'cpu.cfs_period_us'));
  return present<ContainerLimits>({
    ...quotaOf(quota, period),
    cpuPeriodMicros: period,
    cpuShares: countOf(fileOf('cpu', 'cpu.shares')),
    memoryBytes: countOf(fileOf('memory', 'memory.limit_in_bytes')),
    memorySwapBytes: countOf(fileOf('memory', 'memory.memsw.limit_in_bytes')),
    memoryReservationBytes: countOf(fileOf('memory', 'memory.soft_limit_in_bytes')),
    pids: countOf(fileOf('pids', 'pids.max')),
  });
}

function limitsOfV2(fileOf: FileOf): ContainerLimits {
  const [quota = '', period = ''] = fileOf('', 'cpu.max').split(' ');
  const weight = countOf(fileOf('', 'cpu.weight'));
  const [memoryBytes, swap] = [countOf(fileOf('', 'memory.max')), countOf(fileOf('', 'memory.swap.max'))];
  return present<ContainerLimits>({
    ...quotaOf(countOf(quota), countOf(period)),
    cpuPeriodMicros: countOf(period),
    // As runtimes turn shares into a weight, the other way round.
    cpuShares: weight === undefined ? undefined : Math.floor(2 + ((weight - 1) * 262_142) / 9999),
    memoryBytes,
    memorySwapBytes: swap === undefined ? undefined : (memoryBytes ?? 0) + swap,
    memoryReservationBytes: countOf(fileOf('', 'memory.min')) || undefined,
    pids: countOf(fileOf('', 'pids.max')),
  });
}

function quotaOf(quota: number | undefined, period: number | undefined): ContainerLimits {
  if (quota === undefined || !period) return {};
  return { cpuQuotaMicros: quota, cpus: quota / period };
}

/** Undefined for `max`, -1, and the most that version 1 can write. */
function countOf(text: string): number | undefined {
  const count = /^\d{1,19}$/.test(text) ? Number(text) : undefined;
  return count !== undefined && count < 2 ** 62 ? count : undefined;
}
