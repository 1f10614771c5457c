import type { FigureSource, Instrument } from '../model/instrument.ts';
import { dockerExporterOwn } from '../self-metrics/docker-exporter-instruments.ts';
import { alwaysThere, profiles } from './catalogue.ts';
import type { Catalogue, ProfileName } from './catalogue.ts';
import { nameReason } from './name-reasons.ts';
import { exposedMetric } from './prometheus-names.ts';
import { alignedRows, markdownTable } from './text-table.ts';

/** One metric as lists show it. */
export interface MetricRow {
  readonly name: string;
  /** As Prometheus sees it. */
  readonly exposedName: string;
  readonly kind: string;
  readonly unit: string;
  readonly attributes: readonly string[];
  readonly source: string;
  readonly stability: string;
  readonly description: string;
  /** Whether it is observed, as it is configured. */
  readonly isOn: boolean;
  /** Why an extension has its name. */
  readonly nameReason?: string;
  readonly absentWhen?: string;
  /** Why it is never observed by this version, whatever the engine. */
  readonly absentHere?: string;
  /** Only in lists of several profiles; `every` for what each of them has. */
  readonly profile?: string;
}

/** Every metric of these profiles; one that two of them have comes twice. */
export function profileRows(names: readonly ProfileName[], chosen?: Catalogue): readonly MetricRow[] {
  const of = (profile: string, catalogue: Catalogue): readonly MetricRow[] =>
    [...metricRows(catalogue, chosen), ...ownRows(profile)].map((row) => ({ ...row, profile }));
  return [...names.flatMap((name) => of(name, profiles[name])), ...of('every', alwaysThere)];
}

/** What a profile's peer tells of itself; it cannot be switched off. */
export function ownRows(profile: string): readonly MetricRow[] {
  if (profile !== 'docker_exporter') return [];
  const common = { unit: '', attributes: [], source: 'agent', stability: 'peer', isOn: true };
  return Object.values(dockerExporterOwn).map((own) => ({ ...own, exposedName: own.name, ...common }));
}

/**
 * Every metric of a catalogue, in its order.
 * @param chosen those that are switched on; without it, those that are on by default.
 */
export function metricRows(catalogue: Catalogue, chosen?: Catalogue): readonly MetricRow[] {
  const on = chosen && new Set(namesOf(chosen));
  return [...catalogue.containers.map(rowOf), ...catalogue.engine.map(rowOf)].map((row) =>
    on ? { ...row, isOn: on.has(row.name) } : row,
  );
}

function namesOf({ containers, engine }: Catalogue): readonly string[] {
  return [...containers, ...engine].map(({ name }) => name);
}

const headings = [
  'NAME',
  'PROMETHEUS',
  'KIND',
  'UNIT',
  'PROFILE',
  'SOURCE',
  'STABILITY',
  'ON',
  'ABSENT BECAUSE IT',
  'ATTRIBUTES',
] as const;

/** Columns for a terminal. */
export function metricsTable(rows: readonly MetricRow[]): string {
  const cells = rows.map((row) => [
    row.name,
    row.exposedName === row.name ? '=' : row.exposedName,
    row.kind,
    row.unit || '-',
    row.profile ?? '-',
    row.source,
    row.stability,
    row.isOn ? 'on' : 'off',
    row.absentHere ?? '-',
    row.attributes.join(', ') || '-',
  ]);
  return alignedRows([headings, ...cells], '  ');
}

/** A table for the documents. */
export function metricsMarkdown(rows: readonly MetricRow[]): string {
  const hasSeveral = rows.some(({ profile }) => profile !== undefined);
  const lines = rows.map((row) => {
    const { name, exposedName, kind, unit, attributes, source, isOn, profile } = row;
    const exposed = exposedName === name ? 'the same' : code(exposedName);
    return [
      code(name),
      exposed,
      kind,
      unit && code(unit),
      attributes.map(code).join(', '),
      source,
      isOn ? 'on' : 'off',
      meaningOf(row),
      ...(hasSeveral ? [profile ?? ''] : []),
    ];
  });
  const columns = ['metric', 'in Prometheus', 'kind', 'unit', 'attributes', 'source', 'on', 'meaning'];
  return markdownTable([...columns, ...(hasSeveral ? ['profile'] : [])], lines);
}

function meaningOf({ description, absentWhen, absentHere }: MetricRow): string {
  if (absentHere !== undefined) return `${description}; **absent**: ${absentHere}`;
  return absentWhen === undefined ? description : `${description}; absent when ${absentWhen}`;
}

function code(text: string): string {
  return `\`${text}\``;
}

function rowOf<T>(instrument: Instrument<T>): MetricRow {
  const { name, kind, unit, attributes, source, stability, description, absentWhen, offByDefault } =
    instrument;
  const absentHere = absenceHere(instrument);
  const reason = stability === 'extension' ? nameReason(name) : undefined;
  return {
    name,
    exposedName: exposedMetric(instrument).name,
    kind,
    unit,
    attributes,
    source,
    stability,
    description,
    isOn: !offByDefault,
    ...(absentHere === undefined ? absentWhen !== undefined && { absentWhen } : { absentHere }),
    ...(reason !== undefined && { nameReason: reason }),
  };
}

/** Sources that this version does not ask, and what would have to be there. */
const missingSources: Readonly<Partial<Record<FigureSource, string>>> = {
  cgroup: 'needs the kernel’s cgroup files, which are not read yet',
  proc: 'needs the host’s /proc, which is not read yet',
};

/** Why a metric is never observed here, whatever the engine; undefined for those that are. */
function absenceHere({
  source,
  absentWhen = 'from nowhere',
}: Pick<Instrument<never>, 'source' | 'absentWhen'>): string | undefined {
  return source === 'unavailable' ? `cannot be had: ${absentWhen}` : missingSources[source];
}
