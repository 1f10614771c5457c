import { millisToHrTime } from '@opentelemetry/core';
import { AggregationTemporality } from '@opentelemetry/sdk-metrics';
import type { ScopeMetrics } from '@opentelemetry/sdk-metrics';
import { EntityScope, metricOf } from '../container-producer.ts';
import type { MetricSeries } from './series-shapes.ts';
import type { Entity } from '../entity.ts';

/** Series of one entity that ended. */
export interface EndedSeries {
  readonly entity: Entity;
  readonly series: readonly MetricSeries[];
  /** The time of the latest of their points, in milliseconds since the epoch: a runtime's clock may be ahead of ours. */
  readonly latest: number;
}

/** OpenTelemetry's three preferences of temporality. */
export type Temporality = 'cumulative' | 'delta' | 'lowmemory';

/**
 * One point for each series that ended, as their own points were; the values mean nothing.
 *
 * @param now milliseconds since the epoch.
 */
export function markersOf(
  { entity, series, latest }: EndedSeries,
  temporality: Temporality,
  now: number,
): ScopeMetrics {
  // Prometheus drops what comes before the last point.
  const time = millisToHrTime(Math.max(now, latest + 1));
  const metrics = series.map((each) => {
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
  });
  return new EntityScope({ entity, owner: entity }, metrics);
}
