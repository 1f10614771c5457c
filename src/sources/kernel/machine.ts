import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Machine, NumaNode } from '../../model/host.ts';
import { present } from '../json.ts';
import { contentOf } from './open-file.ts';

/** Where a machine's files are: the host's `/proc` and `/sys`. */
export interface MachineRoots {
  readonly proc: string;
  readonly sys: string;
}

/** Reads what a machine is. Never throws; what cannot be read is absent. */
export function readMachine({ proc, sys }: MachineRoots): Machine {
  const memory = contentOf(join(proc, 'meminfo'));
  return present<Machine>({
    machineId: idIn([
      join(dirname(proc), 'etc/machine-id'),
      '/rootfs/etc/machine-id',
      '/etc/machine-id',
      '/var/lib/dbus/machine-id',
    ]),
    systemUuid: idIn([
      join(sys, 'class/dmi/id/product_uuid'),
      join(proc, 'device-tree/system-id'),
      join(proc, 'device-tree/vm,uuid'),
    ]),
    bootId: idIn([join(proc, 'sys/kernel/random/boot_id')]),
    ...processorsOf(contentOf(join(proc, 'cpuinfo')) ?? ''),
    memoryBytes: bytesOf(memory, 'MemTotal'),
    swapBytes: bytesOf(memory, 'SwapTotal'),
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

/** A line such as `MemTotal: 16316412 kB` of meminfo, which of a node begins with `Node 0 `. */
function bytesOf(memory: string | undefined, key: string): number | undefined {
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
        memoryBytes: bytesOf(contentOf(join(node, 'meminfo')), 'MemTotal'),
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

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    // Without NUMA there is none.
    return [];
  }
}
