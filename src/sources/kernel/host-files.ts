import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Machine, NumaNode } from '../../model/host.ts';
import type { CpuUsage, Integer } from '../../model/sample.ts';
import { present } from '../json.ts';
import { KernelText, times } from './kernel-text.ts';
import { contentOf, namesIn, readOnce } from './open-file.ts';

const memoryFreshMillis = 60_000;
const [pageBytesEntry, clockTicksEntry] = [6n, 17n];
/** The kernel's own since 2.4 on every platform that Node runs on. */
const usualTicksPerSecond = 100;
const usualPageBytes = 4096;
/** user, nice, system, idle, iowait, irq, softirq: the columns that Docker Engine adds up; steal and guest are not among them. */
const cpuColumns = 7;

/** Ticks a second by the auxiliary vector (`getauxval(3)`, AT_CLKTCK) of this process. */
export function clockTicks(auxiliary = readAuxiliary()): number {
  return auxiliaryValue(auxiliary, clockTicksEntry) ?? usualTicksPerSecond;
}

/** Bytes of a page of memory by the auxiliary vector (AT_PAGESZ): 64 KiB on some hosts of Arm and POWER. */
export function pageSize(auxiliary = readAuxiliary()): number {
  return auxiliaryValue(auxiliary, pageBytesEntry) ?? usualPageBytes;
}

function auxiliaryValue(auxiliary: Buffer, entry: bigint): number | undefined {
  const view = new DataView(auxiliary.buffer, auxiliary.byteOffset, auxiliary.byteLength);
  for (let at = 0; at + 16 <= auxiliary.byteLength; at += 16) {
    if (view.getBigUint64(at, true) === entry) return Number(view.getBigUint64(at + 8, true));
  }
  return undefined;
}

function readAuxiliary(): Buffer {
  try {
    return readFileSync('/proc/self/auxv');
  } catch {
    // Another system than Linux.
    return Buffer.alloc(0);
  }
}

/** The host's own values of one round. */
export interface HostFacts {
  /** CPU time over all CPUs and their number, as a runtime gives them beside a container's. */
  readonly cpu: Pick<CpuUsage, 'systemNanos' | 'onlineCpus'>;
  readonly memoryBytes?: number;
  /** Kernel ticks a second. */
  readonly ticksPerSecond: number;
}

const cpu = Buffer.from('cpu');

/** Reads the host's own values for a round. */
export class HostFiles {
  readonly #procRoot: string;
  readonly #text: KernelText;
  readonly #ticksPerSecond: number;
  #memory: { readonly bytes: number | undefined; readonly readAt: number } | undefined;

  constructor(procRoot: string, text = new KernelText(), ticksPerSecond = clockTicks()) {
    this.#procRoot = procRoot;
    this.#text = text;
    this.#ticksPerSecond = ticksPerSecond;
  }

