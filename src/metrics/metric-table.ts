import type { Instrument } from '../model/instrument.ts';
import { alignedRows } from './aligned-rows.ts';
import type { Catalogue } from './catalogue.ts';

/** One metric as lists show it. */
export interface MetricRow {
  readonly name: string;
  readonly kind: string;
  readonly unit: string;
  readonly attributes: readonly string[];
  readonly source: string;
  readonly stability: string;
  readonly description: string;
  readonly absentWhen?: string;
}

/** Every metric of a catalogue, in its order. */
export function metricRows({ containers, engine }: Catalogue): readonly MetricRow[] {
  return [...containers.map(rowOf), ...engine.map(rowOf)];
}

/** Columns for a terminal. */
export function metricsTable(rows: readonly MetricRow[]): string {
  const cells = rows.map((row) => [
    row.name,
    row.kind,
    row.unit || '-',
    row.source,
    row.stability,
    row.attributes.join(', ') || '-',
  ]);
  return alignedRows([['NAME', 'KIND', 'UNIT', 'SOURCE', 'STABILITY', 'ATTRIBUTES'], ...cells], '  ');
}

/** A table for the documents. */
export function metricsMarkdown(rows: readonly MetricRow[]): string {
  const lines = rows.map(({ name, kind, unit, attributes, description, absentWhen }) => {
    const keys = attributes.map((key) => `\`${key}\``).join(', ');
    const absent = absentWhen ? `; absent when ${absentWhen}` : '';
    return `| \`${name}\` | ${kind} | ${unit ? `\`${unit}\`` : ''} | ${keys} | ${description}${absent} |`;
  });
  return [
    '| metric | kind | unit | attributes | meaning |',
    '| --- | --- | --- | --- | --- |',
    ...lines,
    '',
  ].join('\n');
}

function rowOf<T>(instrument: Instrument<T>): MetricRow {
  const { name, kind, unit, attributes, source, stability, description, absentWhen } = instrument;
  return { name, kind, unit, attributes, source, stability, description, ...(absentWhen && { absentWhen }) };
}
