import type { DiskFigures } from '../world/workload.ts';

interface BlockIoEntry {
  readonly major: number;
  readonly minor: number;
  readonly op: string;
  readonly value: number;
}

/** Shape of Moby's api/types/container BlkioStats. */
interface BlockIoStats {
  readonly io_service_bytes_recursive: readonly BlockIoEntry[] | null;
  readonly io_serviced_recursive: readonly BlockIoEntry[] | null;
  readonly io_queue_recursive: readonly BlockIoEntry[] | null;
  readonly io_service_time_recursive: readonly BlockIoEntry[] | null;
  readonly io_wait_time_recursive: readonly BlockIoEntry[] | null;
  readonly io_merged_recursive: readonly BlockIoEntry[] | null;
  readonly io_time_recursive: readonly BlockIoEntry[] | null;
  readonly sectors_recursive: readonly BlockIoEntry[] | null;
}

const DEVICE = { major: 254, minor: 0 } as const;

/** Block I/O as each cgroup version gives it: v2 only bytes, in small letters; v1 operations too, by six names. */
export function blockIoStats(disk: DiskFigures | undefined, cgroup: 1 | 2): BlockIoStats {
  const bytes = disk && entries(disk.readBytes, disk.writtenBytes, cgroup);
  const operations = disk && cgroup === 1 ? entries(disk.reads, disk.writes, cgroup) : null;
  const never = disk && cgroup === 1 ? [] : null;
  return {
    io_service_bytes_recursive: bytes ?? null,
    io_serviced_recursive: operations,
    io_queue_recursive: never,
    io_service_time_recursive: never,
    io_wait_time_recursive: never,
    io_merged_recursive: never,
    io_time_recursive: never,
    sectors_recursive: never,
  };
}

function entries(read: number, written: number, cgroup: 1 | 2): BlockIoEntry[] | null {
  // Without any I/O the v2 file has no line for the device.
  if (cgroup === 2 && read + written === 0) return null;
  const sync = Math.floor(written / 4);
  const values =
    cgroup === 2
      ? { read, write: written }
      : {
          Read: read,
          Write: written,
          Sync: sync,
          Async: read + written - sync,
          Discard: 0,
          Total: read + written,
        };
  return Object.entries(values).map(([op, value]) => ({ ...DEVICE, op, value }));
}
