// One piece, because it is a table: memory in sum and by type read the same keys of the kernel.
import { stampedBy } from '../../model/instrument.ts';
import type { Attributes, ContainerInstrument } from '../../model/instrument.ts';
import { difference, numberOf } from '../../model/sample.ts';
import type { Integer, MemoryUsage } from '../../model/sample.ts';
import type { ContainerSnapshot } from '../../model/snapshot.ts';
import { pageFaults, residentMemory, workingSet } from '../formulas.ts';

const minor = { 'system.paging.fault.type': 'minor' };
const major = { 'system.paging.fault.type': 'major' };

/** Memory metrics of profile `semconv`. */
export const semconvMemory: readonly ContainerInstrument[] = stampedBy('memory', [
  amount(
    'container.memory.usage',
    'Memory in use, page cache included; on Windows what is committed',
    ({ usage, commitBytes }) => numberOf(usage ?? commitBytes),
  ),
  {
    ...amount(
      'container.memory.usage.peak',
      'Most memory in use since the container started',
      ({ maxUsage, commitPeakBytes }) => numberOf(maxUsage || commitPeakBytes || undefined),
    ),
    // Peaks of several containers were not at one time: they are no sum.
    kind: 'gauge',
    stability: 'extension',
    absentWhen: 'cgroup v2: the runtime does not report it',
  },
  amount(
    'container.memory.working_set',
    'Memory that cannot be taken back at once, as docker stats shows it; on Windows the private working set',
    workingSet,
  ),
  amount('container.memory.rss', 'Anonymous memory', (memory) => numberOf(residentMemory(memory))),
  {
    ...amount(
      'container.memory.available',
      'Memory left until the limit: limit minus working set',
      () => undefined,
    ),
    absentWhen: 'no limit is set',
    observe({ sample, limits }, observe) {
      const used = sample?.memory && workingSet(sample.memory);
      if (used !== undefined && limits.memoryBytes !== undefined)
        observe(Math.max(0, limits.memoryBytes - used));
    },
  },
  limit(
    'container.memory.limit.current',
    'Memory that the container may use',
    ({ limits }) => limits.memoryBytes,
  ),
  limit(
    'container.memory.reservation.current',
    'Memory that the container is left with when memory is short',
    (snapshot) => snapshot.limits.memoryReservationBytes,
  ),
  {
    name: 'container.memory.limit.utilization',
    kind: 'gauge',
    unit: '1',
    description: 'Working set divided by the limit, 0 to 1',
    attributes: [],
    source: 'stats',
    stability: 'extension',
    absentWhen: 'no limit is set',
    observe({ sample, limits }, observe) {
      const used = sample?.memory && workingSet(sample.memory);
      if (used !== undefined && limits.memoryBytes !== undefined) observe(used / limits.memoryBytes);
    },
  },
  {
    name: 'container.paging.faults',
    kind: 'counter',
    unit: '{fault}',
    description: 'Page faults by type',
    attributes: ['system.paging.fault.type'],
    source: 'stats',
    stability: 'development',
    observe({ sample, starts }, observe) {
      if (!sample?.memory) return;
      const faults = pageFaults(sample.memory);
      const majorStart = starts.of('memory', faults.majorKey);
      // A difference of two counters may fall when either begins again.
      const minorStart = Math.max(starts.of('memory', faults.allKey), majorStart);
      if (faults.minor !== undefined) observe(faults.minor, minor, minorStart);
      if (faults.major !== undefined) observe(faults.major, major, majorStart);
    },
  },
]);

function amount(
  name: string,
  description: string,
  read: (memory: MemoryUsage) => number | undefined,
): ContainerInstrument {
  return {
    name,
    kind: 'updowncounter',
    unit: 'By',
    description,
    attributes: [],
    source: 'stats',
    stability: 'release_candidate',
    absentWhen: 'the memory cgroup is off, or the runtime gives no key for it',
    observe({ sample }, observe) {
      const bytes = sample?.memory && read(sample.memory);
      if (bytes !== undefined) observe(bytes);
    },
  };
}

