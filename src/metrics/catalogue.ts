import { containerResource } from '../attributes/resource.ts';
import type { ResourceAttributes, ResourceOf } from '../attributes/resource.ts';
import type { DiskUsageNeeds } from '../model/disk-usage.ts';
import type { HostNeeds } from '../model/host.ts';
import type { ContainerInstrument, RuntimeInstrument } from '../model/instrument.ts';
import { optionalParts } from '../model/sample.ts';
import type { OptionalPart } from '../model/sample.ts';
import type { Identified } from '../model/snapshot.ts';
import { cadvisorRuntime } from './cadvisor/machine.ts';
import { cadvisorContainers } from './cadvisor/profile.ts';
import { dockerExporterContainers, dockerExporterRuntime } from './docker-exporter/profile.ts';
import { receiverDefaults, withOptions } from './docker-stats/options.ts';
import type { DockerStatsOptions } from './docker-stats/options.ts';
import { dockerStatsContainers } from './docker-stats/profile.ts';
import { dockerStatsResource } from './docker-stats/resource.ts';
import { exposedMetric, firstOfEachName } from './prometheus-names.ts';
import type { Exposable, ExposedMetric } from './prometheus-names.ts';
import { runtimeInstruments, trackingInstruments } from './runtime.ts';
import {
  semconvCpu,
  semconvCpuLogical,
  semconvFilesystem,
  semconvIo,
  semconvPressure,
} from './semconv/cpu-io.ts';
import { semconvEvents, semconvImageEvents, semconvLifecycle, semconvRuntime } from './semconv/lifecycle.ts';
import { semconvEffectiveLimits, semconvMemory } from './semconv/memory.ts';
import { semconvMemoryDetail } from './semconv/memory-detail.ts';
import { semconvOptional } from './semconv/optional.ts';

/** One set of metric names: a new family of metrics is one more list here. */
export interface Profile {
  readonly containers: readonly ContainerInstrument[];
  readonly runtime: readonly RuntimeInstrument[];
  /** Names whose identity leaves room for one runtime only. */
  readonly oneRuntimeOnly: boolean;
  /** Resource attributes of a container in this profile; absent: those of the conventions. */
  readonly resource?: (container: Identified, options: DockerStatsOptions) => ResourceAttributes;
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
      ...semconvEffectiveLimits,
      ...semconvIo,
      ...semconvPressure,
      ...semconvOptional,
      ...semconvFilesystem,
      ...semconvEvents,
    ],
    runtime: [...semconvRuntime, semconvImageEvents],
    oneRuntimeOnly: false,
  },
  docker_exporter: {
    containers: dockerExporterContainers,
    runtime: dockerExporterRuntime,
    oneRuntimeOnly: true,
  },
  docker_stats: {
    containers: dockerStatsContainers,
    runtime: [],
    oneRuntimeOnly: false,
    resource: (snapshot, { resource }) => dockerStatsResource(snapshot, resource),
  },
  cadvisor: {
    containers: cadvisorContainers,
    runtime: cadvisorRuntime,
    oneRuntimeOnly: true,
  },
} as const satisfies Readonly<Record<string, Profile>>;

/** The name of a profile. */
export type ProfileName = keyof typeof profiles;

/** The instruments of the chosen profiles, and those that every profile has. */
export interface Catalogue {
  readonly containers: readonly ContainerInstrument[];
  readonly runtime: readonly RuntimeInstrument[];
}

/** What the instruments of a catalogue need of the runtime's host besides containers. */
export function hostNeeds({ containers, runtime }: Catalogue, cgroups: HostNeeds['cgroups']): HostNeeds {
  const hasCgroups = containers.some((each) => 'observeCgroup' in each);
  return {
    machine: runtime.some(({ source }) => source === 'proc'),
    cgroups: hasCgroups ? cgroups : 'none',
  };
}

/** The parts of a sample that some instrument of a catalogue needs, of those that are read on demand. */
export function neededParts({ containers }: Catalogue): ReadonlySet<OptionalPart> {
  const stamps: ReadonlySet<string | undefined> = new Set(containers.map((each) => each.stampedBy));
  return new Set(optionalParts.filter((part) => stamps.has(part)));
}

/** What the instruments of a catalogue need of a runtime's disk usage. */
export function diskUsageNeeds({ containers, runtime }: Catalogue): DiskUsageNeeds {
  const isDiskUsage = ({ source }: Pick<ContainerInstrument, 'source'>): boolean => source === 'disk usage';
  return { sums: runtime.some(isDiskUsage), containers: containers.some(isDiskUsage) };
}

/** Metrics of every profile. */
export const alwaysThere: Catalogue = { containers: trackingInstruments, runtime: runtimeInstruments };

/** A catalogue without the metrics of every profile, which describe the agent: for single readings. */
export function withoutAgent({ containers, runtime }: Catalogue): Catalogue {
  return {
    containers: containers.filter((instrument) => !alwaysThere.containers.includes(instrument)),
    runtime: runtime.filter((instrument) => !alwaysThere.runtime.includes(instrument)),
  };
}

