import type {
  ContainerIdentity,
  ContainerLimits,
  ContainerState,
  ContainerStatus,
  HealthStatus,
} from '../model/container.ts';
import type { ContainerEvent } from '../model/events.ts';
import type { ContainerFilesystem, DiskUsage, DiskUsageNeeds, Filesystem } from '../model/disk-usage.ts';
import type { HostReading } from '../model/host.ts';
import type { RuntimeDescription } from '../model/runtime.ts';
import type { Sample } from '../model/sample.ts';
import type { UsageReport } from '../model/usage-report.ts';

/** One item of the runtime's list: enough to find new and removed containers and those to inspect again. */
export interface ListedContainer {
  readonly id: string;
  /** Its own name, else the full id. */
  readonly name: string;
  readonly status?: ContainerStatus;
  /** Opaque; when it differs from the last list's, the container changed and is inspected again. */
  readonly revision: string;
  /** True when its last start or end may be less than a minute ago: a run may then change without a new revision. */
  readonly changedRecently: boolean;
  readonly health?: HealthStatus;
  /** As its user typed it; the image's id once another image has that name. */
  readonly image?: string;
  /** As the runtime has them: only the selection reads them. */
  readonly labels?: Readonly<Record<string, unknown>>;
}

/** The network namespace of a container. */
export interface ContainerNetwork {
  /** Id of the container whose namespace this one joined; absent for a namespace of its own. */
  readonly ownerId?: string;
  /** When the namespace was made, where the source has it; milliseconds since the epoch. */
  readonly startedAt?: number;
  /** True when it lives in the host's namespace. */
  readonly isHost?: boolean;
}

/** The Kubernetes pod of a container. */
export interface ContainerPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid?: string;
}

/** Result of inspecting one container. */
export interface InspectedContainer {
  readonly identity: ContainerIdentity;
  readonly state: ContainerState;
  readonly limits: ContainerLimits;
  /** Of its first process, in the runtime's own pid namespace; absent while it does not run. */
  readonly pid?: number;
  readonly network: ContainerNetwork;
  /** The clock of the times in `identity` and `state` minus the agent's, in milliseconds; absent where they agree. */
  readonly clockOffsetMillis?: number;
  readonly pod?: ContainerPod;
}

/** What one run of a container had used, as last read. */
export interface EndedRun {
  /** Counters and peaks alone. */
  readonly sample: Sample;
  /** When its cgroup was made, or is known to have been there; milliseconds since the epoch by the agent's clock. */
  readonly since: number;
}

/** Source of usage: a runtime's API, the kernel's cgroup files. */
export interface UsageSource {
  readonly kind: 'docker' | 'cgroup' | 'cri' | 'kubelet';
  /** One round over the containers of a source; a call that covers all is made at the first read. */
  round(signal: AbortSignal): UsageRound;
  /** Where the usage of its containers came from last; absent for a source with one answer to that. */
  report?(): UsageReport;
  /**
   * The file system of a directory of the containers' host; undefined where it cannot be reached. Throws
   * {@link SourceError} where it does not respond.
   */
  filesystem?(directory: string): Promise<Filesystem | undefined>;
  /** What is in use of each file system of the containers' host; undefined where they are not known to be on this one. */
  hostFilesystems?(): Promise<readonly ContainerFilesystem[] | undefined>;
  /** What is wanted of the containers' host besides them; undefined where they are not known to be on this one. */
  host?(): HostReading | undefined;
  /** Lets go of what it keeps open of containers that are gone or do not run. */
  retain?(mayRun: (id: string) => boolean): void;
  /**
   * What a run had used that the runtime says has ended: each run once, the earliest first. Undefined where that was not
   * read near its end.
   */
  ended?(id: string): EndedRun | undefined;
  /** Lets go of all that it keeps open between rounds. */
  close?(): void;
}

/** The reads of one round; they may overlap. */
export interface UsageRound {
  /** One sample; undefined when the container does not run. Throws {@link SourceError}. */
  read(container: InspectedContainer): Promise<Sample | undefined>;
  close(): void;
}

/**
 * Source of containers: one runtime on one host. Calls may overlap; each obeys its signal down to the socket.
 */
export interface ContainerSource {
  /** The endpoint without credentials. */
  readonly name: string;
  /** Path of the cgroup in which it makes those of its containers, where nothing else is set; absent while that is not known. */
  readonly cgroupParent?: string | undefined;
  /** Number of items of its last list that are not measured, since they are malformed or beyond the limits. */
  readonly refusedCount?: number;
  /** Version and host of the runtime; negotiates the API version. Throws {@link SourceError}. */
  describe(signal: AbortSignal): Promise<RuntimeDescription>;
  /** True when a sample's time shows that the runtime's clock, or the agent's, was set since the last description. */
  readonly clockJumped?: boolean;
  /** Every container, stopped ones too. Throws {@link SourceError}. */
  list(signal: AbortSignal): Promise<readonly ListedContainer[]>;
  /** Throws {@link SourceError}, `not-found` when the container is gone. */
  inspect(id: string, signal: AbortSignal): Promise<InspectedContainer>;
  /** The runtime's own usage, always there as the fallback. */
  readonly usage: UsageSource;
  /** Disk usage, which the runtime may take minutes for; absent where the source has none. Throws {@link SourceError}. */
  diskUsage?(signal: AbortSignal, needs: DiskUsageNeeds): Promise<DiskUsage>;
  /**
   * Stream of events from now on, preceded by those that the runtime remembers since `sinceNanos`. Resolves once the
   * stream is open; iteration throws SourceError when it breaks off. Undefined for a runtime without reliable events.
   * @param sinceNanos by the runtime's clock, since the epoch.
   */
  events(signal: AbortSignal, sinceNanos?: number): Promise<AsyncIterable<ContainerEvent> | undefined>;
  /** Ends every connection. */
  close(): void;
}
