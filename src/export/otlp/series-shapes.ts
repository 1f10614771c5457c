import type { Attributes } from '@opentelemetry/api';
import { DataPointType } from '@opentelemetry/sdk-metrics';
import type { MetricData } from '@opentelemetry/sdk-metrics';

type Descriptor = MetricData['descriptor'];

/** The series of one metric of an entity: all of its points that stays the same from export to export. */
export interface MetricSeries {
  readonly descriptor: Descriptor;
  readonly kind: 'gauge' | 'counter' | 'updowncounter';
  /** Of each series. */
  readonly attributes: readonly Attributes[];
}

/** Maximum number of descriptions of one metric that are compared to find an equal one. */
const sharedPerMetric = 8;

/** Describes a container's series; most containers have the same ones, and share their descriptions. */
export class SeriesShapes {
  readonly #shared = new WeakMap<Descriptor, MetricSeries[]>();

  /** The series of these points: the same object again as before while they are the same. */
  describe(
    metrics: readonly MetricData[],
    before: readonly MetricSeries[] | undefined,
  ): readonly MetricSeries[] {
    if (before?.length === metrics.length && before.every((each, index) => isShapeOf(each, metrics[index])))
      return before;
    return metrics.map((metric) => this.#shape(metric));
  }

  #shape(metric: MetricData): MetricSeries {
    const shared = this.#shared.get(metric.descriptor) ?? [];
    const known = shared.find((each) => isShapeOf(each, metric));
    if (known) return known;
    const { descriptor, dataPoints } = metric;
    const shape = {
      descriptor,
      kind: kindOf(metric),
      attributes: dataPoints.map(({ attributes }) => attributes),
    };
    this.#shared.set(descriptor, [shape, ...shared.slice(0, sharedPerMetric - 1)]);
    return shape;
  }
}

/** Series that are not among the others. */
export function without(series: readonly MetricSeries[], others: readonly MetricSeries[]): MetricSeries[] {
  const byMetric = Map.groupBy(others, ({ descriptor }) => descriptor);
  return series.flatMap((each): MetricSeries[] => {
    const same = byMetric.get(each.descriptor) ?? [];
    if (same.includes(each)) return [];
    const there = same.flatMap(({ attributes }) => attributes);
    const attributes = each.attributes.filter((own) => !there.some((other) => isSame(own, other)));
    return attributes.length === 0 ? [] : [{ ...each, attributes }];
  });
}

function isShapeOf({ descriptor, attributes }: MetricSeries, metric: MetricData | undefined): boolean {
  if (metric?.descriptor !== descriptor || metric.dataPoints.length !== attributes.length) return false;
  const { dataPoints } = metric;
  return attributes.every((each, index) => isSame(each, dataPoints[index]?.attributes ?? {}));
}

function kindOf(metric: MetricData): MetricSeries['kind'] {
  if (metric.dataPointType !== DataPointType.SUM) return 'gauge';
  return metric.isMonotonic ? 'counter' : 'updowncounter';
}

/** A container's own points have plain values only. Compares without making anything: each point at each export. */
function isSame(attributes: Attributes, others: Attributes): boolean {
  if (attributes === others) return true;
  let count = 0;
  for (const key in attributes) {
    if (attributes[key] !== others[key]) return false;
    count += 1;
  }
  for (const _ in others) count -= 1;
  return count === 0;
}
