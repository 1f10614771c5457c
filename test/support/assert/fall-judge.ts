import assert from 'node:assert/strict';
import type { DataPoint, MetricData, ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { DataPointType } from '@opentelemetry/sdk-metrics';
import { millisOf, nameOf, numberPoints } from '../wire/collected-points.ts';

/** −1 by cAdvisor's own design: no health check. */
const withoutHealth = 'container_health_state';

/**
 * Judges collections where clocks may jump: every value is a number and not below 0, no point begins after it ends,
 * and no cumulative counter falls within one start.
 */
export class FallJudge {
  readonly #temporality: 'cumulative' | 'delta';
  readonly #last = new Map<string, DataPoint<number>>();

  constructor(temporality: 'cumulative' | 'delta') {
    this.#temporality = temporality;
  }

  /** Judges one collection. */
  accept({ scopeMetrics }: Pick<ResourceMetrics, 'scopeMetrics'>): void {
    for (const scope of scopeMetrics) {
      for (const metric of scope.metrics)
        for (const point of numberPoints(metric)) this.#acceptPoint(nameOf(scope) ?? '', metric, point);
    }
  }

  #acceptPoint(container: string, metric: MetricData, point: DataPoint<number>): void {
    const key = `${container} ${metric.descriptor.name} ${JSON.stringify(point.attributes)}`;
    const description = `${key}: ${JSON.stringify(point)}`;
    const isBelow = point.value < 0 && metric.descriptor.name !== withoutHealth;
    assert.ok(Number.isFinite(point.value) && !isBelow, description);
    assert.ok(millisOf(point.startTime) <= millisOf(point.endTime), description);
    const isCounter = metric.dataPointType === DataPointType.SUM && metric.isMonotonic;
    if (!isCounter || this.#temporality === 'delta') return;
    const before = this.#last.get(key);
    this.#last.set(key, point);
    if (!before || millisOf(before.startTime) !== millisOf(point.startTime)) return;
    assert.ok(point.value >= before.value, `fell: ${JSON.stringify(before)} → ${description}`);
  }
}
