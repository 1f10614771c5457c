import type { Attributes, HrTime, MetricOptions } from '@opentelemetry/api';
import { millisToHrTime } from '@opentelemetry/core';
import { AggregationTemporality, DataPointType } from '@opentelemetry/sdk-metrics';
import type { DataPoint, MetricData } from '@opentelemetry/sdk-metrics';

/** An instrument as far as its metrics show it. */
export interface Described {
  readonly kind: 'gauge' | 'counter' | 'updowncounter';
  readonly descriptor: Required<Pick<MetricOptions, 'description' | 'unit' | 'valueType'>> & {
    readonly name: string;
  };
}

/** Time of the next observations; milliseconds since the epoch. */
export interface ObservedTimes {
  readonly at: number;
  /** Of a counter: when it began. */
  readonly startedAt?: number | undefined;
}

type NumberMetric = Extract<MetricData, { dataPointType: DataPointType.GAUGE | DataPointType.SUM }>;
type Point = { -readonly [Key in keyof DataPoint<number>]: DataPoint<number>[Key] };

/** A metric of that kind, in the SDK's form. */
export function metricOf(
  { kind, descriptor }: Described,
  dataPoints: DataPoint<number>[],
  aggregationTemporality = AggregationTemporality.CUMULATIVE,
): NumberMetric {
  if (kind === 'gauge') {
    return { descriptor, aggregationTemporality, dataPoints, dataPointType: DataPointType.GAUGE };
  }
  const isMonotonic = kind === 'counter';
  return { descriptor, aggregationTemporality, dataPoints, dataPointType: DataPointType.SUM, isMonotonic };
}

/** A metric with the number of its points that are this collection's. */
interface Slot {
  readonly metric: NumberMetric;
  count: number;
  /** The entity that it is of. */
  entity: number;
}

/**
 * The metrics and points of one collection, entity by entity. Once it is begun anew, it gives the same objects again with
 * other values: a collection of thousands of points outlives the young generation, and would all be garbage of the old.
 */
export class Points {
  readonly #lists: MetricData[][] = [];
  readonly #slots: Slot[] = [];
  readonly #points: Point[] = [];
  readonly #times = new HrTimes();
  readonly #starts = new HrTimes();
  #entities = 0;
  #slotCount = 0;
  #pointCount = 0;
  #metricCount = 0;
  /** The metric of the last point: observations of one instrument mostly come together. */
  #last: Slot | undefined;
  #isOpen = false;
  readonly #byDescriptor = new Map<Described['descriptor'], Slot>();

  /** Takes back what was handed out; what the last collection had no use for is let go. */
  begin(): void {
    if (this.#isOpen) throw new Error('points of a collection that is not whole cannot be taken back');
    this.#isOpen = true;
    this.#lists.length = this.#entities;
    this.#slots.length = this.#slotCount;
    this.#points.length = this.#pointCount;
    this.#byDescriptor.clear();
    this.#entities = this.#slotCount = this.#pointCount = this.#metricCount = 0;
  }

  /** True from {@link begin} to {@link end}. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Lets go of everything, unless a collection is open; what was handed out stays whole. */
  clear(): void {
    if (this.#isOpen) return;
    this.#entities = this.#slotCount = this.#pointCount = 0;
    this.#lists.length = this.#slots.length = this.#points.length = 0;
    this.#byDescriptor.clear();
  }

  /** The metrics of the next entity, to which its points are added; whole once the next one begins, or {@link end}. */
  beginEntity(): MetricData[] {
    this.#endEntity();
    const list = (this.#lists[this.#entities] ??= []);
    this.#entities += 1;
    return list;
  }

  add(
    instrument: Described,
    value: number,
    attributes: Attributes,
    { at, startedAt = at }: ObservedTimes,
  ): void {
    const slot = this.#slotOf(instrument);
    const endTime = this.#times.of(at);
    const startTime = startedAt < at ? this.#starts.of(startedAt) : endTime;
    const point = this.#points[this.#pointCount];
    if (point) {
      point.startTime = startTime;
      point.endTime = endTime;
      point.attributes = attributes;
      point.value = value;
    }
    const taken = point ?? { startTime, endTime, attributes, value };
    if (!point) this.#points.push(taken);
    this.#pointCount += 1;
    slot.metric.dataPoints[slot.count] = taken;
    slot.count += 1;
  }

  /** The collection is whole. */
  end(): void {
    this.#endEntity();
    this.#isOpen = false;
  }

  #slotOf(instrument: Described): Slot {
    const { descriptor } = instrument;
    if (this.#last?.metric.descriptor === descriptor) return this.#last;
    const known = this.#byDescriptor.get(descriptor);
    return (this.#last = known?.entity === this.#entities ? known : this.#nextSlot(instrument));
  }

  #nextSlot(instrument: Described): Slot {
    let slot = this.#slots[this.#slotCount];
    // Most entities have the metrics that they had.
    if (slot?.metric.descriptor !== instrument.descriptor)
      this.#slots[this.#slotCount] = slot = { metric: metricOf(instrument, []), count: 0, entity: 0 };
    slot.count = 0;
    slot.entity = this.#entities;
    this.#slotCount += 1;
    this.#byDescriptor.set(instrument.descriptor, slot);
    const list = this.#lists[this.#entities - 1];
    if (list) list[this.#metricCount] = slot.metric;
    this.#metricCount += 1;
    return slot;
  }

  #endEntity(): void {
    const list = this.#lists[this.#entities - 1];
    if (list && list.length > this.#metricCount) list.length = this.#metricCount;
    for (let index = this.#slotCount - this.#metricCount; index < this.#slotCount; index += 1) {
      const slot = this.#slots[index];
      if (slot && slot.metric.dataPoints.length > slot.count) slot.metric.dataPoints.length = slot.count;
    }
    this.#metricCount = 0;
    this.#last = undefined;
  }
}

/** Times in the SDK's form; points that follow each other mostly share theirs. */
class HrTimes {
  #millis = Number.NaN;
  #time: HrTime = [0, 0];

  of(millis: number): HrTime {
    if (millis !== this.#millis) this.#time = millisToHrTime(millis);
    this.#millis = millis;
    return this.#time;
  }
}
