import { resourceFromAttributes } from '@opentelemetry/resources';
import type { Resource } from '@opentelemetry/resources';
import { containerResource, hostResource } from '../metrics/identity-attributes.ts';
import type { ResourceOf } from '../metrics/identity-attributes.ts';
import type { ContainerIdentity } from '../model/container.ts';
import type { EngineDescription } from '../model/engine.ts';
import type { ContainerSnapshot, EngineSnapshot } from '../model/snapshot.ts';

/** Whom figures are of, as each reader shows it. */
export interface Subject {
  /** Of a container: its own Resource. Of an engine: the host's. */
  readonly resource: Resource;
  /** The host alone, for OTLP's flat layout, where the container's attributes ride on the points. */
  readonly host: Resource;
  /** The identity as labels of each Prometheus series. */
  readonly labels: Readonly<Record<string, string>>;
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

  ofContainer(snapshot: ContainerSnapshot): Subject {
    const { identity, engine } = snapshot;
    const known = this.#containers.get(identity);
    if (known?.engine === engine) return known.subject;
    const { resourceOf = containerResource } = this.#options;
    const resource = resourceFromAttributes(resourceOf(snapshot));
    const subject = { resource, host: this.#host(engine), labels: this.#labels(snapshot) };
    this.#containers.set(identity, { engine, subject });
    return subject;
  }

  ofEngine({ engine }: EngineSnapshot): Subject {
    const host = this.#host(engine);
    return { resource: host, host, labels: {} };
  }

  #labels({ identity, engine }: ContainerSnapshot): Record<string, string> {
    return {
      container_name: identity.name,
      ...(this.#options.containerIdLabel && { container_id: identity.id.slice(0, 12) }),
      ...(this.#options.engineLabel && { engine: engine.name }),
    };
  }

  #host(engine: EngineDescription): Resource {
    const known = this.#hosts.get(engine);
    if (known) return known;
    const host = resourceFromAttributes(hostResource({ engine }));
    this.#hosts.set(engine, host);
    return host;
  }
}
