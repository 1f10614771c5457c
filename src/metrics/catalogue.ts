import type { ContainerInstrument, EngineInstrument } from '../model/instrument.ts';
import { dockerExporterContainers, dockerExporterEngine } from './docker-exporter.ts';
import { engineInstruments, trackingInstruments } from './engine-instruments.ts';
import { semconvCpu } from './semconv-cpu.ts';
import { semconvCpuLogical } from './semconv-cpu-logical.ts';
import { semconvEngine } from './semconv-engine.ts';
import { semconvIo } from './semconv-io.ts';
import { semconvLifecycle } from './semconv-lifecycle.ts';
import { semconvMemory } from './semconv-memory.ts';
import { semconvMemoryDetail } from './semconv-memory-detail.ts';

/** One set of metric names: a new family of metrics is one more list here. */
export interface Profile {
  readonly containers: readonly ContainerInstrument[];
  readonly engine: readonly EngineInstrument[];
  /** Names whose identity leaves room for one engine only. */
  readonly oneEngineOnly: boolean;
}

/** Every profile by its name. */
export const profiles = {
  semconv: {
    containers: [
      ...semconvLifecycle,
      ...semconvCpu,
      semconvCpuLogical,
      ...semconvMemory,
      ...semconvMemoryDetail,
      ...semconvIo,
    ],
    engine: semconvEngine,
    oneEngineOnly: false,
  },
  docker_exporter: {
    containers: dockerExporterContainers,
    engine: dockerExporterEngine,
    oneEngineOnly: true,
  },
} as const satisfies Readonly<Record<string, Profile>>;

/** The name of a profile. */
export type ProfileName = keyof typeof profiles;

/** The instruments of the chosen profiles, and those that every profile has. */
export interface Catalogue {
  readonly containers: readonly ContainerInstrument[];
  readonly engine: readonly EngineInstrument[];
}

/**
 * Joins the chosen profiles; their names are all different.
 * @param switches metrics by name, switched on or off against their default.
 */
export function catalogueOf(
  names: readonly ProfileName[],
  switches: ReadonlyMap<string, boolean> = new Map(),
): Catalogue {
  const { containers, engine } = wholeCatalogue(names);
  const isOn = ({ name, offByDefault }: Switchable): boolean => switches.get(name) ?? !offByDefault;
  return { containers: containers.filter(isOn), engine: engine.filter(isOn) };
}

/** The same with every metric, those too that are off by default. */
export function wholeCatalogue(names: readonly ProfileName[]): Catalogue {
  const chosen = names.map((name): Profile => profiles[name]);
  return {
    containers: [...chosen.flatMap(({ containers }) => containers), ...trackingInstruments],
    engine: [...chosen.flatMap(({ engine }) => engine), ...engineInstruments],
  };
}

type Switchable = Pick<ContainerInstrument, 'name' | 'offByDefault'>;
