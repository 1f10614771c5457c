import type { ContainerInstrument, EngineInstrument } from '../model/instrument.ts';
import { cadvisorContainers, cadvisorEngine } from './cadvisor.ts';
import { dockerExporterContainers, dockerExporterEngine } from './docker-exporter.ts';
import { engineInstruments, trackingInstruments } from './engine-instruments.ts';
import { firstOfEachName } from './exposed-metric.ts';
import { semconvCpu } from './semconv-cpu.ts';
import { semconvIo } from './semconv-io.ts';
import { semconvLifecycle } from './semconv-lifecycle.ts';
import { semconvMemory } from './semconv-memory.ts';

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
    containers: [...semconvLifecycle, ...semconvCpu, ...semconvMemory, ...semconvIo],
    engine: [],
    oneEngineOnly: false,
  },
  docker_exporter: {
    containers: dockerExporterContainers,
    engine: dockerExporterEngine,
    oneEngineOnly: true,
  },
  cadvisor: {
    containers: cadvisorContainers,
    engine: cadvisorEngine,
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

/** What every profile has. */
export const alwaysThere: Catalogue = { containers: trackingInstruments, engine: engineInstruments };

/**
 * Joins the chosen profiles, between which there are no conflicts; a metric that two of them have is there once.
 * @param switches metrics by name, switched on or off against their default.
 */
export function catalogueOf(
  names: readonly ProfileName[],
  switches: ReadonlyMap<string, boolean> = new Map(),
): Catalogue {
  const { containers, engine } = wholeCatalogue(names);
  const isOn = ({ name, offByDefault }: Switchable): boolean => switches.get(name) ?? !offByDefault;
  return {
    containers: firstOfEachName(containers.filter(isOn)),
    engine: firstOfEachName(engine.filter(isOn)),
  };
}

/** The same with every metric, those too that are off by default. */
export function wholeCatalogue(names: readonly ProfileName[]): Catalogue {
  const chosen = names.map((name): Catalogue => profiles[name]);
  return {
    containers: [...chosen, alwaysThere].flatMap(({ containers }) => containers),
    engine: [...chosen, alwaysThere].flatMap(({ engine }) => engine),
  };
}

type Switchable = Pick<ContainerInstrument, 'name' | 'offByDefault'>;
