import type { Meter } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import type { ResourceMetrics, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import type { Catalogue } from '../../metrics/catalogue.ts';
import type { RuntimeSnapshot } from '../../model/snapshot.ts';
import type { Trackers } from '../../tracker/trackers.ts';
import { ContainerMeter, observedIn } from '../container-producer.ts';
import { Entities } from '../entity.ts';
import type { EntityOptions } from '../entity.ts';
import { observeContainers } from '../observe-containers.ts';
import type { Telemetry } from '../telemetry.ts';
import { renderExposition } from './exposition.ts';
import type { ExpositionFormat } from './text-format.ts';

/** A scraper that says when it gives up must have its answer on the wire before that. */
const answerMarginSeconds = 0.5;

/** Settings of a {@link ScrapeSource}. */
interface ScrapeOptions {
  /** A scrape waits this long for a probe, then gets what there is. */
  readonly inlineTimeoutMillis: number;
  /** Series `_created` in OpenMetrics. */
  readonly created: boolean;
}

/** Answers scrapes: collects through the pull reader and renders. Any number at once: they share one probe. */
export class ScrapeSource {
  readonly #telemetry: Telemetry;
  readonly #literal: ReadonlyMap<string, 'gauge' | 'counter'>;
  readonly #options: ScrapeOptions;

  constructor(telemetry: Telemetry, catalogue: Catalogue, options: ScrapeOptions) {
    this.#telemetry = telemetry;
    this.#literal = literalNames(catalogue);
    this.#options = options;
  }

  /** The exposition as chunks of text. Rejects when there is nothing to show. */
  async scrape(
    format: ExpositionFormat,
    scrapeTimeoutSeconds: number | undefined,
  ): Promise<AsyncIterable<string>> {
    const { inlineTimeoutMillis, created } = this.#options;
    const patience =
      scrapeTimeoutSeconds === undefined ? Infinity : (scrapeTimeoutSeconds - answerMarginSeconds) * 1000;
    const timeoutMillis = Math.max(1, Math.min(inlineTimeoutMillis, patience));
    return renderCollected(await this.#telemetry.scrape(timeoutMillis), this.#literal, { format, created });
  }
}

/** The exposition of one collection. */
export function renderCollected(
  resourceMetrics: ResourceMetrics,
  literal: ReadonlyMap<string, 'gauge' | 'counter'>,
  options: { readonly format: ExpositionFormat; readonly created: boolean },
): AsyncIterable<string> {
  const labelsOf = (scope: ScopeMetrics) => observedIn.get(scope)?.entity.labels;
  return renderExposition({ resourceMetrics, labelsOf, literal }, options);
}

/** The names that are exposed as they are, with their type. */
function literalNames({ containers, runtime }: Catalogue): ReadonlyMap<string, 'gauge' | 'counter'> {
  const names = [...containers, ...runtime].flatMap(({ name, literal }) =>
    literal ? [[name, literal.type] as const] : [],
  );
  return new Map(names);
}

/** One collection without readers, with what formats need besides. */
export interface Collected {
  readonly runtimes: readonly RuntimeSnapshot[];
  /** Container-major; what was recorded comes first. */
  readonly resourceMetrics: ResourceMetrics;
  readonly literal: ReadonlyMap<string, 'gauge' | 'counter'>;
}

/** What is recorded while the trackers probe: for a profile that counts and times probes under names of its own. */
export class Recorded {
  readonly #reader = new PrometheusExporter({ preventServerStart: true });
  readonly meter: Meter = new MeterProvider({ readers: [this.#reader] }).getMeter('tidegauge');

  async scopes(): Promise<ResourceMetrics['scopeMetrics']> {
    const { resourceMetrics } = await this.#reader.collect();
    return resourceMetrics.scopeMetrics;
  }
}

/** Observes what the trackers have now. Throws the ObservationError. */
export async function collectOnce(
  trackers: Trackers,
  catalogue: Catalogue,
  labels: EntityOptions,
  recorded: Recorded = new Recorded(),
): Promise<Collected> {
  const meter = new ContainerMeter();
  observeContainers(meter, trackers, catalogue, new Entities(labels));
  const { resourceMetrics, errors } = await meter.collect({ timeoutMillis: 0 });
  if (errors.length > 0) throw errors[0];
  const scopeMetrics = [...(await recorded.scopes()), ...resourceMetrics.scopeMetrics];
  return {
    runtimes: trackers.snapshots(),
    resourceMetrics: { resource: resourceFromAttributes({}), scopeMetrics },
    literal: literalNames(catalogue),
  };
}
