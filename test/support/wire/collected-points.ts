import type { HrTime } from '@opentelemetry/api';
import { hrTimeToMilliseconds } from '@opentelemetry/core';
import { DataPointType } from '@opentelemetry/sdk-metrics';
import type { DataPoint, MetricData, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import { observedIn } from '../../../src/export/container-producer.ts';

/** The points of a metric that is no histogram; none of one that is. */
export function numberPoints(metric: MetricData): readonly DataPoint<number>[] {
  const isNumber = metric.dataPointType === DataPointType.SUM || metric.dataPointType === DataPointType.GAUGE;
  return isNumber ? metric.dataPoints : [];
}

/** Names of the containers that these scopes are of. */
export function namesOf(scopes: readonly ScopeMetrics[]): string[] {
  return scopes.flatMap((scope) => nameOf(scope) ?? []);
}

/** The container that a scope is of, by its Resource. */
export function nameOf(scope: ScopeMetrics): string | undefined {
  const name = observedIn(scope)?.entity.resource.attributes['container.name'];
  return typeof name === 'string' ? name : undefined;
}

/** The points of a container's metric. */
export function pointsIn(
  scopes: readonly ScopeMetrics[],
  container: string,
  metric: string,
): readonly DataPoint<number>[] {
  const metrics = scopes.filter((scope) => nameOf(scope) === container).flatMap((scope) => scope.metrics);
  return metrics.filter(({ descriptor }) => descriptor.name === metric).flatMap(numberPoints);
}

/** Milliseconds since the epoch. */
export function millisOf(time: HrTime): number {
  return hrTimeToMilliseconds(time);
}
