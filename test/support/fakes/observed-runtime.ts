import type { CollectionResult } from '@opentelemetry/sdk-metrics';
import { catalogueOf } from '../../../src/metrics/catalogue.ts';
import type { ProfileName } from '../../../src/metrics/catalogue.ts';
import type { IdentityMapper } from '../../../src/model/identity-mapper.ts';
import { ContainerMeter } from '../../../src/export/container-producer.ts';
import { observeContainers } from '../../../src/export/observe-containers.ts';
import { Entities } from '../../../src/export/entity.ts';
import { Trackers } from '../../../src/tracker/trackers.ts';
import { mapperWith } from './attribute-mapper.ts';
import type { FakeClock } from './fake-clock.ts';
import { ampleMillis, TrackedRuntime } from './tracked-runtime.ts';

/** A scripted runtime whose containers are observed through a container meter. */
export class ObservedRuntime extends TrackedRuntime {
  readonly meter = new ContainerMeter();
  readonly trackers: Trackers;

  constructor(
    names: readonly string[],
    profile: ProfileName = 'semconv',
    clock?: FakeClock,
    mapper: IdentityMapper = mapperWith(),
  ) {
    super(names, clock, undefined, { mapper });
    this.trackers = new Trackers([this.set], ampleMillis, this.observer);
    const entities = new Entities({ containerIdLabel: true, runtimeLabel: false });
    observeContainers(this.meter, this.trackers, catalogueOf([profile]), entities);
  }

  /** Lets time pass, then collects; the collection probes. */
  async collect(afterMillis = 10_000): Promise<CollectionResult['resourceMetrics']['scopeMetrics']> {
    await this.clock.advance(afterMillis);
    const { resourceMetrics } = await this.meter.collect();
    return resourceMetrics.scopeMetrics;
  }
}
