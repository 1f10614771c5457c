import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { OptionalPart, ProcessUsage, SocketCounts, UdpSockets } from '../../model/sample.ts';
import { present } from '../json.ts';
import type { KernelText } from './kernel-text.ts';
import { contentOf, directoriesIn } from './open-file.ts';
import type { ProcessHandle } from './open-file.ts';

/** A container has some hundreds of cgroups below its own, at most. */
const maxDirectories = 500;

/** Where the processes of a container are found. */
export interface ProcessPlace {
  readonly procRoot: string;
  /** A directory of its cgroup. */
  readonly cgroup: string;
  /** True for those of that cgroup alone, without those of cgroups below. */
  readonly isAlone?: true;
}

/** Reads of the processes of a container what is wanted; undefined where nothing of it is, or can be read. */
export function readProcesses(
  place: ProcessPlace,
  parts: ReadonlySet<OptionalPart>,
): Pick<ProcessUsage, 'processes' | 'fileDescriptors' | 'sockets' | 'taskStates'> {
  if (!parts.has('processes') && !parts.has('descriptors') && !parts.has('tasks')) return {};
  const pids = pidsIn(place);
  if (!pids) return {};
  // Processes of another pid namespace than this one's are written as 0: they can be counted alone.
  const isForeign = pids.includes('0');
  return {
    ...(parts.has('processes') && { processes: pids.length }),
    ...(parts.has('descriptors') && !isForeign && descriptorsOf(place.procRoot, pids)),
    ...(parts.has('tasks') && !isForeign && { taskStates: taskStatesOf(place.procRoot, pids) }),
  };
}

/** In the cgroups below, too, where version 2 has the processes of a container that makes cgroups itself. */
function pidsIn({ cgroup, isAlone }: ProcessPlace): readonly string[] | undefined {
  const own = contentOf(join(cgroup, 'cgroup.procs'));
  if (own === undefined) return undefined;
  const pids: string[] = [];
  const directories = [cgroup];
  for (let index = 0; index < Math.min(directories.length, maxDirectories); index += 1) {
    const directory = directories[index] ?? '';
    const content = index === 0 ? own : (contentOf(join(directory, 'cgroup.procs')) ?? '');
    for (const pid of content.split('\n')) if (pid !== '') pids.push(pid);
    for (const name of isAlone ? [] : directoriesIn(directory)) directories.push(join(directory, name));
  }
  return pids;
}

/** Absent where those of some process are closed to us: the sum would be too small. */
function descriptorsOf(
  procRoot: string,
  pids: readonly string[],
): Pick<ProcessUsage, 'fileDescriptors' | 'sockets'> {
  let fileDescriptors = 0;
  let sockets = 0;
  for (const pid of pids) {
    const directory = join(procRoot, pid, 'fd');
    const names = namesOrError(directory);
    if (names === 'denied') return {};
    fileDescriptors += names.length;
    for (const name of names) if (linkOf(join(directory, name))?.startsWith('socket:')) sockets += 1;
  }
  return { fileDescriptors, sockets };
}

/** A task's state is the first letter behind its name, which may hold anything, brackets too. */
function taskStatesOf(procRoot: string, pids: readonly string[]): ReadonlyMap<string, number> {
  const states = new Map<string, number>();
  for (const pid of pids) {
    const directory = join(procRoot, pid, 'task');
    const tasks = namesOrError(directory);
    for (const task of tasks === 'denied' ? [] : tasks) {
      const stat = contentOf(join(directory, task, 'stat')) ?? '';
      const state = stat.slice(stat.lastIndexOf(')') + 2).charAt(0);
      if (state !== '') states.set(state, (states.get(state) ?? 0) + 1);
    }
  }
  return states;
}

/** Reads of the first process of a container what is wanted. */
export function readFirstProcess(
  handle: ProcessHandle,
  text: KernelText,
  parts: ReadonlySet<OptionalPart>,
): Pick<ProcessUsage, 'maxOpenFiles' | 'ipv4' | 'ipv6'> {
  const of = (name: string): string | undefined =>
    handle.read(name, text) === 'read' ? text.content : undefined;
  return present<Pick<ProcessUsage, 'maxOpenFiles' | 'ipv4' | 'ipv6'>>({
    maxOpenFiles: parts.has('limits') ? softLimit(of('limits')) : undefined,
    ipv4: socketsOf(of, parts, ''),
    ipv6: socketsOf(of, parts, '6'),
  });
}

function softLimit(limits: string | undefined): number | undefined {
  const soft = /^Max open files\s+(\d{1,15}|unlimited)\s/m.exec(limits ?? '')?.[1];
  if (soft === undefined) return undefined;
  return soft === 'unlimited' ? Infinity : Number(soft);
}

function socketsOf(
  of: (name: string) => string | undefined,
  parts: ReadonlySet<OptionalPart>,
  version: '' | '6',
): SocketCounts | undefined {
  const tcp = parts.has('tcp') ? of(`net/tcp${version}`) : undefined;
  const udp = parts.has('udp') ? of(`net/udp${version}`) : undefined;
  if (tcp === undefined && udp === undefined) return undefined;
  return {
    ...(tcp !== undefined && { tcp: tcpStates(tcp) }),
    ...(udp !== undefined && { udp: udpSockets(udp) }),
  };
}

/** The fourth column of `/proc/PID/net/tcp`, after one line of headings: a state as a hexadecimal number. */
export function tcpStates(content: string): ReadonlyMap<number, number> {
  const states = new Map<number, number>();
  for (const line of content.split('\n').slice(1)) {
    const state = Number.parseInt(line.trim().split(/\s+/)[3] ?? '', 16);
    if (Number.isInteger(state)) states.set(state, (states.get(state) ?? 0) + 1);
  }
  return states;
}

/** Columns 5 (queues, hexadecimal) and 13 (drops) of `/proc/PID/net/udp`, after one line of headings. */
export function udpSockets(content: string): UdpSockets {
  const sums = { sockets: 0, dropped: 0, receiveQueueBytes: 0, transmitQueueBytes: 0 };
  for (const line of content.split('\n').slice(1)) {
    const columns = line.trim().split(/\s+/);
    const [transmit, receive] = (columns[4] ?? '').split(':').map((digits) => Number.parseInt(digits, 16));
    const drops = Number(columns[12]);
    if (transmit === undefined || receive === undefined || !Number.isInteger(transmit + receive + drops))
      continue;
    sums.sockets += 1;
    sums.transmitQueueBytes += transmit;
    sums.receiveQueueBytes += receive;
    sums.dropped += drops;
  }
  return sums;
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    // Closed meanwhile.
    return undefined;
  }
}

/** Nothing of a process that has ended. */
function namesOrError(directory: string): readonly string[] | 'denied' {
  try {
    return readdirSync(directory);
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
    return code === 'EACCES' || code === 'EPERM' ? 'denied' : [];
  }
}
