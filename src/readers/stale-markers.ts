import { millisToHrTime } from '@opentelemetry/core';
import { AggregationTemporality } from '@opentelemetry/sdk-metrics';
import type { ScopeMetrics } from '@opentelemetry/sdk-metrics';
import { containerScope, metricOf, observedIn } from './container-meter.ts';
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
    metrics: series.map((each) => {
      const dataPoints = each.attributes.map((attributes) => ({
        attributes,
        startTime: time,
        endTime: time,
        value: 0,
      }));
      const isDelta = temporality === 'delta' && each.kind === 'counter';
      return metricOf(
        each,
        dataPoints,
        isDelta ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE,
      );
    }),
  };
  observedIn.set(markers, { subject, owner: subject });
  return markers;
}
