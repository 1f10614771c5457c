import type { MemoryFigures } from '../world/memory-use.ts';

/** Memory as each cgroup version gives it (shape of Moby's api/types/container MemoryStats). */
export function memoryStats(memory: MemoryFigures, cgroup: 1 | 2): object {
  const { usage, maxUsage, limit } = memory;
  return cgroup === 2
    ? { usage, stats: keysOfV2(memory), limit }
    : { usage, max_usage: maxUsage, stats: keysOfV1(memory), limit };
}

/** The lines of memory.stat that Engine 28 passes on. */
function keysOfV2(memory: MemoryFigures): object {
  const reclaimable = Math.floor(memory.slab * 0.4);
  return {
    active_anon: 0,
    active_file: memory.activeFile,
    anon: memory.anonymous,
    anon_thp: 0,
    file: memory.activeFile + memory.inactiveFile,
    file_dirty: 0,
    file_mapped: memory.mappedFile,
    file_writeback: 0,
    inactive_anon: memory.anonymous,
    inactive_file: memory.inactiveFile,
    kernel_stack: memory.kernelStack,
    pgactivate: 0,
    pgdeactivate: 0,
    pgfault: memory.pageFaults,
    pglazyfree: 0,
    pglazyfreed: 0,
    pgmajfault: memory.majorFaults,
    pgrefill: 0,
    pgscan: 0,
    pgsteal: 0,
    shmem: 0,
    slab: memory.slab,
    slab_reclaimable: reclaimable,
    slab_unreclaimable: memory.slab - reclaimable,
    sock: 0,
    thp_collapse_alloc: 0,
    thp_fault_alloc: 0,
    unevictable: 0,
    workingset_activate: 0,
    workingset_nodereclaim: 0,
    workingset_refault: 0,
  };
}

/** The lines of v1's memory.stat, each also as `total_…`, which counts child groups too. */
function keysOfV1(memory: MemoryFigures): object {
  const own = {
    active_anon: 0,
    active_file: memory.activeFile,
    cache: memory.activeFile + memory.inactiveFile,
    dirty: 0,
    inactive_anon: memory.anonymous,
    inactive_file: memory.inactiveFile,
    mapped_file: memory.mappedFile,
    pgfault: memory.pageFaults,
    pgmajfault: memory.majorFaults,
    pgpgin: memory.pageFaults * 2,
    pgpgout: memory.pageFaults,
    rss: memory.anonymous,
    rss_huge: 0,
    unevictable: 0,
    writeback: 0,
  };
  return {
    ...own,
    hierarchical_memory_limit: memory.limit,
    hierarchical_memsw_limit: memory.limit * 2,
    ...Object.fromEntries(Object.entries(own).map(([key, value]) => [`total_${key}`, value])),
  };
}
