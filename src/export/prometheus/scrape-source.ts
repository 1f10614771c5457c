import type { ResourceMetrics, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import type { Catalogue } from '../../metrics/catalogue.ts';
import { observedIn } from '../container-producer.ts';
import type { ExpositionFormat } from './text-format.ts';
import { renderExposition } from './exposition.ts';
import type { Telemetry } from '../telemetry.ts';

/** A scraper that says when it gives up must have its answer on the wire before that. */
const answerMarginSeconds = 0.5;

/** Settings of a {@link ScrapeSource}. */
export interface ScrapeOptions {
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
export function literalNames({ containers, runtime }: Catalogue): ReadonlyMap<string, 'gauge' | 'counter'> {
  const names = [...containers, ...runtime].flatMap(({ name, literal }) =>
    literal ? [[name, literal.type] as const] : [],
  );
  return new Map(names);
}
