import type { Meter } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { Catalogue } from '../metrics/catalogue.ts';
import type { RuntimeSnapshot } from '../model/snapshot.ts';
import type { Trackers } from '../tracker/trackers.ts';
import { ContainerMeter } from './container-producer.ts';
import { Entities } from './entity.ts';
import type { EntityOptions } from './entity.ts';
import { observeContainers } from './observe-containers.ts';
import { literalNames } from './prometheus/scrape-source.ts';

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
