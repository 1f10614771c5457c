import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Meter } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import type { ResourceMetrics, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import type { ByteBudget, ByteEncoding, ByteReader, SharedBytes } from '../../concurrency/shared-bytes.ts';
import { SharedRun } from '../../concurrency/shared-run.ts';
import type { Catalogue } from '../../metrics/catalogue.ts';
import type { RuntimeSnapshot } from '../../model/snapshot.ts';
import type { Trackers } from '../../tracker/trackers.ts';
import { ContainerMeter, observedIn } from '../container-producer.ts';
import { Entities } from '../entity.ts';
import type { EntityOptions } from '../entity.ts';
import { observeContainers } from '../observe-containers.ts';
import type { Telemetry } from '../telemetry.ts';
import { renderExposition } from './exposition.ts';
import { IdentityLabels } from './labels.ts';
import type { OpenedPage, PageSource, ScrapeRequest } from './prepared-scrapes.ts';
import type { ExpositionFormat } from './text-format.ts';

/** A scraper with a time-out header must have its response before that, by this margin. */
const responseMarginSeconds = 0.5;

/** Settings of a {@link ScrapeSource}. */
interface ScrapeOptions {
  /** A scrape waits this long for a probe, then gets what there is. */
  readonly inlineTimeoutMillis: number;
  /** Series `_created` in OpenMetrics. */
  readonly created: boolean;
  /** Bounds the memory of responses to slow scrapers. */
  readonly budget: ByteBudget;
}

/**
 * Answers scrapes: collects through the pull reader and renders. Scrapes that come while one is collected and rendered
 * share the next collection, and of it one rendering for each format and encoding.
 */
export class ScrapeSource implements PageSource {
  readonly #telemetry: Telemetry;
  readonly #options: ScrapeOptions;
  readonly #collections: SharedRun<Exposition>;

  constructor(telemetry: Telemetry, catalogue: Catalogue, options: ScrapeOptions) {
    this.#telemetry = telemetry;
    this.#options = options;
    const literal = literalNames(catalogue);
    const { created, budget } = options;
    const identityLabels = new IdentityLabels();
    const collect = async (): Promise<Exposition> => {
      const collected = await telemetry.collect();
      const render = (format: ExpositionFormat) =>
        renderCollected(collected, literal, { format, created }, identityLabels);
      return new Exposition(render, budget);
    };
    this.#collections = new SharedRun(collect, (exposition) => exposition.rendered());
  }

  /** The exposition of a page that is opened for this scrape. */
  async scrape(
    ...[request, scrapeTimeoutSeconds, onCut]: Parameters<PageSource['open']>
  ): Promise<ByteReader> {
    return (await this.open(request, scrapeTimeoutSeconds, onCut)).reader;
  }

  /**
   * Opens a page; reading it begins with this call.
   * @param scrapeTimeoutSeconds the scraper's time-out, where its request has one
   * @param onCut called when the reader is cut off because it blocks other scrapes
   * @param waitedMillis what the scrape has waited before: the probe has the rest
   * Rejects when there is nothing to show.
   */
  async open(
    { format, encoding }: Pick<ScrapeRequest, 'format' | 'encoding'>,
    scrapeTimeoutSeconds: number | undefined,
    onCut: () => void,
    waitedMillis = 0,
  ): Promise<OpenedPage> {
    const telemetry = this.#telemetry;
    const scrapeMillis =
      scrapeTimeoutSeconds === undefined ? Infinity : (scrapeTimeoutSeconds - responseMarginSeconds) * 1000;
    const timeoutMillis = Math.min(this.#options.inlineTimeoutMillis, scrapeMillis);
    await telemetry.probe(Math.max(1, timeoutMillis - waitedMillis));
    const { revision } = telemetry;
    const body = (await this.#collections.run()).body(format, encoding);
    return { body, reader: body.read(onCut), isOutdated: () => telemetry.revision !== revision };
  }
}

/** One collection, rendered once for each requested format and encoding. */
class Exposition {
  readonly #render: (format: ExpositionFormat) => AsyncIterable<string>;
  readonly #budget: ByteBudget;
  readonly #bodies = new Map<string, SharedBytes>();

  constructor(render: (format: ExpositionFormat) => AsyncIterable<string>, budget: ByteBudget) {
    this.#render = render;
    this.#budget = budget;
  }

  /** To be read in this turn. */
  body(format: ExpositionFormat, encoding: ByteEncoding): SharedBytes {
    const variant = `${format} ${encoding}`;
    let body = this.#bodies.get(variant);
    if (!body || body.isAbandoned) {
      body = this.#budget.body(this.#render(format), encoding);
      this.#bodies.set(variant, body);
    }
    return body;
  }

  /** Resolves when all requested formats are rendered: then nothing reads the collection, and its points may be taken. */
  async rendered(): Promise<void> {
    // Every scrape that shares this collection requests its format in the turn in which it is ready.
    await nextTurn();
    await Promise.all([...this.#bodies.values()].map(({ ended }) => ended));
  }
}

/**
 * The exposition of one collection.
 * @param identityLabels who renders again and again gives the same.
 */
export function renderCollected(
  resourceMetrics: ResourceMetrics,
  literal: ReadonlyMap<string, 'gauge' | 'counter'>,
  options: { readonly format: ExpositionFormat; readonly created: boolean },
  identityLabels = new IdentityLabels(),
): AsyncIterable<string> {
  const labelsOf = (scope: ScopeMetrics) => observedIn(scope)?.entity.labels;
  return renderExposition({ resourceMetrics, labelsOf, identityLabels, literal }, options);
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

/**
 * Metrics recorded while the trackers probe: for a profile that counts and times probes under names of its own.
 */
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
