import assert from 'node:assert/strict';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Sample } from '../../../src/model/sample.ts';
import { CgroupUsage } from '../../../src/sources/cgroup/cgroup-usage.ts';
import type { CgroupUsageOptions, HostRoots } from '../../../src/sources/cgroup/cgroup-usage.ts';
import { findHierarchies } from '../../../src/sources/cgroup/hierarchies.ts';
import type { Hierarchies } from '../../../src/sources/cgroup/hierarchies.ts';
import type { InspectedContainer, UsageSource } from '../../../src/sources/container-source.ts';
import { parseInspect } from '../../../src/sources/docker/inspect.ts';
import { recordedJson, recordedText, runningContainers } from '../wire/recorded-cases.ts';
import type { Capture } from '../wire/recorded-cases.ts';
import { FakeClock } from './fake-clock.ts';

/** A container by its inspection, what `/proc` says of its process, and the files of its cgroup by their names in a capture. */
export interface LaidContainer {
  readonly inspected: InspectedContainer;
  readonly procCgroup: string;
  readonly netDev: string;
  readonly files: Readonly<Record<string, string>>;
}

/** The recorded files of a container. */
export function recordedContainer(capture: Capture, name: string): LaidContainer {
  const folder = `${capture}/${name}`;
  const inspect = recordedJson(`${folder}/inspect.json`);
  const files: Record<string, string> = JSON.parse(recordedText(`${folder}/files.json`));
  return {
    inspected: parseInspect(String(Object(inspect).Id), inspect),
    procCgroup: recordedText(`${folder}/proc_cgroup.txt`),
    netDev: recordedText(`${folder}/proc_net_dev.txt`),
    files,
  };
}

/** A host's cgroup tree and `/proc` as directories of files: whatever they say, the code under test reads real files. */
export class KernelTree implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'tidegauge-kernel-'));
  readonly clock = new FakeClock();
  readonly containers = new Map<string, InspectedContainer>();
  readonly #isV1: boolean;
  readonly #paths = new Map<string, string>();

  /** The host of a capture, without its containers. */
  constructor(kind: Capture) {
    this.#isV1 = kind === 'cgroup_v1';
    this.write('cgroup/cgroup.procs', '1\n');
    this.write('proc/1/net/dev', 'Inter-|\n face |\n  eth0: 5 5 5 5 5 5 5 5 5 5 5 5 5 5 5 5\n');
    this.write('proc/stat', 'cpu  100 0 200 5000 10 0 5 0 0 0\ncpu0 50 0 100\ncpu1 50 0 100\nintr 1\n');
    mkdirSync(join(this.folder, 'sys/dev/block'), { recursive: true });
    const { MemTotal: memoryBytes } = Object(recordedJson(`${kind}/engine/info.json`));
    this.write('proc/meminfo', `MemTotal:       ${Number(memoryBytes) / 1024} kB\nMemFree: 1 kB\n`);
    if (!this.#isV1) this.write('cgroup/cgroup.controllers', 'cpu io memory pids\n');
  }

  /** The containers of a capture that ran, or those of them that are named. */
  static recorded(capture: Capture, names: readonly string[] = runningContainers(capture)): KernelTree {
    const tree = new KernelTree(capture);
    for (const name of names) tree.add(name, recordedContainer(capture, name));
    return tree;
  }

  get roots(): HostRoots {
    return {
      cgroup: join(this.folder, 'cgroup'),
      proc: join(this.folder, 'proc'),
      sys: join(this.folder, 'sys'),
    };
  }

  hierarchies(): Hierarchies {
    const found = findHierarchies(this.roots.cgroup, '');
    if (!found) throw new Error('the tree has no hierarchies');
    return found;
  }

  /** Lays a container out; `/proc` says where its cgroup is. */
  add(name: string, { inspected, procCgroup, netDev, files }: LaidContainer): void {
    this.containers.set(name, inspected);
    this.write(`proc/${inspected.pid}/cgroup`, procCgroup);
    this.write(`proc/${inspected.pid}/net/dev`, netDev);
    const path = procCgroup.trimEnd().replaceAll(/^.*::/gm, '').split('\n').at(-1) ?? '';
    this.#paths.set(name, path);
    for (const [file, content] of Object.entries(files)) {
      const mount = file.split('/')[0] ?? '';
      const marker = mount === 'unified' ? 'cgroup.controllers' : 'cgroup.procs';
      if (this.#isV1) this.write(`cgroup/${mount}/${marker}`, '');
      this.write(this.pathOf(name, file), content);
    }
  }

  container(name: string): InspectedContainer {
    const container = this.containers.get(name);
    if (!container) throw new Error(`the tree has no container ${name}`);
    return container;
  }

  /** Path of a file of a container, by its name in a capture, below the folder. */
  pathOf(name: string, file: string): string {
    const path = this.#paths.get(name) ?? '';
    if (!this.#isV1) return join('cgroup', path, file);
    const [mount = '', ...rest] = file.split('/');
    return join('cgroup', mount, path, ...rest);
  }

  /** Writes a file below the folder, with the directories above it. */
  write(path: string, content: string | Uint8Array): void {
    const whole = join(this.folder, path);
    mkdirSync(dirname(whole), { recursive: true });
    writeFileSync(whole, content);
  }

  /** Writes a file of a container. */
  set(name: string, file: string, content: string | Uint8Array): void {
    this.write(this.pathOf(name, file), content);
  }

  remove(path: string): void {
    rmSync(join(this.folder, path), { recursive: true });
  }

  move(from: string, to: string): void {
    mkdirSync(dirname(join(this.folder, to)), { recursive: true });
    renameSync(join(this.folder, from), join(this.folder, to));
  }

  /** Usage by these files; by default every descriptor is kept. */
  usage(options: Partial<CgroupUsageOptions> = {}): CgroupUsage {
    return new CgroupUsage({
      roots: this.roots,
      hierarchies: this.hierarchies(),
      clock: this.clock,
      maxDescriptors: 10_000,
      ...options,
    });
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Descriptors that this process has open below a folder. */
export function openBelow(folder: string): readonly string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`);
      return path.startsWith(folder) ? [path] : [];
    } catch {
      // The descriptor of the listing itself.
      return [];
    }
  });
}

/** One round over one container. */
export async function readOne(
  usage: UsageSource,
  container: InspectedContainer,
): Promise<Sample | undefined> {
  const round = usage.round(AbortSignal.timeout(60_000));
  try {
    return await round.read(container);
  } finally {
    round.close();
  }
}

/** The first sample of a container by usage that has read nothing before. */
export async function firstSample(tree: KernelTree, name: string): Promise<Sample> {
  const usage = tree.usage();
  try {
    const sample = await readOne(usage, tree.container(name));
    assert.ok(sample);
    return sample;
  } finally {
    usage.close();
  }
}

/** One round over several, whose reads overlap as a probe's do. */
export async function readEach(
  usage: UsageSource,
  containers: ReadonlyMap<string, InspectedContainer>,
): Promise<ReadonlyMap<string, Sample | undefined>> {
  const round = usage.round(AbortSignal.timeout(60_000));
  try {
    const reads = [...containers].map(async ([name, each]) => [name, await round.read(each)] as const);
    return new Map(await Promise.all(reads));
  } finally {
    round.close();
  }
}
