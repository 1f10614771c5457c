import type { ContainerLimits } from './container.ts';
import type { Sample } from './sample.ts';

/** A NUMA node of a machine. */
export interface NumaNode {
  readonly id: string;
  readonly memoryBytes?: number;
  /** Numbers of reserved huge pages by their size in KiB. */
  readonly hugePages: ReadonlyMap<string, number>;
  /** Relative distances to each node, in the order of nodes; 10 to itself. */
  readonly distances: readonly number[];
}

/** The machine that a runtime runs on, by its kernel's files; what cannot be read is absent. */
export interface Machine {
  readonly machineId?: string;
  readonly systemUuid?: string;
  readonly bootId?: string;
  readonly logicalCpus?: number;
  readonly physicalCores?: number;
  readonly sockets?: number;
  readonly memoryBytes?: number;
  readonly swapBytes?: number;
  /** Absent where the kernel has no NUMA. */
  readonly nodes?: readonly NumaNode[];
}

/** A cgroup of the host that is no container's. */
export interface HostCgroup {
  /** From the root of the tree: `/`, `/system.slice`. */
  readonly path: string;
  readonly sample: Sample;
  readonly limits: ContainerLimits;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

/** What is read of a host besides its containers. */
export interface HostReading {
  readonly machine?: Machine;
  readonly cgroups: readonly HostCgroup[];
}

/** What is wanted of a host besides its containers. */
export interface HostNeeds {
  readonly machine: boolean;
  /** Which cgroups: none, the root alone, or those too that hold others. */
  readonly cgroups: 'none' | 'root' | 'slices';
}
