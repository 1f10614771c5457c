import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { parseCgroupPaths } from '../../src/sources/cgroup/cgroup-paths.ts';
import { findHierarchies } from '../../src/sources/cgroup/hierarchies.ts';
import type { Hierarchies } from '../../src/sources/cgroup/hierarchies.ts';

/** Files that the agent reads in each round, by controller; `''` is the tree of version 2. */
const filesOfV1: Readonly<Record<string, readonly string[]>> = {
  cpuacct: ['cpuacct.usage', 'cpuacct.stat', 'cpuacct.usage_percpu'],
  cpu: ['cpu.stat'],
  memory: [
    'memory.usage_in_bytes',
    'memory.stat',
    'memory.failcnt',
    'memory.oom_control',
    'memory.max_usage_in_bytes',
    'memory.kmem.usage_in_bytes',
  ],
  blkio: ['blkio.throttle.io_service_bytes_recursive', 'blkio.throttle.io_serviced_recursive'],
  pids: ['pids.current'],
  '': ['cpu.pressure', 'memory.pressure', 'io.pressure'],
};
const filesOfV2: readonly string[] = [
  'cpu.stat',
  'io.stat',
  'memory.current',
  'memory.stat',
  'memory.events',
  'memory.peak',
  'memory.swap.current',
  'pids.current',
  'cpu.pressure',
  'memory.pressure',
  'io.pressure',
];

const bufferBytes = 64 * 1024;

/**
 * The floor of what reading costs in Node: the files of cgroups that the agent reads, and `net/dev`, by descriptors that
 * stay open, into one buffer; nothing is parsed.
 */
export class FloorFiles implements Disposable {
  readonly filesPerContainer: number;
  readonly #cgroups: readonly number[];
  readonly #networkPaths: readonly string[];
  readonly #networks: readonly number[];
  readonly #buffer = Buffer.allocUnsafe(bufferBytes);

  /** @param pids of the containers' first processes. */
  constructor(pids: readonly number[], cgroupRoot = '/sys/fs/cgroup', procRoot = '/proc') {
    const hierarchies = findHierarchies(cgroupRoot);
    if (!hierarchies) throw new Error(`there are no cgroup trees at ${cgroupRoot}`);
    const paths = pids.flatMap((pid) => cgroupFiles(hierarchies, join(procRoot, `${pid}`)));
    this.#cgroups = paths.map((path) => openSync(path, 'r'));
    this.#networkPaths = pids.map((pid) => join(procRoot, `${pid}`, 'net/dev'));
    this.#networks = this.#networkPaths.map((path) => openSync(path, 'r'));
    this.filesPerContainer = (this.#cgroups.length + this.#networks.length) / pids.length;
  }

  /** Reads each file once. */
  read(): void {
    for (const fd of this.#cgroups) readSync(fd, this.#buffer, 0, bufferBytes, 0);
    for (const fd of this.#networks) readSync(fd, this.#buffer, 0, bufferBytes, 0);
  }

  /** Reads each file once, `net/dev` by its path: an open one keeps the network namespace of an ended container. */
  readReopening(): void {
    for (const fd of this.#cgroups) readSync(fd, this.#buffer, 0, bufferBytes, 0);
    for (const path of this.#networkPaths) {
      const fd = openSync(path, 'r');
      readSync(fd, this.#buffer, 0, bufferBytes, 0);
      closeSync(fd);
    }
  }

  [Symbol.dispose](): void {
    for (const fd of [...this.#cgroups, ...this.#networks]) closeSync(fd);
  }
}

function cgroupFiles({ version, unified, byController }: Hierarchies, process: string): readonly string[] {
  const paths = parseCgroupPaths(readFileSync(join(process, 'cgroup'), 'utf8'));
  const wanted = version === 2 ? { '': filesOfV2 } : filesOfV1;
  const files = Object.entries(wanted).flatMap(([controller, names]) => {
    const directory = (controller === '' ? unified : byController.get(controller))?.directory;
    const path = paths.get(controller);
    return directory === undefined || path === undefined
      ? []
      : names.map((name) => join(directory, path, name));
  });
  return files.filter((file) => existsSync(file));
}
