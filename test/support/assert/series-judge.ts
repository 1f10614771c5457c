import assert from 'node:assert/strict';
import type { DataPoint, MetricData, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import { DataPointType } from '@opentelemetry/sdk-metrics';
import { observedIn } from '../../../src/export/container-producer.ts';
import { millisOf, namesOf, numberPoints } from '../wire/collected-points.ts';

interface Seen {
  readonly startedAt: number;
  readonly at: number;
  readonly value: number;
}

/** Follows series through collections: times never go back, and no counter falls within one start. */
export class SeriesJudge {
  /** Containers of which the last collection held more than their failures. */
  measured: readonly string[] = [];
  readonly #series = new WeakMap<object, Map<string, Seen>>();

  /** Judges one collection. */
  accept(scopes: readonly ScopeMetrics[]): void {
    for (const scope of scopes) this.#acceptScope(scope);
    const withMetrics = scopes.filter(({ metrics }) =>
      metrics.some(({ descriptor }) => descriptor.name.startsWith('container.')),
    );
    this.measured = namesOf(withMetrics);
  }

  #acceptScope(scope: ScopeMetrics): void {
    const owner = observedIn(scope)?.owner ?? {};
    const series = this.#series.get(owner) ?? new Map<string, Seen>();
    this.#series.set(owner, series);
    for (const metric of scope.metrics) {
      for (const point of numberPoints(metric)) acceptPoint(series, metric, point);
    }
  }
}

function acceptPoint(series: Map<string, Seen>, metric: MetricData, point: DataPoint<number>): void {
  const key = `${metric.descriptor.name} ${JSON.stringify(point.attributes)}`;
  const seen = { startedAt: millisOf(point.startTime), at: millisOf(point.endTime), value: point.value };
  const before = series.get(key);
  series.set(key, seen);
  assert.ok(seen.startedAt <= seen.at, `${key} begins after it ends`);
  if (!before) return;
  const change = `${key}: ${JSON.stringify(before)} → ${JSON.stringify(seen)}`;
  assert.ok(seen.at >= before.at, `back in time: ${change}`);
  const isCounter = metric.dataPointType === DataPointType.SUM && metric.isMonotonic;
  if (!isCounter) return;
  assert.ok(seen.startedAt >= before.startedAt, `an older start: ${change}`);
  if (seen.startedAt === before.startedAt) assert.ok(seen.value >= before.value, `fell: ${change}`);
}
