/** A container as far as the search for the owner of its network namespace goes. */
export interface Networked {
  readonly id: string;
  /** Id of the container whose namespace it joined; undefined for one of its own, and before the first inspect. */
  readonly networkOwnerId: string | undefined;
}

/** The end of a chain of joined namespaces: the owner's id, and the owner where it is tracked. */
export interface NetworkOwner<T> {
  readonly id: string;
  readonly container: T | undefined;
}

/**
 * The owner of a container's network namespace: itself, or the end of its chain of joined namespaces, which runtimes
 * follow when they count. Undefined when the chain has no end.
 */
export function networkOwner<T extends Networked>(
  container: T,
  containers: ReadonlyMap<string, T>,
): NetworkOwner<T> | undefined {
  const passed = new Set<string>();
  let { id } = container;
  let owner: T | undefined = container;
  while (owner?.networkOwnerId !== undefined) {
    if (passed.has(id)) return undefined;
    passed.add(id);
    id = owner.networkOwnerId;
    owner = containers.get(id);
  }
  return { id, container: owner };
}

/**
 * True for the one container of a namespace whose network counters are exported, so that a sum counts the traffic once:
 * the owner where it is tracked, else the first by id of those that joined.
 */
export function countsNetwork<T extends Networked>(
  container: T,
  containers: ReadonlyMap<string, T>,
): boolean {
  if (container.networkOwnerId === undefined) return true;
  const owner = networkOwner(container, containers);
  if (!owner) return true;
  if (owner.container) return owner.container === container;
  for (const other of containers.values())
    if (other.id < container.id && networkOwner(other, containers)?.id === owner.id) return false;
  return true;
}
