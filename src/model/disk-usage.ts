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
export type DiskUsage = Readonly<Partial<Record<DiskObjectType, DiskSize>>>;

/** Result of measuring a runtime's disk usage, and its cost. */
export interface DiskUsageReport {
  /** Of the last measurement; absent until the first, and when the last one failed. */
  readonly usage?: DiskUsage;
  /** When it was measured; milliseconds since the epoch. */
  readonly measuredAt?: number;
  /** Duration of the last measurement, failed or not; absent until the first has ended. */
  readonly seconds?: number;
  /** Failed measurements since `since`, by a low-cardinality type. */
  readonly failures: ReadonlyMap<string, number>;
  /** Milliseconds since the epoch. */
  readonly since: number;
}