function limit(
  name: string,
  description: string,
  read: (snapshot: ContainerSnapshot) => number | undefined,
): ContainerInstrument {
  return {
    name,
    kind: 'updowncounter',
    unit: 'By',
    description,
    attributes: [],
    source: 'inspect',
    stability: 'extension',
    absentWhen: 'none is set',
    observe(snapshot, observe) {
      const bytes = read(snapshot);
      if (bytes !== undefined) observe(bytes);
    },
  };
}

/** One value of an attribute, and the keys of `memory.stat` for it; the first present key counts. */
interface Part {
  readonly attributes: Attributes;
  readonly keys: readonly string[];
}

const typeKey = 'container.memory.linux.type';
const cacheKey = 'container.memory.linux.page_cache.state';
const lruKey = 'container.memory.linux.lru.list';
const slabKey = 'system.memory.linux.slab.state';
const causeKey = 'container.memory.linux.transparent_hugepages.cause';
const operationKey = 'container.paging.linux.operation';
const eventKey = 'container.paging.linux.workingset.event';

const pageCache = { [typeKey]: 'page_cache' };
const sharedKeys = hierarchical('shmem');
const cacheKeys = [...hierarchical('cache'), 'file'];
const uncached = [
  part(typeKey, 'anonymous', [...hierarchical('rss'), 'anon']),
  part(typeKey, 'shared', sharedKeys),
  part(typeKey, 'kernel_stack', ['kernel_stack']),
  part(typeKey, 'slab', ['slab']),
  part(typeKey, 'socket', ['sock']),
];

/** Details of memory by key of the kernel's `memory.stat`: off by default, as each metric has many series. */
export const semconvMemoryDetail: readonly ContainerInstrument[] = stampedBy('memory', [
  {
    ...detail(
      'container.memory.linux.usage',
      typeKey,
      'Memory in use by what it holds; no byte is in two types',
    ),
    observe(snapshot, observe, cache) {
      const memory = snapshot.sample?.memory;
      const cached = memory && pageCacheBytes(memory);
      if (cached !== undefined) observe(cached, pageCache);
      observeParts(uncached)(snapshot, observe, cache);
    },
  },
  {
    ...detail(
      'container.memory.linux.page_cache.usage',
      cacheKey,
      'Page cache by state; a byte may be in several states',
    ),
    // A gauge is not summed: what is mapped may be dirty too.
    kind: 'gauge',
    observe: observeParts([
      part(cacheKey, 'mapped', [...hierarchical('mapped_file'), 'file_mapped']),
      part(cacheKey, 'dirty', [...hierarchical('dirty'), 'file_dirty']),
      part(cacheKey, 'writeback', [...hierarchical('writeback'), 'file_writeback']),
    ]),
  },
  {
    ...detail(
      'container.memory.linux.lru.usage',
      lruKey,
      'Memory on the lists by which the kernel reclaims it',
    ),
    observe: observeParts(
      ['active_anon', 'inactive_anon', 'active_file', 'inactive_file', 'unevictable'].map((list) =>
        part(lruKey, list, hierarchical(list)),
      ),
    ),
  },
  {
    ...detail(
      'container.memory.linux.slab.usage',
      slabKey,
      'Kernel objects by whether they can be reclaimed',
    ),
    absentWhen: 'cgroup v1',
    observe: observeParts([
      part(slabKey, 'reclaimable', ['slab_reclaimable']),
      part(slabKey, 'unreclaimable', ['slab_unreclaimable']),
    ]),
  },
  {
    ...detail(
      'container.memory.linux.transparent_hugepages.usage',
      undefined,
      'Anonymous memory in transparent huge pages',
    ),
    observe: observeParts([{ attributes: {}, keys: [...hierarchical('rss_huge'), 'anon_thp'] }]),
  },
  {
    ...events(
      'container.memory.linux.transparent_hugepages.allocations',
      causeKey,
      '{page}',
      'Huge pages allocated by cause',
    ),
    observe: countParts([
      part(causeKey, 'fault', ['thp_fault_alloc']),
      part(causeKey, 'collapse', ['thp_collapse_alloc']),
    ]),
  },
  {
    ...events(
      'container.paging.linux.operations',
      operationKey,
      '{page}',
      'Pages by what reclaim did with them; a page counts in each operation',
    ),
    absentWhen: 'cgroup v1, charge and uncharge excepted, which v2 lacks',
    observe: countParts([
      ...['scan', 'steal', 'refill', 'activate', 'deactivate', 'lazyfree', 'lazyfreed'].map((operation) =>
        part(operationKey, operation, hierarchical(`pg${operation}`)),
      ),
      part(operationKey, 'charge', hierarchical('pgpgin')),
      part(operationKey, 'uncharge', hierarchical('pgpgout')),
    ]),
  },
  {
    ...events(
      'container.paging.linux.workingset.events',
      eventKey,
      '{event}',
      'Evicted pages that were wanted again; activations are refaults too',
    ),
    observe: countParts(
      ['refault', 'activate', 'nodereclaim'].map((event) =>
        part(eventKey, event, hierarchical(`workingset_${event}`)),
      ),
    ),
  },
  {
    ...detail('container.paging.usage', undefined, 'Swap in use'),
    absentWhen: 'cgroup v2, or swap is not accounted',
    observe: observeParts([{ attributes: {}, keys: hierarchical('swap') }]),
  },
]);

