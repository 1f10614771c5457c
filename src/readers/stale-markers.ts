import { millisToHrTime } from '@opentelemetry/core';
import { AggregationTemporality, DataPointType } from '@opentelemetry/sdk-metrics';
import type { MetricData, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import { containerScope, observedIn } from './container-meter.ts';
import type { MetricSeries } from './series-shape.ts';
import type { Subject } from './subject.ts';

/** Series of one subject that ended. */
export interface EndedSeries {
  readonly subject: Subject;
  readonly series: readonly MetricSeries[];
}

/** OpenTelemetry's three preferences of temporality. */
export type Temporality = 'cumulative' | 'delta' | 'lowmemory';

/**
 * One point for each series that ended, as their own points were; the values mean nothing.
 *
 * @param now milliseconds since the epoch.
 */
export function markersOf(
  { subject, series }: EndedSeries,
  temporality: Temporality,
  now: number,
): ScopeMetrics {
  const time = millisToHrTime(now);
  const markers = {
    scope: containerScope,
    metrics: series.map(({ descriptor, kind, attributes }): MetricData => {
      const dataPoints = attributes.map((each) => ({
        attributes: each,
        startTime: time,
        endTime: time,
        value: 0,
      }));
      const isDelta = temporality === 'delta' && kind === 'counter';
      const aggregationTemporality = isDelta
        ? AggregationTemporality.DELTA
        : AggregationTemporality.CUMULATIVE;
      const common = { descriptor, aggregationTemporality, dataPoints };
      if (kind === 'gauge') return { ...common, dataPointType: DataPointType.GAUGE };
      return { ...common, dataPointType: DataPointType.SUM, isMonotonic: kind === 'counter' };
    }),
  };
  observedIn.set(markers, { subject, owner: subject });
  return markers;
}
