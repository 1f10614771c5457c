import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findHierarchies } from '../../src/sources/cgroup/hierarchies.ts';
import type { Hierarchies } from '../../src/sources/cgroup/hierarchies.ts';

const cgroupRoot = '/sys/fs/cgroup';
const controllers = ['cpu', 'cpuacct', 'memory', 'blkio', 'pids'] as const;

/** A container that needs a cgroup. */
interface Wanted {
  readonly id: string;
  readonly pid: number;
}

/**
 * Real cgroups, empty ones, for containers that are simulated, and a `/proc` in which their processes are in them: the
 * kernel answers for each as for any other cgroup.
 */
export class CgroupTree implements Disposable {
  readonly procRoot = mkdtempSync(join(tmpdir(), 'tidegauge-bench-proc-'));
  /** Deepest last. */
  readonly #directories: string[] = [];

  constructor(containers: readonly Wanted[]) {
    const hierarchies = findHierarchies(cgroupRoot);
    if (!hierarchies) throw new Error(`there are no cgroup trees at ${cgroupRoot}`);
    this.#layOutHost();
    const parent = `/tidegauge-bench-${process.pid}`;
    const trees = treesOf(hierarchies);
    for (const { directory } of trees) this.#make(join(directory, parent), hierarchies.version === 2);
    for (const { id, pid } of containers) {
      const path = `${parent}/${id}`;
      for (const { directory } of trees) this.#make(join(directory, path));
      this.#write(`${pid}/cgroup`, trees.map(({ names }, index) => `${index}:${names}:${path}\n`).join(''));
      this.#write(`${pid}/net/dev`, readFileSync('/proc/self/net/dev', 'utf8'));
    }
  }

  /** How our agent finds them. */
  get agentFlags(): readonly string[] {
    return [`--cgroup-root=${cgroupRoot}`, `--proc-root=${this.procRoot}`];
  }

  [Symbol.dispose](): void {
    for (const directory of this.#directories.toReversed()) rmdirSync(directory);
    rmSync(this.procRoot, { recursive: true });
  }

  #layOutHost(): void {
    for (const name of ['stat', 'meminfo']) this.#write(name, readFileSync(join('/proc', name), 'utf8'));
    this.#write('1/net/dev', readFileSync('/proc/self/net/dev', 'utf8'));
  }

  #make(directory: string, enables = false): void {
    if (enables) enable(dirname(directory));
    mkdirSync(directory);
    this.#directories.push(directory);
    if (enables) enable(directory);
  }

  #write(path: string, content: string): void {
    const whole = join(this.procRoot, path);
    mkdirSync(dirname(whole), { recursive: true });
    writeFileSync(whole, content);
  }
}

/** Trees with usage, each once, and how `/proc/PID/cgroup` names them. */
function treesOf({ version, unified, byController }: Hierarchies): { directory: string; names: string }[] {
  if (version === 2) return unified ? [{ directory: unified.directory, names: '' }] : [];
  const directories = new Set(controllers.flatMap((each) => byController.get(each)?.directory ?? []));
  return [...directories].map((directory) => ({
    directory,
    names: [...byController]
      .flatMap(([name, tree]) => (tree.directory === directory ? [name] : []))
      .join(','),
  }));
}

/** Gives the cgroups below a directory of version 2 their controllers. */
function enable(directory: string): void {
  const file = join(directory, 'cgroup.subtree_control');
  if (existsSync(file)) writeFileSync(file, '+cpu +memory +io +pids');
}
