import { closeSync, constants, openSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Integer, InterfaceUsage } from '../../model/sample.ts';
import { present } from '../json.ts';
import type { KernelText } from './kernel-text.ts';
import { outcomeOf, readOnce } from './open-file.ts';
import type { ReadOutcome } from './open-file.ts';

/**
 * One process, held by a descriptor of its directory in `/proc`: files are opened through it, and once the process has
 * ended there are none, whoever has its pid by then. The directory pins neither the process nor its namespaces.
 */
export class ProcessHandle {
  readonly pid: number;
  readonly #fd: number;

  private constructor(pid: number, fd: number) {
    this.pid = pid;
    this.#fd = fd;
  }

  /** `none` where there is no such process, or this `/proc` does not show it; `failed` where nothing can be opened now. */
  static open(procRoot: string, pid: number): ProcessHandle | 'none' | 'failed' {
    try {
      return new ProcessHandle(
        pid,
        openSync(join(procRoot, `${pid}`), constants.O_RDONLY | constants.O_DIRECTORY),
      );
    } catch (thrown) {
      return outcomeOf(thrown) === 'failed' ? 'failed' : 'none';
    }
  }

  /** Reads a file of the process once. Never throws. */
  read(name: string, text: KernelText): ReadOutcome {
    // The kernel resolves this link to the directory itself, so to this process or to none.
    return readOnce(`/proc/self/fd/${this.#fd}/${name}`, text, false);
  }

  /** Inode of one of its files, by which namespaces can be compared; undefined where it cannot be read. */
  inode(name: string): number | undefined {
    try {
      return statSync(`/proc/self/fd/${this.#fd}/${name}`).ino;
    } catch {
      // The process has ended, or is not to be looked into.
      return undefined;
    }
  }

  close(): void {
    closeSync(this.#fd);
  }
}

const colon = 0x3a;
/** Columns of `/proc/PID/net/dev` for each direction: bytes, packets, errs, drop, fifo, frame or colls, compressed or carrier, multicast or compressed. */
const columnsPerDirection = 8;

/**
 * Where a container runs containers itself, these are their ends and bridges, whose bytes its own interface counts, too:
 * `veth`, `docker` and `nerdctl` as cAdvisor leaves them out, and `br-` of networks that a user makes.
 */
const innerPrefixes = ['veth', 'docker', 'nerdctl', 'br-'] as const;

/** The kernel puts these into every namespace once their module is loaded (`fb_tunnels_only_for_init_net`). */
const fallbackTunnels: ReadonlySet<string> = new Set([
  'tunl0',
  'sit0',
  'ip6tnl0',
  'gre0',
  'gretap0',
  'erspan0',
  'ip_vti0',
  'ip6_vti0',
  'ip6gre0',
]);

function isCounted(name: string, columns: readonly (Integer | undefined)[]): boolean {
  if (name === 'lo' || innerPrefixes.some((prefix) => name.startsWith(prefix))) return false;
  return !fallbackTunnels.has(name) || columns.some((column) => column !== 0);
}

/**
 * Interfaces of a network namespace by its `/proc/PID/net/dev` (`proc_pid_net(5)`), without the loopback, those of inner
 * containers and tunnels that nobody uses; absent without any.
 */
export function parseNetDev(text: KernelText): readonly InterfaceUsage[] | undefined {
  const interfaces: InterfaceUsage[] = [];
  // Two lines of headings.
  text.nextLine();
  text.nextLine();
  for (; !text.isAtEnd; text.nextLine()) {
    text.skipSpaces();
    const name = text.word(colon);
    const columns: (Integer | undefined)[] = [];
    for (text.skipSpaces(); !text.isAtLineEnd; text.skipSpaces()) columns.push(text.integer());
    if (columns.length < 2 * columnsPerDirection || !isCounted(name, columns)) continue;
    const [receivedBytes, receivedPackets, receivedErrors, receivedDropped] = columns;
    const [transmittedBytes, transmittedPackets, transmittedErrors, transmittedDropped] =
      columns.slice(columnsPerDirection);
    interfaces.push(
      present<InterfaceUsage>({
        name,
        receivedBytes,
        receivedPackets,
        receivedErrors,
        receivedDropped,
        transmittedBytes,
        transmittedPackets,
        transmittedErrors,
        transmittedDropped,
      }),
    );
  }
  return interfaces.length > 0 ? interfaces : undefined;
}
