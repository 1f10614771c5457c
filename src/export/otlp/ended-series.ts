import { hash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Attributes } from '@opentelemetry/api';
import { hrTimeToMilliseconds } from '@opentelemetry/core';
import type { MetricData, ResourceMetrics, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import { observedIn } from '../container-producer.ts';
import { laidOut, partsOf, requestsOf } from './batches.ts';
import type { OtlpLayout } from './batches.ts';
import { SeriesShapes, without } from './series-shapes.ts';
import { StaleMarkers } from './stale-encoding.ts';
import { markersOf } from './stale-points.ts';
import type { EndedSeries, Temporality } from './stale-points.ts';
import type { Entity } from '../entity.ts';

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
  readonly answered: (outcome: RequestOutcome) => void;
}

/**
 * By then consumers that look back five minutes, as Prometheus and the Collector do, have dropped the series.
 */
const retentionMillis = 5 * 60_000;
/**
 * Maximum number of entries; each has all series that a container lost at one export. The oldest are dropped.
 */
const maxWaiting = 5000;
/** Containers compared in one turn of the event loop: about 10 ms of work. */
const containersPerTurn = 500;

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
  readonly #keys = new WeakMap<Entity, string>();
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
      if (markers.done) yield { resources, answered: () => undefined };
      else yield { ...markers.value, resources: [...resources, ...markers.value.resources] };
    }
    yield* riding;
    yield* this.#markers(true);
  }

  async #describe(scopes: readonly ScopeMetrics[]): Promise<Map<string, Present>> {
    const present = new Map<string, Present>();
    for (const [index, scope] of scopes.entries()) {
      if (index % containersPerTurn === containersPerTurn - 1) await nextTurn();
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
    const waitingIn = new WeakMap<ScopeMetrics, Waiting>();
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
      yield { resources, answered: (outcome) => this.#settle(sent, outcome) };
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
