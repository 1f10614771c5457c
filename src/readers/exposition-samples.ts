import type { Attributes, HrTime } from '@opentelemetry/api';
import type { DataPoint, MetricData } from '@opentelemetry/sdk-metrics';
import { DataPointType } from '@opentelemetry/sdk-metrics';
import { formatValue } from './exposition-escape.ts';
import type { Family, FamilyHead, FamilyPart } from './exposition-family.ts';
import type { ExpositionFormat } from './exposition-format.ts';
import { histogramLines } from './exposition-histogram.ts';

/** What decides how samples look. */
export interface SampleOptions {
  readonly format: ExpositionFormat;
  /** Whether `_created` lines are wanted; the text format 0.0.4 knows none. */
  readonly created: boolean;
}

/** The lines of each series of a family, in turn. No series comes twice: of equal ones the first. */
export function* seriesOf({ head, parts, mayRepeat }: Family, options: SampleOptions): Generator<string> {
  const seen = mayRepeat ? new Set<string>() : undefined;
  for (const part of parts) yield* partLines(head, part, options, seen);
}
