import type {
  ContainerIdentity,
  ContainerLimits,
  ContainerState,
  ContainerStatus,
  HealthStatus,
} from '../model/container.ts';
import type { ContainerEvent } from '../model/events.ts';
import type { DiskUsage } from '../model/disk-usage.ts';
import type { RuntimeDescription } from '../model/runtime.ts';
import type { Sample } from '../model/sample.ts';

/** One item of the runtime's list: enough to know who is there and whether to inspect again. */
export interface ListedContainer {
  readonly id: string;
  /** First of `Names` without its slash, else the full id. */
  readonly name: string;
  readonly status?: ContainerStatus;
  /** The runtime's text for people: `Up 5 minutes (healthy)`. */
  readonly statusText: string;
  readonly health?: HealthStatus;
  /** As its user typed it; the image's id once another image has that name. */
  readonly image?: string;
  /** As the runtime has them: only selecting looks at them. */
  readonly labels?: Readonly<Record<string, unknown>>;
}

/** What inspecting one container tells. */
export interface InspectedContainer {
  readonly identity: ContainerIdentity;
  readonly state: ContainerState;
  readonly limits: ContainerLimits;
}

/** Where containers are found: one runtime. Calls may overlap; each obeys its signal down to the socket. */
export interface ContainerSource {
  /** The endpoint without credentials. */
  readonly name: string;
  /** Version and host of the runtime; negotiates the API version. Throws {@link SourceError}. */
  describe(signal: AbortSignal): Promise<RuntimeDescription>;
  /** Every container, stopped ones too. Throws {@link SourceError}. */
  list(signal: AbortSignal): Promise<readonly ListedContainer[]>;
  /** Throws {@link SourceError}, `not-found` when the container is gone. */
  inspect(id: string, signal: AbortSignal): Promise<InspectedContainer>;
  /** One measurement; `undefined` when the container does not run. Throws {@link SourceError}. */
  sample(id: string, signal: AbortSignal): Promise<Sample | undefined>;
  /** Disk usage, which the runtime may take minutes for; absent where the source has none. Throws {@link SourceError}. */
  diskUsage?(signal: AbortSignal): Promise<DiskUsage>;
  /**
   * What happens to containers from now on, after what the runtime remembers since then; resolves once the runtime listens,
   * throws SourceError when the stream breaks off. Undefined for a runtime whose events cannot be relied on.
   * @param sinceNanos by the runtime's clock, since the epoch.
   */
  events(signal: AbortSignal, sinceNanos?: number): Promise<AsyncIterable<ContainerEvent> | undefined>;
  /** Ends every connection. */
  close(): void;
}
