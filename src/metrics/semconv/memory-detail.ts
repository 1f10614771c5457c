// One piece, because it is a table: the details of memory read the same keys of the kernel.
import { stampedBy } from '../../model/instrument.ts';
import type { Attributes, ContainerInstrument, Observe } from '../../model/instrument.ts';
import { difference, memoryEventCounter } from '../../model/sample.ts';
import type { Integer, MemoryUsage } from '../../model/sample.ts';
import type { ContainerSnapshot } from '../../model/snapshot.ts';
import { isCgroupV2 } from '../formulas.ts';

/** One value of an attribute, and the keys of `memory.stat` for it; the first present key counts. */
interface Part {
  readonly attributes: Attributes;
  readonly keys: readonly string[];
  /** Keys that count by kind of page since Linux 5.9: their sum comes first. */
  readonly split?: readonly string[];
}

const typeKey = 'container.memory.linux.type';
const cacheKey = 'container.memory.linux.page_cache.state';
const lruKey = 'container.memory.linux.lru.list';
const slabKey = 'system.memory.linux.slab.state';
const causeKey = 'container.memory.linux.transparent_hugepages.cause';
const operationKey = 'container.paging.linux.operation';
const eventKey = 'container.paging.linux.workingset.event';
const boundKey = 'container.memory.linux.event';

const boundEvents = ['low', 'high', 'max', 'oom', 'oom_group_kill'].map((event) => ({
  event,
  counter: memoryEventCounter(event),
  attributes: { [boundKey]: event },
}));

const pageCache = { [typeKey]: 'page_cache' };
const sharedKeys = hierarchical('shmem');
const cacheKeys = [...hierarchical('cache'), 'file'];
const uncached = [
  part(typeKey, 'anonymous', [...hierarchical('rss'), 'anon']),
  part(typeKey, 'shared', sharedKeys),
  part(typeKey, 'kernel_stack', ['kernel_stack']),
  part(typeKey, 'page_tables', ['pagetables']),
  part(typeKey, 'per_cpu', ['percpu']),
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
      ['refault', 'activate', 'restore', 'nodereclaim'].map((event) => ({
        ...part(eventKey, event, hierarchical(`workingset_${event}`)),
        split: [`workingset_${event}_anon`, `workingset_${event}_file`],
      })),
    ),
  },
  {
    ...events(
      'container.memory.linux.events',
      boundKey,
      '{event}',
      'How often memory ran into one of its bounds, by event',
    ),
    source: 'cgroup',
    absentWhen:
      'usage is read by the runtime’s API, which has oom alone of cgroup v2 and max alone of v1, each from its first on; v1 has no more than max',
    observe: observeEvents,
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
    for (const { attributes, keys, split = [] } of parts) {
      const counted = countedKeys(sample.memory, split, keys);
      if (counted.length === 0) continue;
      const value = counted.reduce((sum, key) => sum + Number(sample.memory?.stats[key]), 0);
      // A sum may fall when one of its counters begins again.
      const startedAt = Math.max(...counted.map((key) => starts.of('memory', key)));
      observe(value, attributes, startedAt);
    }
  };
}

/** All of the split keys, else the first of the others that the kernel reports. */
function countedKeys(
  memory: MemoryUsage,
  split: readonly string[],
  keys: readonly string[],
): readonly string[] {
  if (split.length > 0 && split.every((key) => memory.stats[key] !== undefined)) return split;
  const key = keyIn(memory, keys);
  return key === undefined ? [] : [key];
}

/**
 * cgroup v1 counts how often the limit was hit (`memory.failcnt`), and no other event but kills, which are a metric of
 * their own. What the runtime's API calls so is `oom` on v2: Docker fills it in from `memory.events`.
 */
function observeEvents(snapshot: ContainerSnapshot, observe: Observe): void {
  const { sample, starts } = snapshot;
  const { events, failures } = sample?.memory ?? {};
  for (const { event, counter, attributes } of boundEvents) {
    const count = events?.[event];
    if (count !== undefined) observe(Number(count), attributes, starts.of('memory', counter));
  }
  const event = isCgroupV2(snapshot) ? 'oom' : 'max';
  if (failures !== undefined && events?.[event] === undefined)
    observe(Number(failures), { [boundKey]: event }, starts.of('memory', 'failures'));
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
