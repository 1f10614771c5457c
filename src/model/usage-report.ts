/** Where the usage of a source's containers came from last. */
export interface UsageReport {
  /** In words: `cgroup v2 at /sys/fs/cgroup`. */
  readonly place: string;
  /** Containers that are read there. */
  readonly containers: number;
  /** Containers that are not, by the reason in words. */
  readonly elsewhere: ReadonlyMap<string, number>;
  /** Files that could not be read, by name: of so many containers. */
  readonly unreadable: ReadonlyMap<string, number>;
  /** Containers whose end is announced by the kernel, and cannot be watched. */
  readonly unwatched: number;
  /** True where the runtime gives what is not read there. */
  readonly hasFallback: boolean;
}
