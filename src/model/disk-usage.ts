/** Types of objects that take up disk space in a runtime, in the order of `docker system df`. */
export const diskObjectTypes = ['image', 'container', 'volume', 'build_cache'] as const;

/** One of {@link diskObjectTypes}. */
export type DiskObjectType = (typeof diskObjectTypes)[number];

/** The space that all objects of one type take up, in bytes. */
export interface DiskSize {
  readonly totalBytes?: number;
  /** Bytes that removing unused objects would free. */
  readonly reclaimableBytes?: number;
}

/** A runtime's disk usage by type; a type that it does not report is absent. */
export type DiskUsage = Readonly<Partial<Record<DiskObjectType, DiskSize>>> & {
  /** Bytes of writable layers by the ids of their containers; absent where the runtime gives none. */
  readonly writableLayers?: ReadonlyMap<string, number>;
};

/** What a measurement of disk usage is for: the runtime is asked for no more. */
export interface DiskUsageNeeds {
  /** Sums by type. */
  readonly sums: boolean;
  /** The writable layer of each container. */
  readonly containers: boolean;
}

/** The file system that holds what containers write. */
export interface Filesystem {
  /** What is mounted, as the kernel names it: `/dev/sda1`. */
  readonly device: string;
  readonly capacityBytes: number;
  /** For users without privileges. */
  readonly availableBytes: number;
  /** Absent where the file system makes them as they are needed. */
  readonly inodes?: number;
  readonly freeInodes?: number;
}

/** A container's part of the file system that holds it. */
export interface ContainerFilesystem {
  /** Bytes of its writable layer; absent where the runtime does not give them. */
  readonly usageBytes?: number;
  /** Absent where it cannot be reached. */
  readonly filesystem?: Filesystem;
}

/** Result of measuring a runtime's disk usage, and its cost. */
export interface DiskUsageReport {
  /** Of the last measurement; absent until the first, and when the last one failed. */
  readonly usage?: DiskUsage;
  /** The file system of the runtime's containers, measured at that time; absent where it cannot be reached. */
  readonly filesystem?: Filesystem;
  /** What is in use of each file system of the host; absent where they cannot be reached. */
  readonly hostFilesystems?: readonly ContainerFilesystem[];
  /** When it was measured; milliseconds since the epoch. */
  readonly measuredAt?: number;
  /** Duration of the last measurement, failed or not; absent until the first has ended. */
  readonly seconds?: number;
  /** Failed measurements since `since`, by a low-cardinality type. */
  readonly failures: ReadonlyMap<string, number>;
  /** Milliseconds since the epoch. */
  readonly since: number;
}
