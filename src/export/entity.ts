import { resourceFromAttributes } from '@opentelemetry/resources';
import type { Resource } from '@opentelemetry/resources';
import { containerResource, hostResource } from '../attributes/resource.ts';
import type { ResourceOf } from '../attributes/resource.ts';
import type { ContainerIdentity } from '../model/container.ts';
import { Kept } from '../model/kept.ts';
import type { RuntimeDescription } from '../model/runtime.ts';
import type { RuntimeSnapshot, Identified } from '../model/snapshot.ts';
import { prometheusLabel } from '../metrics/prometheus-names.ts';

type Attributes = Readonly<Record<string, string>>;

/** The entity that data points describe: a container or its host. */
export interface Entity {
  /** Of a container: its own Resource. Of a runtime: the host's. */
  readonly resource: Resource;
  /** The host alone, for OTLP's flat layout, where the container's attributes ride on the points. */
  readonly host: Resource;
  /** Attributes of labels and environment that belong on each point; absent when there are none. */
  readonly point?: Attributes;
  /** The identity as labels of each Prometheus series. */
  readonly labels: Attributes;
}

/** Settings of the labels on each series. */
export interface EntityOptions {
  /** The container's whole id as a label, as OTLP has it: so that pushed and scraped series join. */
  readonly containerIdLabel: boolean;
  /** The runtime as a label: only where there are several. */
  readonly runtimeLabel: boolean;
  /** Resource attributes of a container; absent: by the conventions. */
  readonly resourceOf?: ResourceOf;
}

/** Makes entities, and gives the same object again while nothing of the identity has changed. */
export class Entities {
  readonly #options: EntityOptions;
  readonly #containers: Kept<ContainerIdentity, { runtime: RuntimeDescription; entity: Entity }>;
  readonly #hosts = new WeakMap<RuntimeDescription, Resource>();

  /** @param maxAdded containers that are kept without rounds. */
  constructor(options: EntityOptions, maxAdded?: number) {
    this.#options = options;
    this.#containers = new Kept(maxAdded);
  }

  /** Begins a round through all containers: those of which none asks any more are let go by and by. */
  round(): void {
    this.#containers.round();
  }

  ofContainer(snapshot: Identified): Entity {
    const { identity, runtime } = snapshot;
    const known = this.#containers.get(identity);
    if (known?.runtime === runtime) return known.entity;
    const { resourceOf = containerResource } = this.#options;
    const resource = resourceFromAttributes(resourceOf(snapshot));
    const point = identity.mapped?.point ?? {};
    const entity = {
      resource,
      host: this.#host(runtime),
      labels: this.#labels(snapshot, point),
      ...(Object.keys(point).length > 0 && { point }),
    };
    this.#containers.set(identity, { runtime, entity });
    return entity;
  }

  ofRuntime({ runtime }: RuntimeSnapshot): Entity {
    const host = this.#host(runtime);
    return { resource: host, host, labels: {} };
  }

  #labels({ identity, runtime }: Identified, point: Attributes): Record<string, string> {
    const own = {
      container_name: identity.name,
      ...(this.#options.containerIdLabel && { container_id: identity.id }),
      ...(this.#options.runtimeLabel && { container_runtime_endpoint: runtime.name }),
    };
    // The identity comes first, and wins.
    return { ...own, ...pointLabels(point), ...own };
  }

  #host(runtime: RuntimeDescription): Resource {
    const known = this.#hosts.get(runtime);
    if (known) return known;
    const host = resourceFromAttributes(hostResource({ runtime }));
    this.#hosts.set(runtime, host);
    return host;
  }
}

/** The mapper admits no two attributes of one label. */
function pointLabels(point: Attributes): Record<string, string> {
  return Object.fromEntries(Object.entries(point).map(([key, value]) => [prometheusLabel(key), value]));
}
