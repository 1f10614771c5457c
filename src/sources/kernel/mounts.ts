import { realpath, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { settlesWithin } from '../../concurrency/cancellation.ts';
import type { ContainerFilesystem, Filesystem } from '../../model/disk-usage.ts';
import { SourceError } from '../source-error.ts';
import { contentOf } from './open-file.ts';

/** One mount as this process sees it. */
export interface MountPoint {
  readonly point: string;
  /** Path within what is mounted. */
  readonly root: string;
  readonly type: string;
  /** What is mounted: `/dev/sda1`, `tmpfs`. */
  readonly device: string;
  /** Numbers of the device, such as `8:1`. */
  readonly numbers: string;
}

/** Every mount that this process sees, in the order of mounting (`proc_pid_mountinfo(5)`). */
export function mountPoints(mountInfo = contentOf('/proc/self/mountinfo') ?? ''): readonly MountPoint[] {
  return mountInfo.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ', 2);
    const [, , numbers = '', root, point] = before.split(' ');
    const [type, device] = after.split(' ');
    if (root === undefined || point === undefined || type === undefined || device === undefined) return [];
    return [{ point: unescaped(point), root: unescaped(root), type, device: unescaped(device), numbers }];
  });
}

/** The kernel writes spaces in paths as octal numbers. */
function unescaped(path: string): string {
  return path.replaceAll(/\\([0-7]{3})/g, (_whole, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

/** Others respond at once. */
const hangMillis = 5000;

type Sleep = Parameters<typeof settlesWithin>[2];

/**
 * What is read of file systems. One whose device or server is gone may never respond, and holds a thread meanwhile: it is
 * read once at a time, and not waited for.
 */
export class Filesystems<T> {
  readonly #sleep: Sleep;
  readonly #reading = new Map<string, Promise<T>>();

  constructor(sleep: Sleep) {
    this.#sleep = sleep;
  }

  /**
   * What a reading gives, or one of the same that is under way. Throws {@link SourceError} where it does not respond.
   * @param read never rejects.
   */
  async read(of: string, read: () => Promise<T>): Promise<T> {
    const reading = this.#reading.get(of) ?? read().finally(() => this.#reading.delete(of));
    this.#reading.set(of, reading);
    const ended = reading.then(() => undefined);
    if (await settlesWithin(ended, hangMillis, this.#sleep)) return await reading;
    throw new SourceError('timeout', `${of}: a file system does not respond`);
  }
}

/**
 * The file system of a directory of the host, such as the one where a runtime keeps layers: below the root beside the
 * host's `/proc`, below `/rootfs`, where cAdvisor has the host's root, or at the same path; undefined where it is at none.
 */
export async function filesystemOf(
  directory: string,
  procRoot: string,
  mounts: readonly MountPoint[] = mountPoints(),
): Promise<Filesystem | undefined> {
  for (const root of new Set([dirname(procRoot), '/rootfs', '/'])) {
    const found = await filesystemAt(join(root, directory), mounts);
    if (found) return found;
  }
  return undefined;
}

/** What is in use of each device that the host has mounted; those that are not to be seen from here are left out. */
export async function hostFilesystems(proc: string): Promise<readonly ContainerFilesystem[]> {
  const found = new Map<string, ContainerFilesystem>();
  for (const mount of mountPoints(contentOf(join(proc, '1/mountinfo')) ?? '')) {
    if (!mount.device.startsWith('/dev/') || found.has(mount.device)) continue;
    for (const root of new Set([dirname(proc), '/rootfs'])) {
      const used = await usedAt(join(root, mount.point), mount);
      if (used) found.set(mount.device, used);
    }
  }
  return [...found.values()];
}

/** Undefined where another device is at the path, or it is closed to us, as what is mounted below others' directories may be. */
async function usedAt(path: string, mount: MountPoint): Promise<ContainerFilesystem | undefined> {
  try {
    const { dev } = await stat(path);
    if (dev !== deviceNumber(mount.numbers)) return undefined;
    const { bsize, blocks, bfree } = await statfs(path);
    const filesystem = await filesystemAt(path, [{ ...mount, point: '/' }]);
    return filesystem && { filesystem, usageBytes: (blocks - bfree) * bsize };
  } catch {
    return undefined;
  }
}

/** As `makedev(3)` makes it of two numbers. */
function deviceNumber(numbers: string): number {
  const [major = 0, minor = 0] = numbers.split(':').map(Number);
  return (major & 0xfff) * 0x100 + (minor & 0xff) + Math.floor(minor / 0x100) * 0x100000;
}

async function filesystemAt(path: string, mounts: readonly MountPoint[]): Promise<Filesystem | undefined> {
  try {
    const real = await realpath(path);
    const { bsize, blocks, bavail, files, ffree } = await statfs(real);
    const device = deviceOf(real, mounts);
    if (device === undefined || blocks === 0) return undefined;
    return {
      device,
      capacityBytes: blocks * bsize,
      availableBytes: bavail * bsize,
      // Some file systems make inodes as they are needed, and say 0.
      ...(files > 0 && { inodes: files, freeInodes: ffree }),
    };
  } catch {
    // Not there, or in a directory that is closed to us.
    return undefined;
  }
}

/** What is mounted at the last of the mount points above a path: later ones hide earlier ones. */
function deviceOf(path: string, mounts: readonly MountPoint[]): string | undefined {
  let found: MountPoint | undefined;
  for (const mount of mounts) {
    const isAbove = mount.point === '/' || path === mount.point || path.startsWith(`${mount.point}/`);
    if (isAbove && mount.point.length >= (found?.point.length ?? 0)) found = mount;
  }
  return found?.device;
}
