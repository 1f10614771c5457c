import type { Attributes, HrTime } from '@opentelemetry/api';
import { hrTimeToMilliseconds } from '@opentelemetry/core';
import { AggregationTemporality, DataPointType } from '@opentelemetry/sdk-metrics';
import type {
  CollectionResult,
  DataPoint,
  MetricData,
  MetricProducer,
  ScopeMetrics,
} from '@opentelemetry/sdk-metrics';
import { observedIn } from './container-meter.ts';

type Sum = Extract<MetricData, { dataPointType: DataPointType.SUM }>;

/** The last point of one series that this reader handed over. */
interface Handed {
  readonly value: number;
  readonly startTime: HrTime;
  readonly endTime: HrTime;
}

/**
 * A reader's own view of the container meter in delta temporality: each counter's growth since the last point that
 * this reader handed over. What is remembered hangs on the container's tracker and dies with it. The first sight of
 * a container that is older than this reader is only the baseline.
 */
export class DeltaProducer implements MetricProducer {
  readonly #producer: MetricProducer;
  readonly #since: number;
  readonly #handed = new WeakMap<object, Map<string, Handed>>();

  /** @param since when this reader began; milliseconds since the epoch. */
  constructor(producer: MetricProducer, since: number) {
    this.#producer = producer;
    this.#since = since;
  }

  /** Never rejects, as the producer beneath never does. */
  async collect(options?: { timeoutMillis?: number }): Promise<CollectionResult> {
    const { resourceMetrics, errors } = await this.#producer.collect(options);
    const scopeMetrics = resourceMetrics.scopeMetrics.map((scope) => this.#deltas(scope));
    return { resourceMetrics: { ...resourceMetrics, scopeMetrics }, errors };
  }

  #deltas(cumulative: ScopeMetrics): ScopeMetrics {
    const observed = observedIn.get(cumulative);
    if (!observed) return cumulative;
    const handed = this.#handed.get(observed.owner) ?? new Map<string, Handed>();
    this.#handed.set(observed.owner, handed);
    const metrics = cumulative.metrics.flatMap((metric) => {
      if (metric.dataPointType !== DataPointType.SUM || !metric.isMonotonic) return [metric];
      const dataPoints = metric.dataPoints.flatMap((point) => this.#delta(handed, metric, point) ?? []);
      return dataPoints.length === 0 ? [] : [deltaSum(metric, dataPoints)];
    });
    const delta = { scope: cumulative.scope, metrics };
    observedIn.set(delta, observed);
    return delta;
  }

  #delta(handed: Map<string, Handed>, metric: Sum, point: DataPoint<number>): DataPoint<number> | undefined {
    const key = seriesKey(metric.descriptor.name, point.attributes);
    const before = handed.get(key);
    const { value, startTime, endTime } = point;
    // The same sample again: its growth was handed over already.
    if (before && !isLater(endTime, before.endTime)) return undefined;
    handed.set(key, { value, startTime, endTime });
    if (!before) return hrTimeToMilliseconds(startTime) >= this.#since ? point : undefined;
    if (isLater(startTime, before.startTime) || value < before.value) return point;
    return { ...point, value: value - before.value, startTime: before.endTime };
  }
}

function deltaSum(metric: Sum, dataPoints: DataPoint<number>[]): MetricData {
  return { ...metric, aggregationTemporality: AggregationTemporality.DELTA, dataPoints };
}

function seriesKey(name: string, attributes: Attributes): string {
  return `${name} ${JSON.stringify(attributes)}`;
}

function isLater(time: HrTime, other: HrTime): boolean {
  return time[0] > other[0] || (time[0] === other[0] && time[1] > other[1]);
}
