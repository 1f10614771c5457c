/** The states a Docker or Podman runtime reports, in the runtime's own words (Moby `container.State`). */
export const containerStatuses = [
  'created',
  'running',
  'paused',
  'restarting',
  'removing',
  'exited',
  'dead',
] as const;

/** One of {@link containerStatuses}. */
export type ContainerStatus = (typeof containerStatuses)[number];

/** States of a health check; a container without one has no health at all. */
export const healthStatuses = ['starting', 'healthy', 'unhealthy'] as const;

/** One of {@link healthStatuses}. */
export type HealthStatus = (typeof healthStatuses)[number];

/** An image as the semantic conventions split it: name and tags apart. */
export interface ContainerImage {
  /** The reference as its user typed it, tag and digest included. */
  readonly reference?: string;
  /** The name alone, without tag and digest; absent when the runtime has only the image's id. */
  readonly name?: string;
  readonly tags: readonly string[];
  /** `sha256:…` of the image configuration. */
  readonly id?: string;
  /** `name@sha256:…`, as far as the reference itself names a digest. */
  readonly repoDigests: readonly string[];
}

/** Attributes made of a container's labels and environment, under their final names. */
export interface MappedAttributes {
  /** Of the container's resource. */
  readonly resource: Readonly<Record<string, string>>;
  /** Of each data point. */
  readonly point: Readonly<Record<string, string>>;
}

/** A container's identity: constant while it exists, except for its name. */
export interface ContainerIdentity {
  /** 64 hexadecimal digits. */
  readonly id: string;
  /** First of the runtime's names without its slash, else the full id. */
  readonly name: string;
  readonly image: ContainerImage;
  readonly labels: Readonly<Record<string, string>>;
  /** `KEY=value` entries; may hold secrets and is never exported whole. */
  readonly environment: readonly string[];
  readonly hostname?: string;
  /** The command's first word and its arguments (entrypoint included). */
  readonly command: readonly string[];
  /** The arguments alone that the image or its user gave (`Config.Cmd`), the entrypoint not among them. */
  readonly commandArguments?: readonly string[];
  readonly restartPolicy?: string;
  /** Path of its cgroup below the root of the hierarchy: `/docker/ID`; absent where the runtime does not let it be known. */
  readonly cgroupPath?: string;
  /** Milliseconds since the epoch. */
  readonly createdAt?: number;
  /** Attributes that settings make of labels and environment. */
  readonly mapped?: MappedAttributes;
}

/** State of a container as its runtime last reported it. */
export interface ContainerState {
  readonly status?: ContainerStatus;
  readonly health?: HealthStatus;
  /** Milliseconds since the epoch; absent before the first start. */
  readonly startedAt?: number;
  /** Milliseconds since the epoch; absent while it never ended. */
  readonly finishedAt?: number;
  /** Of the last end, or of a start that failed; absent while it runs, and before it was ever started. */
  readonly exitCode?: number;
  readonly oomKilled?: boolean;
  /** Restarts by the runtime's restart policy; falls to 0 when a user starts the container. */
  readonly restartCount?: number;
}

/** Limits of a container; one that is not set is absent, never 0 and never the host's size. */
export interface ContainerLimits {
  /** CPUs by quota or `--cpus`, as a decimal number. */
  readonly cpus?: number;
  /** As `--cpus` gave it, in billionths of a CPU. */
  readonly nanoCpus?: number;
  /** The set of CPUs by `--cpuset-cpus`, as typed: `0-3,7`. */
  readonly cpuset?: string;
  readonly cpuShares?: number;
  readonly cpuQuotaMicros?: number;
  readonly cpuPeriodMicros?: number;
  readonly memoryBytes?: number;
  readonly memoryReservationBytes?: number;
  /** Memory and swap together, as Docker counts it. */
  readonly memorySwapBytes?: number;
  readonly pids?: number;
  /** Limits that may be set, but whose values in the response are malformed. */
  readonly unknown?: readonly LimitName[];
}

/** One of {@link ContainerLimits}. */
export type LimitName = Exclude<keyof ContainerLimits, 'unknown'>;
