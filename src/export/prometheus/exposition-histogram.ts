import type { Histogram } from '@opentelemetry/sdk-metrics';
import { formatValue } from './text-format.ts';
import type { ExpositionFormat } from './exposition-format.ts';
import { sample } from './exposition-series.ts';

/** The lines of one histogram: cumulative buckets, then sum and count. */
export function histogramLines(
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
