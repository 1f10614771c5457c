import type { HrTime } from '@opentelemetry/api';
import { DataPointType } from '@opentelemetry/sdk-metrics';
import type { DataPoint, Histogram, MetricData } from '@opentelemetry/sdk-metrics';
import { formatValue } from './text-format.ts';
import type { Family, FamilyHead } from './family.ts';
import type { ExpositionFormat } from './exposition-format.ts';
import { histogramLines } from './exposition-histogram.ts';
import { sample, SeriesLabels } from './exposition-series.ts';

/** What decides how samples look. */
export interface SampleOptions {
  readonly format: ExpositionFormat;
  /** Whether `_created` lines are wanted; the text format 0.0.4 knows none. */
  readonly created: boolean;
}

/** The lines of each part of a family, in turn. No series comes twice: of equal ones the first. */
export function* partsOf({ head, parts, mayRepeat }: Family, options: SampleOptions): Generator<string> {
  const acrossParts = mayRepeat ? new Set<string>() : undefined;
  for (const { metric, labels } of parts) {
    const { identity, attributes, histogramAttributes } = labels;
    const isHistogram = metric.dataPointType === DataPointType.HISTOGRAM;
    const writer = isHistogram ? histogramAttributes : attributes;
    yield partLines(
      head,
      metric,
      options,
      new SeriesLabels(identity, writer, metric.dataPoints.length, acrossParts),
    );
  }
}

function partLines(
  head: FamilyHead,
  metric: MetricData,
  options: SampleOptions,
  series: SeriesLabels,
): string {
  let lines = '';
  switch (metric.dataPointType) {
    case DataPointType.SUM:
    case DataPointType.GAUGE:
      for (const point of metric.dataPoints) lines += numberLines(head, point, options, series);
      break;
    case DataPointType.HISTOGRAM:
      for (const point of metric.dataPoints) lines += bucketLines(head, point, options, series);
      break;
    case DataPointType.EXPONENTIAL_HISTOGRAM:
  }
  return lines;
}

function bucketLines(
  head: FamilyHead,
  { attributes, value, startTime }: DataPoint<Histogram>,
  options: SampleOptions,
  series: SeriesLabels,
): string {
  const labels = series.next(attributes);
  if (labels === undefined) return '';
  return (
    histogramLines(head.name, labels, value, options.format) + createdLine(head, labels, startTime, options)
  );
}

function numberLines(
  head: FamilyHead,
  { attributes, value, startTime }: DataPoint<number>,
  options: SampleOptions,
  series: SeriesLabels,
): string {
  if (!isLegal(head, value, options)) return '';
  const labels = series.next(attributes);
  if (labels === undefined) return '';
  const line = sample(head.sampleName, labels, formatValue(value));
  return head.type === 'counter' ? line + createdLine(head, labels, startTime, options) : line;
}

/** OpenMetrics has no counter that is negative or no number. */
function isLegal({ type }: FamilyHead, value: number, { format }: SampleOptions): boolean {
  return type !== 'counter' || format === 'text' || value >= 0;
}

/** When the counting began, in Unix time; absent where nobody knows. */
function createdLine(
  { name }: FamilyHead,
  labels: string,
  [seconds, nanos]: HrTime,
  options: SampleOptions,
): string {
  if (!options.created || options.format === 'text' || seconds <= 0) return '';
  return sample(`${name}_created`, labels, formatValue(seconds + nanos / 1e9));
}
