import type { Instrument } from '../model/instrument.ts';
import { alignedRows } from './aligned-rows.ts';
import type { Catalogue } from './catalogue.ts';
import { nameReason } from './name-reasons.ts';

/** One metric as lists show it. */
export interface MetricRow {
  readonly name: string;
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

/** Columns for a terminal. */
export function metricsTable(rows: readonly MetricRow[]): string {
  const cells = rows.map((row) => [
    row.name,
    row.kind,
    row.unit || '-',
    row.source,
    row.stability,
    row.isOn ? 'on' : 'off',
    row.attributes.join(', ') || '-',
  ]);
  return alignedRows([['NAME', 'KIND', 'UNIT', 'SOURCE', 'STABILITY', 'ON', 'ATTRIBUTES'], ...cells], '  ');
}

/** A table for the documents. */
export function metricsMarkdown(rows: readonly MetricRow[]): string {
  const lines = rows.map(({ name, kind, unit, attributes, description, absentWhen, isOn }) => {
    const keys = attributes.map((key) => `\`${key}\``).join(', ');
    const absent = absentWhen ? `; absent when ${absentWhen}` : '';
    const off = isOn ? '' : '; off by default';
    return `| \`${name}\` | ${kind} | ${unit ? `\`${unit}\`` : ''} | ${keys} | ${description}${absent}${off} |`;
  });
  return [
    '| metric | kind | unit | attributes | meaning |',
    '| --- | --- | --- | --- | --- |',
    ...lines,
    '',
  ].join('\n');
}

function rowOf<T>(instrument: Instrument<T>): MetricRow {
  const { name, kind, unit, attributes, source, stability, description, absentWhen, offByDefault } =
    instrument;
  const row = { name, kind, unit, attributes, source, stability, description, isOn: !offByDefault };
  const reason = stability === 'extension' ? nameReason(name) : undefined;
  return { ...row, ...(absentWhen && { absentWhen }), ...(reason !== undefined && { nameReason: reason }) };
}
