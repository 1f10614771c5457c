import { DataPointType } from '@opentelemetry/sdk-metrics';
import type { MetricData } from '@opentelemetry/sdk-metrics';
import { prometheusName } from '../../metrics/prometheus-names.ts';
import { escapeLabelValue, escapeLines, wellFormed } from './labels.ts';
import type { ScopeLabels } from './labels.ts';

/** The text of a HELP line: only OpenMetrics escapes quotes there. */
function escapeHelp(help: string, format: ExpositionFormat): string {
  return format === 'openmetrics' ? escapeLabelValue(help) : escapeLines(wellFormed(help));
}

/** A number as both formats read it; integers below 1e21 are written in full. */
export function formatValue(value: number): string {
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  return `${value}`;
}

/** The two text formats that Prometheus scrapes: 0.0.4, and OpenMetrics 1.0. */
export type ExpositionFormat = 'text' | 'openmetrics';

/** A family's type, as its TYPE line has it. */
type FamilyType = 'counter' | 'gauge' | 'histogram' | 'unknown' | 'info';

/** Metadata above the samples of a family. */
export interface FamilyHead {
  /** As on the TYPE line: in OpenMetrics without a counter's `_total`. */
  readonly name: string;
  /** Of its samples: with a counter's `_total`; a histogram's have suffixes besides. */
  readonly sampleName: string;
  readonly type: FamilyType;
  /** Empty when there is none to be shown. */
  readonly unit: string;
  readonly help: string;
}

/** One metric of one scope. */
export interface FamilyPart {
  readonly metric: MetricData;
  readonly labels: ScopeLabels;
}

/** All metrics that are exposed under one name. */
export interface Family {
  readonly head: FamilyHead;
  readonly parts: FamilyPart[];
  /** Two parts may hold the same series. */
  mayRepeat: boolean;
}

/** Metric names that are exposed verbatim, with their type. */
export type LiteralNames = ReadonlyMap<string, 'gauge' | 'counter'>;

type PointKind = 'counter' | 'updowncounter' | 'gauge' | 'histogram';

/** Instrument kind of a metric's points; undefined for kinds that the text formats cannot show. */
export function kindOf(metric: MetricData): PointKind | undefined {
  switch (metric.dataPointType) {
    case DataPointType.SUM:
      return metric.isMonotonic ? 'counter' : 'updowncounter';
    case DataPointType.GAUGE:
      return 'gauge';
    case DataPointType.HISTOGRAM:
      return 'histogram';
    case DataPointType.EXPONENTIAL_HISTOGRAM:
      return undefined;
  }
}

/** Names and types a metric for a format. */
export function headOf(
  { descriptor }: MetricData,
  kind: PointKind,
  literal: LiteralNames,
  format: ExpositionFormat,
): FamilyHead {
  const help = descriptor.description;
  const literalType = kind === 'histogram' ? undefined : literal.get(descriptor.name);
  if (literalType === 'gauge') return plain(descriptor.name, 'gauge', '', help);
  const translated = { name: descriptor.name, unit: '' };
  const { name, unit } = literalType ? translated : prometheusName({ ...descriptor, kind });
  if (kind === 'histogram') return plain(name, kind, unit, help);
  if (literalType !== 'counter' && kind !== 'counter') return plain(name, 'gauge', unit, help);
  return counterHead(plain(name, 'counter', unit, help), format);
}

function plain(name: string, type: FamilyType, unit: string, help: string): FamilyHead {
  return { name, sampleName: name, type, unit, help };
}

/** OpenMetrics has no counter without `_total`. */
function counterHead(head: FamilyHead, format: ExpositionFormat): FamilyHead {
  if (format === 'text') return head;
  const family = /^(.+)_total$/.exec(head.name)?.[1];
  return family === undefined ? { ...head, type: 'unknown' } : { ...head, name: family };
}

/** The lines above a family's samples. Only OpenMetrics has UNIT. */
export function headLines({ name, type, unit, help }: FamilyHead, format: ExpositionFormat): string {
  const helpLine = help === '' ? '' : `# HELP ${name} ${escapeHelp(help, format)}\n`;
  const unitLine = unit === '' || format === 'text' ? '' : `# UNIT ${name} ${unit}\n`;
  return `${helpLine}# TYPE ${name} ${type}\n${unitLine}`;
}
