import { createRandom } from './random.ts';

/** Average load of a simulated container; each value swings around it. */
export interface Load {
  /** CPUs in use; more than the limit means throttled. */
  readonly cpus: number;
  /** Anonymous memory, in bytes, once warmed up. */
  readonly memoryBytes: number;
  /** Page cache, in bytes, that it fills over about ten minutes. */
  readonly cacheBytes: number;
  readonly receivedBytesPerSecond: number;
  readonly sentBytesPerSecond: number;
  readonly readBytesPerSecond: number;
  readonly writtenBytesPerSecond: number;
  readonly processes: number;
}

/** Limits as `docker run` takes them; an absent one means unlimited. */
export interface Limits {
  readonly cpus?: number;
  readonly cpuShares?: number;
  readonly cpuQuotaMicros?: number;
  readonly cpuPeriodMicros?: number;
  readonly cpusetCpus?: string;
  readonly memoryBytes?: number;
  readonly memoryReservationBytes?: number;
  readonly memorySwapBytes?: number;
  readonly pids?: number;
}

/** The end of a run by itself, counted from its start. */
interface Ending {
  readonly afterMillis: number;
  readonly exitCode: number;
  /** The kernel kills it at its memory limit: memory climbs to the limit until then, exit code should be 137. */
  readonly outOfMemory?: boolean;
  /** Somebody starts it again that long after, as `docker start` does. */
  readonly startedAgainAfterMillis?: number;
}

/** A health check that passes for `goodMillis`, fails for `badMillis`, and so on; three failures are unhealthy. */
interface Healthcheck {
  /** 0: no check ever runs, only a test changes health. */
  readonly intervalMillis: number;
  readonly goodMillis: number;
  readonly badMillis: number;
}

/** A port of the container, published on the host when `publicPort` is there. */
interface PortSpec {
  readonly privatePort: number;
  readonly publicPort?: number;
}

/** A mounted volume or directory. */
interface MountSpec {
  readonly type: 'bind' | 'volume';
  readonly source: string;
  readonly destination: string;
}

/** A container to simulate; whatever is left out gets a plausible value drawn from the seed and the name. */
export interface ContainerSpec {
  readonly name: string;
  /** 64 hexadecimal digits. */
  readonly id?: string;
  readonly image?: string;
  readonly command?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly env?: readonly string[];
  readonly ports?: readonly PortSpec[];
  readonly mounts?: readonly MountSpec[];
  /** Names of networks, one interface each; `['host']`, `['none']` and `['container:NAME']` as in Docker. */
  readonly networks?: readonly string[];
  readonly limits?: Limits;
  readonly restart?: 'no' | 'always' | 'on-failure' | 'unless-stopped';
  /** Moby doubles the wait between restarts from 100 ms up to this; its own limit is a minute. */
  readonly maxBackoffMillis?: number;
  readonly autoRemove?: boolean;
  readonly load?: Partial<Load>;
  readonly ending?: Ending;
  readonly healthcheck?: Healthcheck;
  /** State it is in when added; `exited` with `exitCode`. */
  readonly initially?: 'running' | 'created' | 'exited' | 'paused';
  readonly exitCode?: number;
  readonly restartCount?: number;
  /**
   * Milliseconds since it was created and, if running, started; only for containers present at the start.
   */
  readonly ageMillis?: number;
}

type Optional = 'id' | 'ending' | 'healthcheck';

/** A container spec in which nothing is left open but what a container may really lack. */
export interface CompleteSpec
  extends Required<Omit<ContainerSpec, Optional | 'load'>>, Pick<ContainerSpec, Optional> {
  readonly load: Load;
}

const mib = 2 ** 20;

/** Fills what a spec leaves out; the same seed and name always give the same container. */
export function completeSpec(seed: string, spec: ContainerSpec): CompleteSpec {
  return {
    image: 'registry.example/app:1.0',
    command: ['/app', 'serve'],
    labels: {},
    env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
    ports: [],
    mounts: [],
    networks: ['bridge'],
    limits: {},
    restart: 'no',
    maxBackoffMillis: 60_000,
    autoRemove: false,
    initially: 'running',
    exitCode: 0,
    restartCount: 0,
    ageMillis: 0,
    ...spec,
    load: { ...drawLoad(createRandom(`${seed}/load/${spec.name}`)), ...spec.load },
  };
}

/** Most containers do little and a few do much: values are spread over powers of ten. */
function drawLoad(random: () => number): Load {
  const spread = (min: number, max: number): number => min * (max / min) ** random();
  return {
    cpus: spread(0.002, 0.8),
    memoryBytes: spread(8 * mib, 400 * mib),
    cacheBytes: spread(mib, 200 * mib),
    receivedBytesPerSecond: spread(200, 2_000_000),
    sentBytesPerSecond: spread(200, 2_000_000),
    readBytesPerSecond: spread(50, 400_000),
    writtenBytesPerSecond: spread(50, 900_000),
    processes: Math.round(spread(1, 40)),
  };
}
