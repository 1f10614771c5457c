import { resourceFromAttributes } from '@opentelemetry/resources';
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { Catalogue } from '../metrics/catalogue.ts';
import type { EngineSnapshot } from '../model/snapshot.ts';
import type { Trackers } from '../tracker/trackers.ts';
import { ContainerMeter } from './container-meter.ts';
import { observeContainers } from './observe-containers.ts';
import { literalNames } from './scrape-source.ts';
import { Subjects } from './subject.ts';
import type { SubjectOptions } from './subject.ts';

/** One collection without readers, with what formats need besides. */
export interface Collected {
  readonly engines: readonly EngineSnapshot[];
  /** Container-major; no agent metrics. */
  readonly resourceMetrics: ResourceMetrics;
  readonly literal: ReadonlyMap<string, 'gauge' | 'counter'>;
}

/** Observes what the trackers have now. Throws the ObservationError. */
export async function collectOnce(
  trackers: Trackers,
  catalogue: Catalogue,
  labels: SubjectOptions,
): Promise<Collected> {
  const meter = new ContainerMeter();
  observeContainers(meter, trackers, catalogue, new Subjects(labels));
  const { resourceMetrics, errors } = await meter.collect({ timeoutMillis: 0 });
  if (errors.length > 0) throw errors[0];
  const resource = resourceFromAttributes({});
  return {
    engines: trackers.snapshots(),
    resourceMetrics: { ...resourceMetrics, resource },
    literal: literalNames(catalogue),
  };
}
