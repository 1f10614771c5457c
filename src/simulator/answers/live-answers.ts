// One piece, because info, version and disk usage describe the same host and containers, and must agree.
import { createHash } from 'node:crypto';
import type { ContainerSet } from '../world/container-set.ts';
import { hasProcesses } from '../world/container-state.ts';
import type { SimulatedContainer } from '../world/container.ts';
import type { EventLog } from '../world/event-log.ts';
import type { EngineHost } from '../world/host.ts';
import type { Timeline } from '../world/timeline.ts';
import { type Answer, type AnswerRequest, type EngineAnswers, errorAnswer, jsonAnswer } from './answers.ts';
import { eventStream } from './events.ts';
import { inspectAnswer } from './inspect.ts';
import { imageId, isTrue, ListItems, parseListQuery } from './list.ts';
import { networkMode } from './networks.ts';
import { noStats, type SampleTicks, type SampleTimes, statsAnswer } from './stats.ts';

/** The simulated world, as far as answers show it. */
interface LiveWorld {
  readonly host: EngineHost;
  readonly containers: ContainerSet;
  readonly events: EventLog;
  readonly timeline: Timeline;
  readonly ticks: SampleTicks;
}

/** Between two samples of the engine's own, in simulated ms. */
const sampleMillis = 1000;

/** Answers from the simulated world as it is at the moment of asking. */
export class LiveAnswers implements EngineAnswers {
  readonly versions: EngineHost;
  readonly #world: LiveWorld;
  readonly #items = new ListItems();

  constructor(world: LiveWorld) {
    this.#world = world;
    this.versions = world.host;
  }

  aliases(reference: string): readonly string[] {
    const found = this.#world.containers.find(reference);
    return found.kind === 'found' ? [found.container.id, found.container.name] : [reference];
  }

