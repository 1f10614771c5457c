import type { ContainerSpec, Load } from './container-spec.ts';
import { createRandom } from './random.ts';

type Optional = 'id' | 'ending' | 'healthcheck';

/** A container spec in which nothing is left open but what a container may really lack. */
export interface CompleteSpec
  extends Required<Omit<ContainerSpec, Optional | 'load'>>, Pick<ContainerSpec, Optional> {
  readonly load: Load;
}

const MIB = 2 ** 20;

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

/** Most containers do little and a few do much: figures are spread over powers of ten. */
function drawLoad(random: () => number): Load {
  const spread = (least: number, most: number): number => least * (most / least) ** random();
  return {
    cpus: spread(0.002, 0.8),
    memoryBytes: spread(8 * MIB, 400 * MIB),
    cacheBytes: spread(MIB, 200 * MIB),
    receivedBytesPerSecond: spread(200, 2_000_000),
    sentBytesPerSecond: spread(200, 2_000_000),
    readBytesPerSecond: spread(50, 400_000),
    writtenBytesPerSecond: spread(50, 900_000),
    processes: Math.round(spread(1, 40)),
  };
}
