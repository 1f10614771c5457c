// One piece, because where a container is, and what of its files and processes may be read there, is decided together.
import { readlinkSync } from 'node:fs';
import type {
  Integer,
  InterfaceUsage,
  OptionalPart,
  ProcessUsage,
  Sample,
  SamplePart,
} from '../../model/sample.ts';
import type { InspectedContainer } from '../container-source.ts';
import { present } from '../json.ts';
import type { SharedReading } from './cgroup-files.ts';
import { parseCgroupPaths } from './cgroup-paths.ts';
import type { CgroupPaths } from './cgroup-paths.ts';
import { CgroupPlaces } from './cgroup-place.ts';
import type { CgroupPlace, NoPlace } from './cgroup-place.ts';
import type { CgroupReader, CgroupReading } from './cgroup-reading.ts';
import { CgroupV1, V1Tables } from './cgroup-v1.ts';
import { CgroupV2, V2Tables } from './cgroup-v2.ts';
import type { Hierarchies } from './hierarchies.ts';
import type { HostFacts } from '../kernel/host-files.ts';
import { Parsed } from '../kernel/kernel-text.ts';
import type { KernelText } from '../kernel/kernel-text.ts';
import { ProcessHandle, readOnce } from '../kernel/open-file.ts';
import { readFirstProcess, readProcesses } from '../kernel/processes.ts';

/** Why a container has no files that can be read. */
export type NoFiles = NoPlace | 'no-process' | 'not-shown' | 'failed';

type Networks = readonly InterfaceUsage[] | 'none' | 'unknown';

/** Finds the files of containers on one host. */
export class ContainerFinder {
  readonly #procRoot: string;
  readonly #hierarchies: Hierarchies;
  readonly #shared: SharedReading;
  readonly #places: CgroupPlaces;
  readonly #v1 = new V1Tables();
  readonly #v2 = new V2Tables();
  /** Inode of the host's own `net/dev`: a process with the same is in the host's network namespace. */
  readonly #hostNetwork: number | undefined;
  /** False where this `/proc` may be that of the agent's own pid namespace, in which pids mean other processes. */
  readonly #isHostProc: boolean;
  /** The reader's own, by `/proc/self/cgroup`. */
  readonly ownPaths: CgroupPaths;

  constructor(procRoot: string, hierarchies: Hierarchies, shared: SharedReading) {
    this.#procRoot = procRoot;
    this.#hierarchies = hierarchies;
    this.#shared = shared;
    const { text } = shared;
    const own = readOnce('/proc/self/cgroup', text, false) === 'read' ? text.content : '';
    this.ownPaths = parseCgroupPaths(own);
    this.#places = new CgroupPlaces(hierarchies, { pid: process.pid, paths: this.ownPaths });
    const init = this.#open(1);
    if (init instanceof ProcessHandle) {
      this.#hostNetwork = init.inode('net/dev');
      init.close();
    }
    this.#isHostProc = procRoot !== '/proc' || isInitialPidNamespace();
  }

