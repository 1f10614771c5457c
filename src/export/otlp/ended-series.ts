// One piece, because what identifies a series decides when it has ended and what its last point is.
import { hash } from 'node:crypto';
import type { Attributes } from '@opentelemetry/api';
import { hrTimeToMilliseconds, millisToHrTime } from '@opentelemetry/core';
import type { MetricData, ResourceMetrics, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import { DataPointType, AggregationTemporality } from '@opentelemetry/sdk-metrics';
import { Slices } from '../../concurrency/slices.ts';
import { Kept } from '../../model/kept.ts';
import { observedIn, EntityScope } from '../container-producer.ts';
import { metricOf } from '../points.ts';
import type { Entity } from '../entity.ts';
import { laidOut, partsOf, requestsOf } from './requests.ts';
import type { OtlpLayout } from './requests.ts';
import { StaleMarkers } from './stale-encoding.ts';

/** Settings of {@link StaleSeries}. */
export interface StaleSeriesOptions {
  readonly layout: OtlpLayout;
  readonly temporality: Temporality;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds that only grow. */
  monotonic(): number;
}

/** Result of a request; `refused` means that its content was. */
export type RequestOutcome = 'taken' | 'refused' | 'failed';

/** One request of an export. */
export interface StaleRequest {
  readonly resources: ResourceMetrics[];
  /** To be called with the request's result. */
  readonly settle: (outcome: RequestOutcome) => void;
}

/**
 * By then consumers that look back five minutes, as Prometheus and the Collector do, have dropped the series.
 */
const retentionMillis = 5 * 60_000;
/**
 * Maximum number of entries; each has all series that a container lost at one export. The oldest are dropped.
 */
const maxWaiting = 5000;

/** Series of the last export: they end with the next one in which they are missing. */
type Present = EndedSeries;

/** Ended series whose markers the collector has not accepted yet. */
interface Waiting extends EndedSeries {
  readonly key: string;
  readonly since: number;
  /** Was in a request whose content was refused: is sent apart from other points from then on. */
  readonly isRefused: boolean;
}

/**
 * Ends each series that was in the last export and is in this one no more: sends it one point without a value,
 * until a request that held it succeeds. A consumer that keeps the last value, as a Collector that feeds
 * Prometheus, then drops it at once. A series that comes back meanwhile is not ended.
 */
export class StaleSeries {
  readonly #options: StaleSeriesOptions;
  readonly #shapes = new SeriesShapes();
  readonly #keys = new Kept<Entity, string>();
  #present: ReadonlyMap<string, Present> = new Map();
  #waiting = new Set<Waiting>();

  constructor(options: StaleSeriesOptions) {
    this.#options = options;
  }

  /** Finds series that ended since the last collection. */
  async compare(collected: ResourceMetrics): Promise<void> {
    const present = await this.#describe(collected.scopeMetrics);
    const since = this.#options.monotonic();
    const waiting = [...this.#waiting].flatMap((each) => stillWaiting(each, present, since));
    for (const [key, before] of this.#present) {
      const now = present.get(key);
      if (now?.series === before.series) continue;
      const series = now ? without(before.series, now.series) : before.series;
      if (series.length > 0) waiting.push({ ...before, key, series, since, isRefused: false });
    }
    this.#waiting = new Set(waiting.slice(-maxWaiting));
    this.#present = present;
  }

  /** The requests of a collection: markers ride along, those that are left over go alone. */
  *requestsOf(collected: ResourceMetrics): Generator<StaleRequest> {
    const riding = this.#markers(false);
    for (const resources of requestsOf(collected, this.#options.layout)) {
      const markers = riding.next();
      if (markers.done) yield { resources, settle: () => undefined };
      else yield { ...markers.value, resources: [...resources, ...markers.value.resources] };
    }
    yield* riding;
    yield* this.#markers(true);
  }

  async #describe(scopes: readonly ScopeMetrics[]): Promise<Map<string, Present>> {
    this.#keys.round();
    const present = new Map<string, Present>();
    const slices = new Slices();
    for (const scope of scopes) {
      if (slices.step()) await slices.next();
      const observed = observedIn(scope);
      if (!observed) continue;
      const { entity, all = scope.metrics } = observed;
      const key = this.#keyOf(entity);
      const series = this.#shapes.describe(all, this.#present.get(key)?.series);
      // Runtimes of one host are one entity.
      const same = present.get(key);
      const latest = Math.max(latestOf(all), same?.latest ?? 0);
      present.set(key, { entity, series: same ? [...same.series, ...series] : series, latest });
    }
    return present;
  }

  *#markers(isRefused: boolean): Generator<StaleRequest, undefined> {
    const { layout, temporality } = this.#options;
    const now = this.#options.now();
    // As of now: what is refused on the way is added again.
    const waiting = [...this.#waiting].filter((each) => each.isRefused === isRefused);
    const waitingIn = new Map<ScopeMetrics, Waiting>();
    const scopes = function* (): Generator<ScopeMetrics> {
      for (const each of waiting) {
        const scope = markersOf(each, temporality, now);
        waitingIn.set(scope, each);
        yield scope;
      }
    };
    for (const part of partsOf(scopes(), layout)) {
      const resources = laidOut(part, layout).map((each) => new StaleMarkers(each));
      const sent = part.flatMap((scope) => waitingIn.get(scope) ?? []);
      yield { resources, settle: (outcome) => this.#settle(sent, outcome) };
    }
    return undefined;
  }

  #settle(sent: readonly Waiting[], outcome: RequestOutcome): void {
    if (outcome === 'failed') return;
    for (const each of sent) {
      this.#waiting.delete(each);
      if (outcome === 'refused') this.#waiting.add({ ...each, isRefused: true });
    }
  }

  /** By content: what comes back as another object is the same series again. */
  #keyOf(entity: Entity): string {
    const known = this.#keys.get(entity);
    if (known !== undefined) return known;
    const { resource, host, point = {} } = entity;
    const content = JSON.stringify([resource.attributes, host.attributes, point].map(sorted));
    const key = hash('sha256', content, 'base64');
    this.#keys.set(entity, key);
    return key;
  }
}

function stillWaiting(each: Waiting, present: ReadonlyMap<string, Present>, now: number): Waiting[] {
  if (now - each.since >= retentionMillis) return [];
  const there = present.get(each.key);
  if (!there) return [each];
  const series = without(each.series, there.series);
  return series.length > 0 ? [{ ...each, series }] : [];
}

/** The points of one metric have one time. */
function latestOf(metrics: readonly MetricData[]): number {
  return metrics.reduce((latest, { dataPoints: [point] }) => {
    return point ? Math.max(latest, hrTimeToMilliseconds(point.endTime)) : latest;
  }, 0);
}

function sorted(attributes: Attributes): [string, unknown][] {
  return Object.entries(attributes).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

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
class SeriesShapes {
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
function without(series: readonly MetricSeries[], others: readonly MetricSeries[]): MetricSeries[] {
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
function markersOf(
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