/** cgroup v1 has a key for the group alone and one for its children too, which is what each key of v2 means. */
function hierarchical(key: string): readonly string[] {
  return [`total_${key}`, key];
}

function part(attribute: string, value: string, keys: readonly string[]): Part {
  return { attributes: { [attribute]: value }, keys };
}

/** The first of these keys that the kernel reports. */
function keyIn({ stats }: MemoryUsage, keys: readonly string[]): string | undefined {
  for (const key of keys) if (stats[key] !== undefined) return key;
  return undefined;
}

function statOf(memory: MemoryUsage, keys: readonly string[]): Integer | undefined {
  const key = keyIn(memory, keys);
  return key === undefined ? undefined : memory.stats[key];
}

/** The kernel counts shared memory (tmpfs, shm) as page cache; here it is a type of its own. */
function pageCacheBytes(memory: MemoryUsage): number | undefined {
  const all = statOf(memory, cacheKeys);
  const shared = statOf(memory, sharedKeys) ?? 0;
  return all === undefined || all < shared ? undefined : difference(all, shared);
}

function observeParts(parts: readonly Part[]): ContainerInstrument['observe'] {
  return ({ sample }, observe) => {
    if (!sample?.memory) return;
    for (const { attributes, keys } of parts) {
      const value = statOf(sample.memory, keys);
      if (value !== undefined) observe(Number(value), attributes);
    }
  };
}

function countParts(parts: readonly Part[]): ContainerInstrument['observe'] {
  return ({ sample, starts }, observe) => {
    if (!sample?.memory) return;
    for (const { attributes, keys } of parts) {
      const key = keyIn(sample.memory, keys);
      const value = key === undefined ? undefined : sample.memory.stats[key];
      if (value !== undefined) observe(Number(value), attributes, starts.of('memory', key));
    }
  };
}

type Declared = Omit<ContainerInstrument, 'observe'>;

function detail(name: string, attribute: string | undefined, description: string): Declared {
  return {
    name,
    kind: 'updowncounter',
    unit: 'By',
    description,
    attributes: attribute === undefined ? [] : [attribute],
    source: 'stats',
    stability: 'extension',
    offByDefault: true,
    absentWhen: 'the runtime gives no key for it (Podman, Windows)',
  };
}

function events(name: string, attribute: string, unit: string, description: string): Declared {
  return {
    ...detail(name, attribute, description),
    kind: 'counter',
    unit,
    absentWhen: 'cgroup v1, or the runtime gives no key for it',
  };
}