  version(): Answer {
    return jsonAnswer(versionAnswer(this.#world.host));
  }

  info(): Answer {
    const { host, containers, events, timeline } = this.#world;
    return jsonAnswer(infoAnswer(host, containers, { now: timeline.advance(), listeners: events.listeners }));
  }

  list({ query, apiMinor }: AnswerRequest): Answer {
    const now = this.#world.timeline.advance();
    const wanted = parseListQuery(query);
    if (wanted.kind === 'invalid') return errorAnswer(400, wanted.message);
    const chosen = this.#world.containers.newestFirst().filter(wanted.wants).slice(0, wanted.limit);
    const items = chosen.map((container) => this.#items.render(container, now, apiMinor));
    return { kind: 'body', status: 200, body: `[${items.join(',')}]\n` };
  }

  inspect(reference: string): Answer {
    this.#world.timeline.advance();
    return this.#with(reference, (container) => jsonAnswer(inspectAnswer(container)));
  }

  async stats(reference: string, request: AnswerRequest): Promise<Answer> {
    this.#world.timeline.advance();
    const found = this.#world.containers.find(reference);
    if (found.kind !== 'found') return this.#with(reference, () => errorAnswer(500, ''));
    const { container } = found;
    const { query, signal, tickWait } = request;
    if (isTrue(query.get('stream') ?? 'true')) return this.#statsStream(container);
    if (!hasProcesses(container.state)) return { kind: 'body', status: 200, body: noStats(container) };
    const oneShot = isTrue(query.get('one-shot'));
    if (!oneShot) await this.#world.ticks.second(signal);
    else if (tickWait) await this.#world.ticks.next(signal);
    const at = this.#world.timeline.advance();
    return {
      kind: 'body',
      status: 200,
      body: this.#sample(container, { at, previous: oneShot ? undefined : at - sampleMillis }),
    };
  }

  events(request: AnswerRequest): Answer {
    return eventStream(this.#world.events, request, this.#world.timeline.advance());
  }

  diskUsage({ query, apiMinor }: AnswerRequest): Answer {
    this.#world.timeline.advance();
    const verbose = query.get('verbose');
    // Without the word, newer engines give the older lists besides.
    const form = apiMinor >= 52 && verbose !== null ? 'sums' : 'lists';
    const whole = diskUsageAnswer(this.#world.containers, form, isTrue(verbose));
    const type = apiMinor >= 42 ? query.get('type') : null;
    return jsonAnswer(type === 'container' ? ofContainers(whole) : whole);
  }

  #with(reference: string, answer: (container: SimulatedContainer) => Answer): Answer {
    const found = this.#world.containers.find(reference);
    switch (found.kind) {
      case 'found':
        return answer(found.container);
      case 'missing':
        return errorAnswer(404, `No such container: ${reference}`);
      case 'ambiguous':
        return errorAnswer(400, `multiple IDs found with provided prefix: ${reference}`);
    }
  }

  /** One line a tick, also while it does not run; ends when the container is removed, as Moby's collector does. */
  #statsStream(container: SimulatedContainer): Answer {
    const { events, ticks, timeline } = this.#world;
    return {
      kind: 'lines',
      open: (sink) => {
        let previous: number | undefined;
        const timer = setInterval(() => {
          const at = timeline.advance();
          sink.line(this.#sample(container, { at, previous }));
          previous = at;
        }, ticks.tickMillis).unref();
        const stop = events.listen(({ action, actorId }) => {
          if (action === 'destroy' && actorId === container.id) sink.end();
        });
        return () => {
          clearInterval(timer);
          stop();
        };
      },
    };
  }

  #sample(container: SimulatedContainer, times: SampleTimes): string {
    return statsAnswer(container, this.#world.host, times, this.#networkOwner(container));
  }

  /** The container that owns the network namespace: another one with `container:NAME`. */
  #networkOwner(container: SimulatedContainer): SimulatedContainer {
    const [, owner] = /^container:(.+)$/.exec(networkMode(container)) ?? [];
    const found = this.#world.containers.find(owner ?? container.id);
    return found.kind === 'found' ? found.container : container;
  }
}

/** Counts in info besides containers. */
interface InfoCounts {
  readonly now: number;
  readonly listeners: number;
}

/** The answer to `/info` (shape of Moby's api/types/system Info). */
function infoAnswer(host: EngineHost, containers: ContainerSet, { now, listeners }: InfoCounts): object {
  return {
    ID: engineId(host.hostname),
    ...countByState(containers),
    Driver: 'overlay2',
    DriverStatus: [['Backing Filesystem', 'extfs']],
    Plugins: {
      Volume: ['local'],
      Network: ['bridge', 'host', 'null'],
      Authorization: null,
      Log: ['json-file'],
    },
    ...capabilities,
    NEventsListener: listeners,
    SystemTime: new Date(now).toISOString(),
    LoggingDriver: 'json-file',
    CgroupDriver: host.cgroup === 2 ? 'systemd' : 'cgroupfs',
    CgroupVersion: String(host.cgroup),
    KernelVersion: kernel,
    OperatingSystem: 'Debian GNU/Linux 13 (trixie)',
    OSVersion: '13',
    OSType: 'linux',
    Architecture: 'x86_64',
    IndexServerAddress: 'https://index.docker.io/v1/',
    NCPU: host.cpus,
    MemTotal: host.memoryBytes,
    GenericResources: null,
    DockerRootDir: '/var/lib/docker',
    HttpProxy: '',
    HttpsProxy: '',
    NoProxy: '',
    Name: host.hostname,
    Labels: [],
    ExperimentalBuild: false,
    ServerVersion: host.engineVersion,
    Runtimes: { runc: { path: 'runc' }, 'io.containerd.runc.v2': { path: 'runc' } },
    DefaultRuntime: 'runc',
    Swarm: { NodeID: '', NodeAddr: '', LocalNodeState: 'inactive', ControlAvailable: false, Error: '' },
    LiveRestoreEnabled: false,
    Isolation: '',
    InitBinary: 'docker-init',
    SecurityOptions: ['name=apparmor', 'name=seccomp,profile=builtin', 'name=cgroupns'],
    Warnings: null,
  };
}

const capabilities = {
  MemoryLimit: true,
  SwapLimit: true,
  CpuCfsPeriod: true,
  CpuCfsQuota: true,
  CPUShares: true,
  CPUSet: true,
  PidsLimit: true,
  IPv4Forwarding: true,
  Debug: false,
  OomKillDisable: false,
};

function countByState(containers: ContainerSet): object {
  const all = [...containers.values()].map(({ state }) => state.status);
  const running = all.filter((status) => status === 'running' || status === 'restarting').length;
  const paused = all.filter((status) => status === 'paused').length;
  return {
    Containers: all.length,
    ContainersRunning: running,
    ContainersPaused: paused,
    ContainersStopped: all.length - running - paused,
    Images: 12,
  };
}

function engineId(hostname: string): string {
  const hex = createHash('sha256').update(`engine/${hostname}`).digest('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}

/** The kernel that version and info name. */
const kernel = '6.12.57+deb13-amd64';

/** The answer to `/version` (shape of Moby's api/types/system VersionResponse). */
function versionAnswer(host: EngineHost): object {
  const { engineVersion, apiVersion, minApiVersion } = host;
  const shared = {
    ApiVersion: apiVersion,
    Arch: 'amd64',
    BuildTime: '2026-06-02T09:00:00.000000000+00:00',
    GitCommit: 'f8215cc',
    GoVersion: 'go1.24.8',
    KernelVersion: kernel,
    MinAPIVersion: minApiVersion,
    Os: 'linux',
  };
  return {
    Platform: { Name: 'Docker Engine - Community' },
    Components: [
      { Name: 'Engine', Version: engineVersion, Details: { ...shared, Experimental: 'false' } },
      { Name: 'containerd', Version: 'v1.7.28', Details: { GitCommit: 'b98a3aa' } },
      { Name: 'runc', Version: '1.3.0', Details: { GitCommit: 'v1.3.0-0-g4ca628d1' } },
      { Name: 'docker-init', Version: '0.19.0', Details: { GitCommit: 'de40ad0' } },
    ],
    Version: engineVersion,
    ...shared,
  };
}

const mib = 2 ** 20;
/** Bytes of the base that all images have in common. */
const sharedBytes = 28 * mib;

/** States in which a container uses its layer. */
const active: readonly string[] = ['running', 'paused', 'restarting'];

/** The sums of newer engines alone, or the lists of older ones. */
type DiskUsageForm = 'sums' | 'lists';

/** The answer to `/system/df` (shape of Moby's api/types/system DiskUsage, before API 1.52 and since). */
function diskUsageAnswer(containers: ContainerSet, form: DiskUsageForm, isVerbose: boolean): object {
  const all = [...containers.values()];
  const parts = {
    images: images(all),
    containers: all.map(writableLayer),
    volumes: volumes(all),
    cache: cache,
  };
  const layersSize = sharedBytes + sum(parts.images.map(({ Size, SharedSize }) => Size - SharedSize));
  if (form === 'lists') {
    return {
      LayersSize: layersSize,
      Images: parts.images,
      Containers: parts.containers,
      Volumes: parts.volumes,
      BuildCache: parts.cache,
    };
  }
  return {
    ImageUsage: usage(layersSize, parts.images, ({ Size, SharedSize, Containers }) =>
      Containers === 0 ? Size - SharedSize : 0,
    ),
    ContainerUsage: {
      ...usage(sum(parts.containers.map(({ SizeRw }) => SizeRw)), parts.containers, ({ SizeRw, State }) =>
        active.includes(State) ? 0 : SizeRw,
      ),
      ...(isVerbose && { Items: parts.containers }),
    },
    VolumeUsage: usage(
      sum(parts.volumes.map(({ UsageData }) => UsageData.Size)),
      parts.volumes,
      ({ UsageData }) => (UsageData.RefCount === 0 ? UsageData.Size : 0),
    ),
    BuildCacheUsage: usage(sum(cache.map(({ Size }) => Size)), cache, ({ InUse, Shared, Size }) =>
      InUse || Shared ? 0 : Size,
    ),
  };
}

/** What `type=container` leaves of it. */
function ofContainers(whole: object): object {
  return Object.fromEntries(Object.entries(whole).filter(([key]) => key.startsWith('Container')));
}

const cache = [
  { ID: 'c1', Type: 'regular', InUse: false, Shared: true, Size: 30 * mib },
  { ID: 'c2', Type: 'regular', InUse: false, Shared: false, Size: 180 * mib },
  { ID: 'c3', Type: 'source.local', InUse: true, Shared: false, Size: 2 * mib },
];

/** Moby leaves out what is 0. */
function usage<T>(total: number, items: readonly T[], reclaimable: (item: T) => number): object {
  const sums = { TotalCount: items.length, TotalSize: total, Reclaimable: sum(items.map(reclaimable)) };
  return Object.fromEntries(Object.entries(sums).filter(([, value]) => value !== 0));
}

/** The images of the containers, and one that no container was made of. */
function images(containers: readonly SimulatedContainer[]) {
  const names = [...new Set(containers.map(({ spec }) => spec.image)), 'registry.example/unused:1.0'];
  return names.map((name) => ({
    Id: imageId(name),
    RepoTags: [name],
    Size: sharedBytes + drawnBytes(imageId(name)) * 40,
    SharedSize: sharedBytes,
    Containers: containers.filter(({ spec }) => spec.image === name).length,
  }));
}

function writableLayer(container: SimulatedContainer) {
  const { id, name, state } = container;
  return { Id: id, Names: [`/${name}`], State: state.status, SizeRw: drawnBytes(id) };
}

function volumes(containers: readonly SimulatedContainer[]) {
  const mounts = containers.flatMap(({ spec }) => spec.mounts.filter(({ type }) => type === 'volume'));
  const names = [...new Set(mounts.map(({ source }) => source)), 'forgotten'];
  return names.map((Name) => ({
    Name,
    Driver: 'local',
    UsageData: {
      Size: drawnBytes(imageId(Name)) * 20,
      RefCount: mounts.filter(({ source }) => source === Name).length,
    },
  }));
}

/** Up to 4 MiB, by the hexadecimal digits of an id. */
function drawnBytes(id: string): number {
  return Number.parseInt(id.replace(/^sha256:/, '').slice(0, 6), 16) % (4 * mib);
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0);
}
