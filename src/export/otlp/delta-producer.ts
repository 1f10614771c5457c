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
import { KeyedQueue } from '../../concurrency/queues.ts';
import { Slices } from '../../concurrency/slices.ts';
import { EntityScope, observedIn } from '../container-producer.ts';

type Point = DataPoint<number>;

/** The last points of one container that this reader handed over. */
interface Memory {
  readonly series: Map<string, Point>;
  /** When counters of a start, in milliseconds since the epoch, were last read: what joins them was zero then. */
  read: ReadonlyMap<number, HrTime>;
}

/**
 * A reader's own view of the container meter in delta temporality: each counter's growth since the last point
 * that this reader handed over. Last points hang on the container's tracker and die with it. The first points
 * of a container that is older than this reader are only the baseline.
 */
export class DeltaProducer implements MetricProducer {
  readonly #producer: MetricProducer;
  readonly #since: number;
  readonly #memories = new WeakMap<object, Memory>();
  /** Collections are subtracted in the order in which they were made. */
  readonly #queue = new KeyedQueue();

  /** @param since when this reader began; milliseconds since the epoch. */
  constructor(producer: MetricProducer, since: number) {
    this.#producer = producer;
    this.#since = since;
  }

  /** Never rejects, as the producer beneath never does. */
  async collect(options?: { timeoutMillis?: number }): Promise<CollectionResult> {
    const { resourceMetrics, errors } = await this.#producer.collect(options);
    const scopeMetrics = await this.#queue.run('', () => this.#subtract(resourceMetrics.scopeMetrics));
    return { resourceMetrics: { ...resourceMetrics, scopeMetrics }, errors };
  }

  async #subtract(scopes: readonly ScopeMetrics[]): Promise<ScopeMetrics[]> {
    const scopeMetrics: ScopeMetrics[] = [];
    const slices = new Slices();
    for (const scope of scopes) {
      scopeMetrics.push(this.#deltas(scope));
      if (slices.step()) await slices.next();
    }
    return scopeMetrics;
  }

  #deltas(cumulative: ScopeMetrics): ScopeMetrics {
    const observed = observedIn(cumulative);
    if (!observed) return cumulative;
    const memory = this.#memories.get(observed.owner) ?? {
      series: new Map<string, Point>(),
      read: new Map(),
    };
    this.#memories.set(observed.owner, memory);
    const read = new Map<number, HrTime>();
    const metrics = cumulative.metrics.flatMap((metric): MetricData[] => {
      if (metric.dataPointType !== DataPointType.SUM || !metric.isMonotonic) return [metric];
      for (const { startTime, endTime } of metric.dataPoints)
        read.set(hrTimeToMilliseconds(startTime), endTime);
      const { name } = metric.descriptor;
      const dataPoints = metric.dataPoints.flatMap((point) => this.#delta(memory, name, point) ?? []);
      const aggregationTemporality = AggregationTemporality.DELTA;
      return dataPoints.length === 0 ? [] : [{ ...metric, aggregationTemporality, dataPoints }];
    });
    if (read.size > 0) memory.read = read;
    return new EntityScope({ ...observed, all: cumulative.metrics }, metrics);
  }

  #delta({ series, read }: Memory, name: string, point: Point): Point | undefined {
    const key = seriesKey(name, point.attributes);
    const before = series.get(key);
    // The same sample again: its growth was handed over already.
    if (before && isSame(point.endTime, before.endTime)) return undefined;
    series.set(key, point);
    return before ? growth(before, point) : this.#first(point, read);
  }

  #first(point: Point, read: Memory['read']): Point | undefined {
    const startedAt = hrTimeToMilliseconds(point.startTime);
    if (startedAt >= this.#since) return point;
    const startTime = read.get(startedAt);
    return startTime && { ...point, startTime: earlier(startTime, point.endTime) };
  }
}

function growth(before: Point, point: Point): Point {
  // A point that was read after this start is of the same run, although its start was not known yet.
  const isSameStart = isSame(before.startTime, point.startTime) || isLater(before.endTime, point.startTime);
  const isSameRun = isSameStart && point.value >= before.value;
  if (isSameRun) {
    const startTime = earlier(before.endTime, point.endTime);
    return { ...point, value: point.value - before.value, startTime };
  }
  const overlaps = isLater(before.endTime, point.startTime) && isLater(point.endTime, before.endTime);
  return overlaps ? { ...point, startTime: before.endTime } : point;
}

function seriesKey(name: string, attributes: Attributes): string {
  return `${name} ${JSON.stringify(attributes)}`;
}

function isSame(time: HrTime, other: HrTime): boolean {
  return time[0] === other[0] && time[1] === other[1];
}

function isLater(time: HrTime, other: HrTime): boolean {
  return time[0] > other[0] || (time[0] === other[0] && time[1] > other[1]);
}

/** The clock may have been set back between the two: an interval never ends before it begins. */
function earlier(time: HrTime, other: HrTime): HrTime {
  return isLater(time, other) ? other : time;
}
