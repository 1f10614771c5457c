import type { Attributes, HrTime } from '@opentelemetry/api';
import { DataPointType } from '@opentelemetry/sdk-metrics';
import type { DataPoint, Histogram, MetricData } from '@opentelemetry/sdk-metrics';
import type { Family, FamilyHead } from './family.ts';
import type { AttributeLabels, Identity } from './labels.ts';
import { formatValue } from './text-format.ts';
import type { ExpositionFormat } from './text-format.ts';

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

/** The labels of one part's series, each once. */
class SeriesLabels {
  readonly #identity: Identity;
  readonly #attributes: AttributeLabels;
  readonly #acrossParts: Set<string> | undefined;
  readonly #within: Set<string> | undefined;

  /** @param acrossParts what came before in this family, where another part may hold the same series. */
  constructor(
    identity: Identity,
    attributes: AttributeLabels,
    points: number,
    acrossParts: Set<string> | undefined,
  ) {
    this.#identity = identity;
    this.#attributes = attributes;
    this.#acrossParts = acrossParts;
    // Alone in its part, and no other part can hold it: nothing to compare with.
    this.#within = acrossParts === undefined && points > 1 ? new Set() : undefined;
  }

  /** The labels as they stand between the braces; undefined when this series came before. */
  next(attributes: Attributes): string | undefined {
    const { each, text: own } = this.#attributes.of(attributes);
    if (this.#isRepeated(each, own)) return undefined;
    const identity = this.#identity.text;
    if (identity === '' || own === '') return identity + own;
    return `${identity},${own}`;
  }

  #isRepeated(pairs: readonly string[], own: string): boolean {
    if (this.#within) return !added(this.#within, own);
    // Identities of different label names may have the same label in another place.
    return (
      this.#acrossParts !== undefined &&
      !added(this.#acrossParts, [...this.#identity.pairs, ...pairs].toSorted().join())
    );
  }
}

/** One line of a series. */
export function sample(name: string, labels: string, value: string): string {
  return labels === '' ? `${name} ${value}\n` : `${name}{${labels}} ${value}\n`;
}

function added(seen: Set<string>, series: string): boolean {
  const before = seen.size;
  return seen.add(series).size > before;
}

/** The lines of one histogram: cumulative buckets, then sum and count. */
function histogramLines(
  name: string,
  labels: string,
  { buckets, sum }: Histogram,
  format: ExpositionFormat,
): string {
  const { boundaries, counts } = buckets;
  const before = labels === '' ? '' : `${labels},`;
  const bucket = (le: string, count: number) =>
    sample(`${name}_bucket`, `${before}le="${le}"`, formatValue(count));
  let lines = '';
  let total = 0;
  for (const [index, count] of counts.entries()) {
    const boundary = boundaries[index] ?? Infinity;
    total += count;
    if (boundary !== Infinity) lines += bucket(formatBoundary(boundary, format), total);
  }
  lines += bucket('+Inf', total);
  const showsSum = isMonotonic(sum, boundaries);
  if (showsSum) lines += sample(`${name}_sum`, labels, formatValue(sum));
  // OpenMetrics wants sum and count together or not at all.
  return showsSum || format === 'text' ? lines + sample(`${name}_count`, labels, formatValue(total)) : lines;
}

/** A sum that could fall is no counter, and the specification leaves it out. */
function isMonotonic(sum: number | undefined, [lowest = 0]: readonly number[]): sum is number {
  return sum !== undefined && sum >= 0 && lowest >= 0;
}

/** OpenMetrics spells whole numbers with a fraction here: 1.0. */
function formatBoundary(boundary: number, format: ExpositionFormat): string {
  const text = formatValue(boundary);
  return format === 'openmetrics' && /^-?\d+$/.test(text) ? `${text}.0` : text;
}
