/** Attribute key of a runtime's endpoint: of each metric that is about a runtime and not one container. */
export const endpointKey = 'container.runtime.endpoint';

/** Description of one runtime (a Docker or Podman daemon) and of the host it runs on. */
export interface RuntimeDescription {
  /** The endpoint without credentials: what logs and the attribute `container.runtime.endpoint` show. */
  readonly name: string;
  /** `docker` or `podman`; absent before the runtime's first response. */
  readonly runtimeName?: string;
  readonly runtimeVersion?: string;
  readonly apiVersion?: string;
  readonly hostName?: string;
  /** The runtime's own identifier of its host (`Info.ID`). */
  readonly hostId?: string;
  readonly osType?: string;
  /** As its makers name it: `Debian GNU/Linux 12 (bookworm)`. */
  readonly operatingSystem?: string;
  readonly kernelVersion?: string;
  readonly architecture?: string;
  /** 1 or 2. */
  readonly cgroupVersion?: number;
  readonly cgroupDriver?: string;
  readonly storageDriver?: string;
  /** Directory on its host that holds the layers of containers. */
  readonly storageDirectory?: string;
  /** Images that it holds, when it was described. */
  readonly images?: number;
  readonly cpus?: number;
  readonly memoryBytes?: number;
  /**
   * The runtime's clock minus the agent's, in milliseconds; 0 where they agree within a second, absent where the runtime
   * does not report its time.
   */
  readonly clockOffsetMillis?: number;
  /** Warnings of the runtime itself, such as `WARNING: No memory limit support`. */
  readonly warnings: readonly string[];
}

/** A time by a runtime's clock as the agent's has it, in milliseconds since the epoch; after the epoch, whatever a runtime reports. */
export function agentTime(
  millis: number,
  { clockOffsetMillis = 0 }: Pick<RuntimeDescription, 'clockOffsetMillis'>,
): number {
  return Math.max(1, millis - clockOffsetMillis);
}
