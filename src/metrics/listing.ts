import type { Instrument } from '../model/instrument.ts';
import { alwaysThere, profiles } from './catalogue.ts';
import type { Catalogue, ProfileName } from './catalogue.ts';
import { dockerExporterOwn } from './docker-exporter/profile.ts';
import { exposedMetric } from './prometheus-names.ts';
import { optionalNameReasons } from './semconv/optional.ts';

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
  /** True when the configuration enables it. */
  readonly isOn: boolean;
  /** Reason for the name of an extension. */
  readonly nameReason?: string;
  readonly absentWhen?: string;
  /** Reason why this version never observes it, with any runtime. */
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

/** A peer's metrics about its own process, part of its profile; they cannot be switched off. */
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
  return [...catalogue.containers.map(rowOf), ...catalogue.runtime.map(rowOf)].map((row) =>
    on ? { ...row, isOn: on.has(row.name) } : row,
  );
}

function namesOf({ containers, runtime }: Catalogue): readonly string[] {
  return [...containers, ...runtime].map(({ name }) => name);
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

/** The reason why a metric is never observed, with any runtime; undefined for observed ones. */
function absenceHere({
  source,
  absentWhen = 'from nowhere',
}: Pick<Instrument<never>, 'source' | 'absentWhen'>): string | undefined {
  return source === 'unavailable' ? `not read: ${absentWhen}` : undefined;
}

/**
 * Reason for the name of a metric that the conventions lack: their nearest one, or its substitute.
 * Each reads on from "name": "name after …".
 */
const reasons: Readonly<Record<string, string>> = {
  ...optionalNameReasons,
  'container.info': 'after `target_info` of the Prometheus compatibility specification',
  'container.status.state': 'after `k8s.container.status.state`',
  'container.health.status': 'after `k8s.container.status.state`, with the word of the health check first',
  'container.restarts.current':
    'after `k8s.container.restart.count`, with the ending of `k8s.container.cpu.limit.current`: as it stands, for a manual start sets it back to 0',
  'container.exit_code':
    'by inspect: `ExitCode`; the conventions have `process.exit.code` as an attribute only',
  'container.oom_killed': 'by inspect: `OOMKilled`; `k8s.container.status.reason` has it as a value only',
  'container.start_time':
    'after `process_start_time_seconds` of Prometheus; of the conventions, `container.uptime` is nearest',
  'container.pids.current': 'by the kernel: `pids.current`',
  'container.pids.limit.effective':
    'after systemd’s `EffectiveTasksMax`, beside `container.pids.limit.current`',
  'container.pids.limit.current': 'after `k8s.container.cpu.limit.current`',
  'container.cpu.limit.current': 'after `k8s.container.cpu.limit.current`',
  'container.cpu.limit.utilization': 'after `k8s.container.cpu.limit.utilization`',
  'container.cpu.limit.effective': 'as `container.memory.limit.effective`',
  'container.cpu.throttling.periods': 'by the runtime: `throttling_data.periods`',
  'container.cpu.throttling.throttled_periods': 'by the runtime: `throttling_data.throttled_periods`',
  'container.cpu.throttling.throttled_time': 'by the runtime: `throttling_data.throttled_time`',
  'container.cpu.throttling.burst_periods': 'by the kernel: `nr_bursts` of cpu.stat, beside the periods',
  'container.cpu.throttling.burst_time': 'by the kernel: `burst_usec` of cpu.stat, beside the throttled time',
  'container.cpu.logical.time':
    'after `system.cpu.time` by `cpu.logical_number`, and apart from `container.cpu.time`, whose sum it would double',
  'container.memory.usage.peak': 'by the kernel: `memory.peak`, below the metric of which it is the peak',
  'container.memory.oom_kills':
    'by the kernel: `oom_kill` of memory.events, in the plural as `container.paging.faults`',
  'container.memory.limit.current': 'after `k8s.container.memory.limit.current`',
  'container.memory.reservation.current':
    'after `k8s.container.memory.limit.current`, with the runtime’s word `MemoryReservation`',
  'container.memory.limit.effective':
    'after systemd’s `EffectiveMemoryMax`, beside `container.memory.limit.current`',
  'container.memory.limit.utilization': 'after `k8s.container.memory.limit.utilization`',
  'container.memory.linux.usage':
    'after `system.memory.usage` by state, in the namespace of `system.memory.linux.*`, and apart from `container.memory.usage`, whose sum it would double',
  'container.memory.linux.page_cache.usage': 'after `system.memory.linux.slab.usage` by state',
  'container.memory.linux.lru.usage': 'after `system.memory.linux.slab.usage` by state',
  'container.memory.linux.slab.usage': 'after `system.memory.linux.slab.usage`',
  'container.memory.linux.transparent_hugepages.usage':
    'after `system.memory.linux.hugepages.usage`, which counts those that are reserved',
  'container.memory.linux.transparent_hugepages.allocations':
    'after `system.paging.faults` by type: events of the pages named before',
  'container.memory.linux.events': 'by the kernel: memory.events',
  'container.paging.linux.operations':
    'after `system.paging.operations`, whose operations are reads and writes of swap',
  'container.paging.linux.workingset.events':
    'after `system.paging.faults` by type, with the kernel’s word `workingset`',
  'container.paging.limit.effective':
    'as `container.memory.limit.effective`, beside `container.paging.usage`',
  'container.paging.usage': 'after `system.paging.usage`',
  'container.pressure.waiting_time':
    'by Kubernetes: `container_pressure_cpu_waiting_seconds_total`, with the resource as attribute; `some` of the kernel',
  'container.pressure.stalled_time':
    'by Kubernetes: `container_pressure_cpu_stalled_seconds_total`, with the resource as attribute; `full` of the kernel, and apart from the time waited, which has it in it',
  'container.network.packet.count': 'after `system.network.packet.count`',
  'container.network.errors': 'after `system.network.errors`',
  'container.network.packet.dropped': 'after `system.network.packet.dropped`',
  'container.disk.operations': 'after `system.disk.operations`',
  'container.events': 'by the runtime: the events of `docker events`',
  'container.exits': 'by the runtime: the event `die`, and `process.exit.code` of the conventions',
  'container.image.events': 'as `container.events`, for the entity `container.image`',
  'container.runtime.info': 'after `target_info` of Prometheus, for the entity `container.runtime`',
  'container.runtime.containers':
    'after `system.network.connection.count` by state, without `count`, which in Prometheus is of histograms',
  'container.runtime.images':
    'after `system.cpu.logical.count`, without `count`, which in Prometheus is of histograms',
  'container.runtime.disk.usage': 'after `system.filesystem.usage`',
  'container.runtime.disk.reclaimable': 'by the runtime: `Reclaimable` of system df',
};

/** The reason of an extension's name; absent for names of the conventions and of peers. */
export function nameReason(name: string): string | undefined {
  if (name.startsWith('tidegauge.')) return 'in the namespace of this program, as the conventions ask of one';
  return Object.hasOwn(reasons, name) ? reasons[name] : undefined;
}

/** Rows of cells as lines whose columns stand under each other, `gap` between them; for terminals. */
export function alignedRows(rows: readonly (readonly string[])[], gap: string): string {
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, column) => Math.max(widest[column] ?? 0, cell.length)),
    [],
  );
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(gap));
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

/** A table in Markdown; a bar within a cell would end it. */
export function markdownTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  return [headings, headings.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`)
    .join('');
}
