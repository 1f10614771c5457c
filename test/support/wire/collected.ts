import type { Attributes, Meter } from '@opentelemetry/api';
import {
  AggregationTemporality,
  DataPointType,
  MeterProvider,
  MetricReader,
} from '@opentelemetry/sdk-metrics';
import type { MetricData } from '@opentelemetry/sdk-metrics';

/** A meter of the real SDK, and what a reader collects of it. */
export interface Collecting {
  readonly meter: Meter;
  /** Every metric by its name. */
  readonly collect: () => Promise<Map<string, MetricData>>;
  readonly shutdown: () => Promise<void>;
}

class TestReader extends MetricReader {
  protected override onShutdown(): Promise<void> {
    return Promise.resolve();
  }

  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }
}

/** A provider with one cumulative reader. */
export function collecting(): Collecting {
  const reader = new TestReader({ aggregationTemporalitySelector: () => AggregationTemporality.CUMULATIVE });
  const provider = new MeterProvider({ readers: [reader] });
  return {
    meter: provider.getMeter('test'),
    shutdown: () => provider.shutdown(),
    async collect() {
      const { resourceMetrics, errors } = await reader.collect();
      if (errors.length > 0) throw new AggregateError(errors);
      const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
      return new Map(metrics.map((metric) => [metric.descriptor.name, metric]));
    },
  };
}

/** A metric's points: value, or count and sum of a histogram, and attributes. */
export function pointsOf(metric: MetricData | undefined): [value: unknown, attributes: Attributes][] {
  if (!metric) return [];
  if (metric.dataPointType === DataPointType.HISTOGRAM) {
    return metric.dataPoints.map(({ value, attributes }) => [[value.count, value.sum], attributes]);
  }
  return metric.dataPoints.map(({ value, attributes }) => [value, attributes]);
}

/** The buckets' upper bounds of a histogram. */
export function boundariesOf(metric: MetricData | undefined): readonly number[] | undefined {
  if (metric?.dataPointType !== DataPointType.HISTOGRAM) return undefined;
  return metric.dataPoints[0]?.value.buckets.boundaries;
}

/** Kind of a collected metric: `counter`, `updowncounter`, `gauge`, `histogram` or `absent`. */
export function typeOf(metric: MetricData | undefined): string {
  if (metric?.dataPointType === DataPointType.SUM) return metric.isMonotonic ? 'counter' : 'updowncounter';
  if (metric?.dataPointType === DataPointType.GAUGE) return 'gauge';
  return metric?.dataPointType === DataPointType.HISTOGRAM ? 'histogram' : 'absent';
}