  /** What cannot be read is absent. @param now milliseconds of a clock that never goes back. */
  read(now: number): HostFacts {
    // Memory may be added to a machine that runs, but not often.
    if (!this.#memory || now - this.#memory.readAt > memoryFreshMillis)
      this.#memory = { bytes: this.#memoryBytes(), readAt: now };
    const { bytes: memoryBytes } = this.#memory;
    return {
      cpu: this.#cpu(),
      ...(memoryBytes !== undefined && { memoryBytes }),
      ticksPerSecond: this.#ticksPerSecond,
    };
  }

  #cpu(): HostFacts['cpu'] {
    const text = this.#text;
    if (readOnce(join(this.#procRoot, 'stat'), text, false) !== 'read' || !text.accepts(cpu)) return {};
    let ticks: Integer | undefined = 0;
    text.skipSpaces();
    for (let column = 0; column < cpuColumns && ticks !== undefined; column += 1) {
      const value = text.integer();
      ticks = value === undefined ? undefined : Number(ticks) + Number(value);
    }
    let onlineCpus = 0;
    for (text.nextLine(); text.accepts(cpu); text.nextLine()) onlineCpus += 1;
    return present<HostFacts['cpu']>({
      systemNanos: ticks === undefined ? undefined : times(ticks, 1e9 / this.#ticksPerSecond),
      onlineCpus: onlineCpus > 0 ? onlineCpus : undefined,
    });
  }

  #memoryBytes(): number | undefined {
    const text = this.#text;
    if (readOnce(join(this.#procRoot, 'meminfo'), text, false) !== 'read') return undefined;
    return meminfoBytes(text.content, 'MemTotal');
  }
}

/** Where a machine's files are: the host's `/proc` and `/sys`. */
export interface MachineRoots {
  readonly proc: string;
  readonly sys: string;
}

/** Reads what a machine is. Never throws; what cannot be read is absent. */
export function readMachine({ proc, sys }: MachineRoots): Machine {
  const memory = contentOf(join(proc, 'meminfo'));
  const machineIds = [join(dirname(proc), 'etc/machine-id'), '/rootfs/etc/machine-id', '/etc/machine-id'];
  return present<Machine>({
    machineId: idIn([...machineIds, '/var/lib/dbus/machine-id']),
    // Where the firmware has none it is the machine's id, as in cAdvisor.
    systemUuid: idIn([
      join(sys, 'class/dmi/id/product_uuid'),
      join(proc, 'device-tree/system-id'),
      join(proc, 'device-tree/vm,uuid'),
      ...machineIds,
    ]),
    bootId: idIn([join(proc, 'sys/kernel/random/boot_id')]),
    ...processorsOf(contentOf(join(proc, 'cpuinfo')) ?? ''),
    memoryBytes: meminfoBytes(memory, 'MemTotal'),
    swapBytes: meminfoBytes(memory, 'SwapTotal'),
    nodes: nodesBelow(join(sys, 'devices/system/node')),
  });
}

/** The first content that is there. */
function idIn(paths: readonly string[]): string | undefined {
  for (const path of paths) {
    // The device tree ends its texts with a zero byte.
    const id = contentOf(path)?.replaceAll('\0', '').trim();
    if (id) return id;
  }
  return undefined;
}

/** Cores of one socket have numbers of their own; some architectures name neither core nor socket. */
function processorsOf(cpuInfo: string): Pick<Machine, 'logicalCpus' | 'physicalCores' | 'sockets'> {
  const cores = new Set<string>();
  const sockets = new Set<string>();
  let logicalCpus = 0;
  for (const processor of cpuInfo.split('\n\n')) {
    if (!/^processor\s*:/m.test(processor)) continue;
    logicalCpus += 1;
    const socket = /^physical id\s*:\s*(\d+)$/m.exec(processor)?.[1];
    const core = /^core id\s*:\s*(\d+)$/m.exec(processor)?.[1];
    if (socket !== undefined) sockets.add(socket);
    if (core !== undefined) cores.add(`${socket} ${core}`);
  }
  return {
    ...(logicalCpus > 0 && { logicalCpus }),
    ...(cores.size > 0 && { physicalCores: cores.size }),
    ...(sockets.size > 0 && { sockets: sockets.size }),
  };
}

/** Bytes of a line such as `MemTotal: 16316412 kB` of meminfo, which of a node begins with `Node 0 `; undefined without one. */
export function meminfoBytes(memory: string | undefined, key: string): number | undefined {
  const kilobytes = new RegExp(`^(?:Node \\d+ )?${key}:\\s+(\\d+) kB$`, 'm').exec(memory ?? '')?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

function nodesBelow(directory: string): readonly NumaNode[] | undefined {
  const ids = namesIn(directory).flatMap((name) => /^node(\d+)$/.exec(name)?.[1] ?? []);
  if (ids.length === 0) return undefined;
  return ids
    .toSorted((a, b) => Number(a) - Number(b))
    .map((id) => {
      const node = join(directory, `node${id}`);
      const distances = (contentOf(join(node, 'distance')) ?? '').split(/\s+/).filter(Boolean).map(Number);
      return present<NumaNode>({
        id,
        memoryBytes: meminfoBytes(contentOf(join(node, 'meminfo')), 'MemTotal'),
        hugePages: hugePagesBelow(join(node, 'hugepages')),
        distances: distances.every((each) => Number.isSafeInteger(each)) ? distances : [],
      });
    });
}

function hugePagesBelow(directory: string): ReadonlyMap<string, number> {
  const sizes = namesIn(directory).flatMap((name) => {
    const size = /^hugepages-(\d+)kB$/.exec(name)?.[1];
    const count = contentOf(join(directory, name, 'nr_hugepages'))?.trim() ?? '';
    return size !== undefined && /^\d{1,15}$/.test(count) ? [[size, Number(count)] as const] : [];
  });
  return new Map(sizes);
}