/**
 * Joins the chosen profiles, between which there are no conflicts; a metric that two of them have is there once.
 * @param switches metrics by name, switched on or off against their default.
 */
export function catalogueOf(
  names: readonly ProfileName[],
  switches: ReadonlyMap<string, boolean> = new Map(),
  options: DockerStatsOptions = receiverDefaults,
): Catalogue {
  const { containers, runtime } = wholeCatalogue(names, options);
  const isOn = ({ name, offByDefault }: Switchable): boolean => switches.get(name) ?? !offByDefault;
  return {
    containers: firstOfEachName(once(containers.filter(isOn))),
    runtime: firstOfEachName(runtime.filter(isOn)),
  };
}

/** The same with every metric, those too that are off by default. */
export function wholeCatalogue(
  names: readonly ProfileName[],
  options: DockerStatsOptions = receiverDefaults,
): Catalogue {
  const chosen = names.map((name): Profile => profiles[name]);
  const containers = chosen.flatMap((profile) =>
    profile === profiles.docker_stats ? withOptions(profile.containers, options) : profile.containers,
  );
  return {
    containers: [...containers, ...trackingInstruments],
    runtime: [...chosen.flatMap(({ runtime }) => runtime), ...runtimeInstruments],
  };
}

/** Resource attributes of a container in all chosen profiles; where they disagree, those of the conventions. */
export function resourceOf(
  names: readonly ProfileName[],
  options: DockerStatsOptions = receiverDefaults,
): ResourceOf {
  const chosen = names.map((name): Profile => profiles[name]);
  const own = chosen.flatMap(({ resource }) => resource ?? []);
  if (own.length === 0) return containerResource;
  const common = own.length < chosen.length ? [containerResource] : [];
  return (snapshot) =>
    Object.fromEntries([...own, ...common].flatMap((read) => Object.entries(read(snapshot, options))));
}

type Switchable = Pick<ContainerInstrument, 'name' | 'offByDefault'>;

/** A name that a peer shares with the conventions has the conventions' meaning. */
function once(instruments: readonly ContainerInstrument[]): readonly ContainerInstrument[] {
  const common = new Set(instruments.flatMap(({ name, stability }) => (stability === 'peer' ? [] : [name])));
  return instruments.filter(({ name, stability }) => stability !== 'peer' || !common.has(name));
}

/** A profile's metrics under its name. */
export interface NamedCatalogue extends Catalogue {
  readonly profile: string;
}

/** Two metrics that cannot both be exposed. */
export interface ProfileConflict {
  /** Exposed name of both. */
  readonly exposedName: string;
  readonly first: ConflictingMetric;
  readonly second: ConflictingMetric;
  /** In what they differ: one or more of type, labels, unit and exposed name. */
  readonly differs: readonly string[];
}

/** One party of a {@link ProfileConflict}. */
export interface ConflictingMetric {
  readonly profile: string;
  readonly name: string;
}

interface Party extends ConflictingMetric {
  readonly exposed: ExposedMetric;
}

/**
 * Different metrics of these profiles, or of one of them, with the same exposed name. Metrics with the same
 * type, unit and labels are no conflict: one stands for both.
 */
export function conflictsOf(catalogues: readonly NamedCatalogue[]): readonly ProfileConflict[] {
  const taken = new Map<string, Party>();
  const conflicts: ProfileConflict[] = [];
  for (const second of catalogues.flatMap(partiesOf)) {
    for (const key of keysOf(second)) {
      const first = taken.get(key);
      if (!first) taken.set(key, second);
      const differs = first ? differencesOf(first.exposed, second.exposed) : [];
      if (!first || differs.length === 0) continue;
      conflicts.push({ exposedName: second.exposed.name, first, second, differs });
      break;
    }
  }
  return conflicts;
}

function partiesOf({ profile, containers, runtime }: NamedCatalogue): readonly Party[] {
  const party = (instrument: Exposable, identity: readonly string[]): Party => {
    const exposed = exposedMetric(instrument);
    const labels = [...identity, ...exposed.labels];
    return { profile, name: instrument.name, exposed: { ...exposed, labels } };
  };
  return [
    ...containers.map((instrument) =>
      party(instrument, instrument.literal ? [] : ['the container’s identity']),
    ),
    ...runtime.map((instrument) => party(instrument, [])),
  ];
}

/** Every name that a metric needs for itself: OpenMetrics calls a counter's family by its name without `_total`. */
function keysOf({ name, exposed }: Party): readonly string[] {
  const family = exposed.type === 'counter' ? /^(.+)_total$/.exec(exposed.name)?.[1] : undefined;
  const exposedNames = family === undefined ? [] : [family, `${family}_created`];
  return [`OTLP ${name}`, ...[exposed.name, ...exposedNames].map((each) => `Prometheus ${each}`)];
}

function differencesOf(first: ExposedMetric, second: ExposedMetric): readonly string[] {
  return [
    ...(first.type === second.type ? [] : ['type']),
    ...(first.labels.join() === second.labels.join() ? [] : ['labels']),
    ...(first.unit === second.unit ? [] : ['unit']),
    ...(first.name === second.name ? [] : ['name']),
  ];
}
