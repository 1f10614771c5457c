import type { ContainerIdentity, MappedAttributes } from './container.ts';

/** Number of attributes dropped from the present containers, by reason. */
export interface DroppedAttributes {
  /** The attribute has as many values as it may have. */
  readonly too_many_values: number;
  /** The name, as Prometheus would show it, belongs to the container's identity or to a metric. */
  readonly name_taken: number;
}

/** Makes attributes of labels and environment, and keeps track of present containers. Never throws. */
export interface IdentityMapper {
  map(identity: ContainerIdentity): MappedAttributes;
  /** The container with this id is not measured any more. */
  forget(id: string): void;
  dropped(): DroppedAttributes;
}