  /** The files of a container that runs. Never throws. */
  find(container: InspectedContainer): ContainerFiles | NoFiles {
    const { identity, pid, network } = container;
    const handle = this.#open(pid);
    if (handle === 'failed') return handle;
    const ofProcess = handle && this.#placeOf(identity.id, handle);
    if (handle && typeof ofProcess === 'object') {
      const inode = handle.inode('net/dev');
      const isHost = network.isHost === true || (inode !== undefined && inode === this.#hostNetwork);
      const networks = isHost ? noNetworks(handle) : this.#networksOf(identity.id, handle);
      return new ContainerFiles(ofProcess, this.readerOf(ofProcess), ...networks);
    }
    handle?.close();
    const place = this.#chosenPlace(container, ofProcess);
    if (typeof place === 'string') return place;
    return new ContainerFiles(place, this.readerOf(place), () => (network.isHost ? 'none' : 'unknown'));
  }

  /** Interfaces of the host's own network namespace; undefined where its first process is not to be seen. */
  hostNetworks(): readonly InterfaceUsage[] | undefined {
    const init = this.#isHostProc ? this.#open(1) : undefined;
    if (!(init instanceof ProcessHandle)) return undefined;
    const networks = this.#networks(init);
    init.close();
    return typeof networks === 'string' ? undefined : networks;
  }

  /** The files of a cgroup that names the container, at a path below the roots of the trees; no process is known. Never throws. */
  findAt(id: string, path: string): ContainerFiles | NoFiles {
    const place = this.#places.atPath(id, path);
    return typeof place === 'string'
      ? place
      : new ContainerFiles(place, this.readerOf(place), () => 'unknown');
  }

  /** True when a container is where its files were found. Never throws. */
  isStillThere(container: InspectedContainer, files: ContainerFiles): boolean {
    const handle = this.#open(container.pid);
    // Nothing is known that speaks against it.
    if (handle === 'failed') return true;
    const ofProcess = handle && this.#placeOf(container.identity.id, handle);
    handle?.close();
    const place = this.#chosenPlace(container, ofProcess);
    return typeof place === 'object' && isSamePlace(place, files.place);
  }

  /** The sample with what is wanted of the container's processes; as it is where that is nothing. */
  withProcesses(sample: Sample, { pid, identity, network }: InspectedContainer): Sample {
    const { parts, text } = this.#shared;
    if (!ofProcesses.some((part) => parts.has(part))) return sample;
    const handle = this.#open(pid);
    if (!(handle instanceof ProcessHandle)) return sample;
    const cgroup = directoryOf(this.#placeOf(identity.id, handle), this.#hierarchies.version);
    const isHost = network.isHost === true || handle.inode('net/dev') === this.#hostNetwork;
    const process = cgroup !== undefined && {
      ...readProcesses({ procRoot: this.#procRoot, cgroup }, parts),
      ...readFirstProcess(handle, text, isHost ? withoutSockets(parts) : parts),
    };
    handle.close();
    return process ? { ...sample, process } : sample;
  }

  /**
   * What is wanted of the processes that are in a cgroup of the host itself, as cAdvisor counts them: not in those below.
   * @param init true for the root, whose limits and sockets are those of the host's first process.
   */
  processesIn(place: CgroupPlace, init: boolean): ProcessUsage | undefined {
    const { parts, text } = this.#shared;
    const cgroup = directoryOf(place, this.#hierarchies.version);
    if (cgroup === undefined || !ofProcesses.some((part) => parts.has(part))) return undefined;
    const process = readProcesses({ procRoot: this.#procRoot, cgroup, isAlone: true }, parts);
    const first = init && this.#isHostProc ? this.#open(1) : undefined;
    if (!(first instanceof ProcessHandle)) return process;
    const usage = { ...process, ...readFirstProcess(first, text, parts) };
    first.close();
    return usage;
  }

  #open(pid: number | undefined): ProcessHandle | 'failed' | undefined {
    const handle = pid === undefined ? 'none' : ProcessHandle.open(this.#procRoot, pid);
    return handle === 'none' ? undefined : handle;
  }

  /**
   * The place that the process gives, if it gives one. Without the host's `/proc`: the path by the runtime's rules, which
   * the directory's own name has to confirm.
   */
  #chosenPlace(
    { identity: { id, cgroupPath } }: InspectedContainer,
    ofProcess: CgroupPlace | NoFiles | undefined,
  ): CgroupPlace | NoFiles {
    // A process of the host that is somewhere else is no reason to read any other place; one that is not, is none.
    const isGuess =
      ofProcess === undefined ||
      ofProcess === 'no-process' ||
      (ofProcess === 'not-named' && !this.#isHostProc);
    if (!isGuess) return ofProcess;
    const place = cgroupPath === undefined ? 'not-shown' : this.#places.atPath(id, cgroupPath);
    if (typeof place === 'object') return place;
    return ofProcess ?? (place === 'not-mounted' ? 'no-process' : place);
  }

  #placeOf(id: string, handle: ProcessHandle): CgroupPlace | NoFiles {
    const { text } = this.#shared;
    if (handle.read('cgroup', text) !== 'read') return 'no-process';
    return this.#places.ofProcess(id, parseCgroupPaths(text.content));
  }

  /** Reads the cgroup of a place again and again. */
  readerOf(place: CgroupPlace): CgroupReader {
    const { unified } = place;
    return this.#hierarchies.version === 2 && unified !== undefined
      ? new CgroupV2(unified, this.#shared, this.#v2)
      : new CgroupV1(place, this.#shared, this.#v1);
  }

  /** How the networks of a process are read, and what ends that: by its handle, or without room for that by its pid. */
  #networksOf(id: string, handle: ProcessHandle): [read: () => Networks, close: () => void] {
    const { budget } = this.#shared;
    const known = new Parsed<Networks>();
    if (budget.take()) {
      return [
        () => this.#networks(handle, known),
        () => {
          handle.close();
          budget.release();
        },
      ];
    }
    const { pid } = handle;
    handle.close();
    return [() => this.#networksByPid(id, pid, known), () => undefined];
  }

  #networks(handle: ProcessHandle, known = new Parsed<Networks>()): Networks {
    const { text } = this.#shared;
    return handle.read('net/dev', text) === 'read' ? known.of(text, parseNetDev) : 'unknown';
  }

  /** Another process may have the pid by now: its cgroup says which container it is of. */
  #networksByPid(id: string, pid: number, known: Parsed<Networks>): Networks {
    const handle = this.#open(pid);
    if (!(handle instanceof ProcessHandle)) return 'unknown';
    const isSame = typeof this.#placeOf(id, handle) === 'object';
    const networks = isSame ? this.#networks(handle, known) : 'unknown';
    handle.close();
    return networks;
  }
}

/** The kernel's own number of the first pid namespace (`PROC_PID_INIT_INO`). */
const initialPidNamespace = 'pid:[4026531836]';

function isInitialPidNamespace(): boolean {
  try {
    return readlinkSync('/proc/self/ns/pid') === initialPidNamespace;
  } catch {
    return false;
  }
}

/** In the host's network namespace there are no networks of a container's own. */
function noNetworks(handle: ProcessHandle): [read: () => Networks, close: () => void] {
  handle.close();
  return [() => 'none', () => undefined];
}

function isSamePlace(one: CgroupPlace, other: CgroupPlace): boolean {
  if (one.unified !== other.unified || one.byController.size !== other.byController.size) return false;
  return [...one.byController].every(([controller, path]) => other.byController.get(controller) === path);
}

/** The files of one container that runs. */
export class ContainerFiles {
  readonly place: CgroupPlace;
  readonly #reader: CgroupReader;
  readonly #networks: () => Networks;
  readonly #close: () => void;
  #lacksNetworks = false;
  #isClosed = false;

  constructor(
    place: CgroupPlace,
    reader: CgroupReader,
    networks: () => Networks,
    close: () => void = () => undefined,
  ) {
    this.place = place;
    this.#reader = reader;
    this.#networks = networks;
    this.#close = close;
  }

  /** True once it was closed: a later read opens files anew, and knows of no process. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Names of files that may not be read, or could not be at the last read. */
  get unreadable(): readonly string[] {
    const { unreadable } = this.#reader;
    return this.#lacksNetworks ? [...unreadable, 'net/dev'] : unreadable;
  }

  /** The next read looks at the limits again. */
  refresh(): void {
    this.#reader.refresh();
  }

  /** One sample; undefined once the cgroup is removed. Never throws. */
  read(host: HostFacts, takenAt: number): Sample | undefined {
    const reading = this.#reader.read(host);
    if (!reading) return undefined;
    // The number of a closed descriptor may be another process's by now.
    const networks = this.#isClosed ? 'unknown' : this.#networks();
    this.#lacksNetworks = networks === 'unknown';
    return present<Sample>({
      takenAt,
      readAt: takenAt,
      windows: false,
      ...reading,
      networks: typeof networks === 'string' ? undefined : networks,
      unknown: networks === 'unknown' ? withNetworks(reading.unknown) : reading.unknown,
    });
  }

  /** See {@link CgroupReader.readCounters}. Never throws. */
  readCounters(host: HostFacts, before: CgroupReading | undefined): CgroupReading | undefined {
    return this.#reader.readCounters(host, before);
  }

  /** May be called again after a later read. */
  close(): void {
    this.#reader.close();
    if (!this.#isClosed) this.#close();
    this.#isClosed = true;
  }
}

function withNetworks(unknown: readonly SamplePart[] = []): readonly SamplePart[] {
  return [...unknown, 'networks'];
}

const ofProcesses: readonly OptionalPart[] = ['processes', 'descriptors', 'limits', 'tasks', 'tcp', 'udp'];

/** Sockets of the host's network are not the container's own. */
function withoutSockets(parts: ReadonlySet<OptionalPart>): ReadonlySet<OptionalPart> {
  return new Set([...parts].filter((part) => part !== 'tcp' && part !== 'udp'));
}

/** A directory with the processes of a place: on hybrid hosts the tree of version 2 may lack them. */
function directoryOf(place: CgroupPlace | NoFiles, version: 1 | 2): string | undefined {
  if (typeof place === 'string') return undefined;
  return version === 2 ? place.unified : [...place.byController.values()][0];
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
 * containers and tunnels that nobody uses.
 */
function parseNetDev(text: KernelText): Networks {
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
  return interfaces.length > 0 ? interfaces : 'none';
}
