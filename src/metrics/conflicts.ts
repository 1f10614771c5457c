import type { Catalogue } from './catalogue.ts';
import { exposedMetric, type Exposable, type ExposedMetric } from './prometheus-names.ts';

/** A profile's metrics under its name. */
export interface NamedCatalogue extends Catalogue {
  readonly profile: string;
}

/** Two metrics that cannot both be exposed. */
export interface ProfileConflict {
  /** What both would be called. */
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
 * Metrics of these profiles, or of one of them, that want one name for two different things. Metrics that are alike in
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

function partiesOf({ profile, containers, engine }: NamedCatalogue): readonly Party[] {
  const party = (instrument: Exposable, identity: readonly string[]): Party => {
    const exposed = exposedMetric(instrument);
    const labels = [...identity, ...exposed.labels];
    return { profile, name: instrument.name, exposed: { ...exposed, labels } };
  };
  return [
    ...containers.map((instrument) =>
      party(instrument, instrument.literal ? [] : ['the container’s identity']),
    ),
    ...engine.map((instrument) => party(instrument, [])),
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
