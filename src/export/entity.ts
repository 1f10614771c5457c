import { resourceFromAttributes } from '@opentelemetry/resources';
import type { Resource } from '@opentelemetry/resources';
import { containerResource, hostResource } from '../attributes/resource.ts';
import type { ResourceOf } from '../attributes/resource.ts';
import type { ContainerIdentity } from '../model/container.ts';
import type { EngineDescription } from '../model/runtime.ts';
import type { EngineSnapshot, Identified } from '../model/snapshot.ts';
import { prometheusLabel } from '../metrics/prometheus-names.ts';

type Attributes = Readonly<Record<string, string>>;

/** Whom figures are of, as each reader shows it. */
export interface Subject {
  /** Of a container: its own Resource. Of an engine: the host's. */
  readonly resource: Resource;
  /** The host alone, for OTLP's flat layout, where the container's attributes ride on the points. */
  readonly host: Resource;
  /** What of a container's labels and environment belongs on each point; absent when there is none. */
  readonly point?: Attributes;
  /** The identity as labels of each Prometheus series. */
  readonly labels: Attributes;
}

/** What labels are wanted on each series. */
export interface SubjectOptions {
  /** The first 12 digits of the container's id as a label. */
  readonly containerIdLabel: boolean;
  /** The engine as a label: told apart only where there are several. */
  readonly engineLabel: boolean;
  /** Who a container is; absent: by the conventions. */
  readonly resourceOf?: ResourceOf;
}

/** Makes subjects, and gives the same object again while nothing of the identity has changed. */
export class Subjects {
  readonly #options: SubjectOptions;
  readonly #containers = new WeakMap<ContainerIdentity, { engine: EngineDescription; subject: Subject }>();
  readonly #hosts = new WeakMap<EngineDescription, Resource>();

  constructor(options: SubjectOptions) {
    this.#options = options;
  }

  ofContainer(snapshot: Identified): Subject {
    const { identity, engine } = snapshot;
    const known = this.#containers.get(identity);
    if (known?.engine === engine) return known.subject;
    const { resourceOf = containerResource } = this.#options;
    const resource = resourceFromAttributes(resourceOf(snapshot));
    const point = identity.mapped?.point ?? {};
    const subject = {
      resource,
      host: this.#host(engine),
      labels: this.#labels(snapshot, point),
      ...(Object.keys(point).length > 0 && { point }),
    };
    this.#containers.set(identity, { engine, subject });
    return subject;
  }

  ofEngine({ engine }: EngineSnapshot): Subject {
    const host = this.#host(engine);
    return { resource: host, host, labels: {} };
  }

  #labels({ identity, engine }: Identified, point: Attributes): Record<string, string> {
    const own = {
      container_name: identity.name,
      ...(this.#options.containerIdLabel && { container_id: identity.id.slice(0, 12) }),
      ...(this.#options.engineLabel && { engine: engine.name }),
    };
    // The identity comes first, and wins.
    return { ...own, ...pointLabels(point), ...own };
  }

  #host(engine: EngineDescription): Resource {
    const known = this.#hosts.get(engine);
    if (known) return known;
    const host = resourceFromAttributes(hostResource({ engine }));
    this.#hosts.set(engine, host);
    return host;
  }
}

/** Keys that translate to the same name share it, as the specification has it. */
function pointLabels(point: Attributes): Record<string, string> {
  const byName = Map.groupBy(Object.keys(point).toSorted(), prometheusLabel);
  return Object.fromEntries(
    [...byName].map(([name, keys]) => [name, keys.map((key) => point[key]).join(';')]),
  );
}
