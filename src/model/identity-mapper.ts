import type { ContainerIdentity, MappedAttributes } from './container.ts';

/**
 * Why an attribute is left out: it has as many values as it may have; its name, as Prometheus would show it, belongs to
 * the container's identity or to a metric; another attribute of the container has that name; or no label has such a name.
 */
export const dropReasons = ['too_many_values', 'name_taken', 'name_repeated', 'name_invalid'] as const;

/** One of {@link dropReasons}. */
export type DropReason = (typeof dropReasons)[number];

/** Number of attributes of the present containers that are left out, by reason. */
export type DroppedAttributes = Readonly<Record<DropReason, number>>;

/** Makes attributes of labels and environment, and keeps count of the containers that have them. Never throws. */
export interface IdentityMapper {
  map(identity: ContainerIdentity): MappedAttributes;
  /** The container with this id is not measured any more. */
  forget(id: string): void;
  dropped(): DroppedAttributes;
}
