import type { CompleteSpec } from './container-spec.ts';

/** Memory of a container at one instant, in bytes, and its page faults since the start of the run. */
export interface MemoryUsage {
  readonly usage: number;
  /** Highest usage of the run so far, as cgroup v1 keeps it. */
  readonly maxUsage: number;
  readonly anonymous: number;
  readonly activeFile: number;
  readonly inactiveFile: number;
  readonly mappedFile: number;
  readonly kernelStack: number;
  readonly slab: number;
  readonly pageFaults: number;
  readonly majorFaults: number;
  /** The container's own limit, else the host's memory, as the Engine reports it. */
  readonly limit: number;
}

const page = 4096;
const warmUpSeconds = 20;
const cacheSeconds = 600;
const swing = 0.12;

/** Makes the memory curve of one run: warm-up, page cache that fills what is free, or a climb to the limit. */
export function createMemoryUse(
  random: () => number,
  spec: CompleteSpec,
  host: { readonly memoryBytes: number },
): (seconds: number) => MemoryUsage {
  const { load, limits } = spec;
  const limit = limits.memoryBytes ?? host.memoryBytes;
  const phase = 2 * Math.PI * random();
  const period = 60 + 240 * random();
  const activeShare = 0.2 + 0.5 * random();
  const faultsPerSecond = 5 + 400 * random();
  const kernelStack = load.processes * 4 * page;
  const slab = inPages(200_000 + load.processes * 9000);
  const anonymousAt = spec.ending?.outOfMemory
    ? climb(limit, spec.ending.afterMillis / 1000)
    : (seconds: number): number =>
        warmUp(load.memoryBytes, seconds) * (1 + swing * Math.sin((2 * Math.PI * seconds) / period + phase));
  return (seconds) => {
    const anonymous = inPages(Math.min(anonymousAt(seconds), limit - kernelStack - slab));
    const free = limit - anonymous - kernelStack - slab;
    const file = inPages(Math.min(load.cacheBytes * (1 - Math.exp(-seconds / cacheSeconds)), free));
    const activeFile = inPages(file * activeShare);
    const max = warmUp(load.memoryBytes, seconds) * (1 + swing) + load.cacheBytes + kernelStack + slab;
    const usage = anonymous + file + kernelStack + slab;
    return {
      usage,
      maxUsage: Math.max(usage, inPages(Math.min(max, limit))),
      anonymous,
      activeFile,
      inactiveFile: file - activeFile,
      mappedFile: inPages(activeFile / 3),
      kernelStack,
      slab,
      pageFaults: Math.floor(600 + seconds * faultsPerSecond),
      majorFaults: Math.floor(seconds / 50),
      limit,
    };
  };
}

function warmUp(bytes: number, seconds: number): number {
  return bytes * (1 - 0.7 * Math.exp(-seconds / warmUpSeconds));
}

/** A leak that reaches the limit just when the kernel kills the container. */
function climb(limit: number, lastSecond: number): (seconds: number) => number {
  return (seconds) => limit * Math.min(1, 0.1 + (0.9 * seconds) / lastSecond);
}

function inPages(bytes: number): number {
  return Math.max(0, Math.floor(bytes / page)) * page;
}
