import type { ContainerIdentity, ContainerLimits, ContainerState, ContainerStatus } from './container.ts';
import type { ContainerFilesystem, DiskUsageReport } from './disk-usage.ts';
import type { Machine } from './host.ts';
import type { RuntimeDescription } from './runtime.ts';
import type { EventCountsSince, ImageEventCounts } from './events.ts';
import type { DroppedAttributes } from './identity-mapper.ts';
import type { PreviousSample, Sample } from './sample.ts';

/** Counters that begin together: a cgroup controller's, those of one network interface, or what outlives runs. */
export type CounterGroup = 'cpu' | 'memory' | 'block-io' | 'pressure' | `network ${string}` | HostGroup;

/** Counters that outlive the runs of a container: its host's CPU time, and its restarts. */
export type HostGroup = 'host' | 'restarts';

/** Start times of counters in milliseconds since the epoch; no counter falls within one start. */
export interface CounterStarts {
  /** @param counter its key in the sample; without one the latest start of the group, which holds for sums over it. */
  of(group: CounterGroup, counter?: string): number;
}

/** One published container at one moment. */
export interface ContainerSnapshot {
  /** Stands for the container's tracker: what a reader keeps of a container hangs on it in a WeakMap and dies with it. */
  readonly owner: object;
  readonly runtime: RuntimeDescription;
  readonly identity: ContainerIdentity;
  readonly state: ContainerState;
  readonly limits: ContainerLimits;
  /** When the runtime last reported the state; milliseconds since the epoch. */
  readonly stateAt: number;
  /** The latest measurement, or for a while the last one of a run that has ended; else absent while the container does not run. */
  readonly sample?: Sample;
  /** True while the runtime lists the container and cannot describe it: its name and state are all there is of it. */
  readonly isListedOnly?: boolean;
  /** True when it runs and yet the runtime gave no usage on two probes in a row: all there is of it are its networks. */
  readonly givesNoUsage: boolean;
  /** True when it lives in the host's network namespace, whose traffic is not its own. */
  readonly hasHostNetwork?: boolean;
  /** The network namespace that it joined; its counters are exported for one container of the namespace alone. */
  readonly sharedNetwork?: { readonly ownerId: string; readonly isCountedHere: boolean };
  /** Our own measurement before that one, of the same run. */
  readonly previous?: PreviousSample;
  readonly starts: CounterStarts;
  /** As last measured; absent without a measurement. */
  readonly filesystem?: ContainerFilesystem;
  /** Failed measurements of this container since `trackedSince`. */
  readonly failures: number;
  /** Milliseconds since the epoch. */
  readonly trackedSince: number;
  /** Counts of its events; absent without a stream of events. */
  readonly events?: EventCountsSince;
  /** False while its state could not be read, and once it is gone: then only `failures` and `events` may be shown. */
  readonly published: boolean;
}

/** What is measured of any cgroup, a container's or not. */
export interface Measured extends Pick<
  ContainerSnapshot,
  'runtime' | 'state' | 'limits' | 'stateAt' | 'sample' | 'sharedNetwork' | 'filesystem' | 'starts' | 'events'
> {
  readonly identity: Pick<ContainerIdentity, 'createdAt'>;
  /** What is in use of each file system; of a host's root alone. */
  readonly filesystems?: readonly ContainerFilesystem[];
}

/** A cgroup of the host that is no container's, at one moment: the root, or one that holds others. */
export interface CgroupSnapshot extends Measured {
  /** Stands for the cgroup: what a reader keeps of it hangs on it in a WeakMap and dies with it. */
  readonly owner: object;
  /** From the root of the tree. */
  readonly path: string;
}

/** A container's identity and its runtime. */
export type Identified = Pick<ContainerSnapshot, 'runtime' | 'identity'>;

/** One runtime at one moment. */
export interface RuntimeSnapshot {
  /** Stands for the tracker set: what a reader keeps of a runtime hangs on it in a WeakMap and dies with it. */
  readonly owner: object;
  readonly runtime: RuntimeDescription;
  /** Published containers; empty while the runtime does not answer. */
  readonly containers: readonly ContainerSnapshot[];
  /** Number of containers that exist; absent while the runtime does not answer. */
  readonly containerCount?: number;
  /** The same by state, as far as the runtime's list has states. */
  readonly containersByStatus?: ReadonlyMap<ContainerStatus, number>;
  /** Containers that are gone, whose `events` stay in sight for a while. */
  readonly removed?: readonly ContainerSnapshot[];
  /** Cgroups of its host that are no containers': entities of their own, neither listed nor counted among those. */
  readonly cgroups?: readonly CgroupSnapshot[];
  /** The machine that it runs on, by the kernel's files; absent where these are not known to be its. */
  readonly machine?: Machine;
  /** Absent without a stream of events. */
  readonly imageEvents?: ImageEventCounts;
  /** Absent until it has been measured once. */
  readonly diskUsage?: DiskUsageReport;
  /** Number of them that the selection excludes; absent while the runtime does not answer. */
  readonly unselectedCount?: number;
  /** Attributes that are left out; absent when none are made. */
  readonly droppedAttributes?: DroppedAttributes;
  /** End of the last successful probe; absent until the first. Milliseconds since the epoch. */
  readonly lastSuccess?: number;
  /** Time of the snapshot; milliseconds since the epoch. */
  readonly now: number;
}
