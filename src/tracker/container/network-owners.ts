/** A container as far as the search for the owner of its network namespace goes. */
export interface Networked {
  readonly id: string;
  /** Id of the container whose namespace it joined; undefined for one of its own, and before the first inspect. */
  readonly networkOwnerId: string | undefined;
}

/** The end of a chain of joined namespaces: the owner's id, and the owner where it is tracked and has joined no other. */
interface NetworkOwner<T> {
  readonly id: string;
  readonly container: T | undefined;
}

/**
 * Who owns the network namespaces of one runtime's containers, at one moment: nothing of it changes while one of these
 * is used. All containers together are searched in one pass, in time linear in their number.
 */
export class NetworkOwners<T extends Networked> {
  readonly #containers: ReadonlyMap<string, T>;
  /** By the id of each container that joined, as far as it was asked for. */
  readonly #owners = new Map<string, NetworkOwner<T>>();
  #firsts: ReadonlyMap<string, string> | undefined;

  /** @param containers by their id. */
  constructor(containers: ReadonlyMap<string, T>) {
    this.#containers = containers;
  }

  /**
   * The owner of a container's network namespace: itself, or the end of its chain of joined namespaces, which runtimes
   * follow when they count. Of containers that joined each other it has the id of the first by id.
   */
  of(container: T): NetworkOwner<T> {
    if (container.networkOwnerId === undefined) return { id: container.id, container };
    const passed = new Map<string, T>();
    let { id } = container;
    let current: T | undefined = container;
    while (current?.networkOwnerId !== undefined && !passed.has(id) && !this.#owners.has(id)) {
      passed.set(id, current);
      id = current.networkOwnerId;
      current = this.#containers.get(id);
    }
    const owner = this.#owners.get(id) ?? ownerAt(id, passed, current);
    for (const each of passed.keys()) this.#owners.set(each, owner);
    return owner;
  }

  /**
   * True for the one container of a namespace whose network counters are exported, so that a sum counts the traffic
   * once: the owner where it is tracked, else the first by id of those that joined.
   */
  isCountedAt(container: T): boolean {
    const owner = this.of(container);
    if (owner.container) return owner.container === container;
    this.#firsts ??= this.#firstsOfUntracked();
    return this.#firsts.get(owner.id) === container.id;
  }

  #firstsOfUntracked(): ReadonlyMap<string, string> {
    const firsts = new Map<string, string>();
    for (const container of this.#containers.values()) {
      const owner = this.of(container);
      const first = firsts.get(owner.id);
      if (!owner.container && (first === undefined || container.id < first))
        firsts.set(owner.id, container.id);
    }
    return firsts;
  }
}

function ownerAt<T extends Networked>(
  id: string,
  passed: ReadonlyMap<string, T>,
  container: T | undefined,
): NetworkOwner<T> {
  return passed.has(id) ? { id: firstOfRing(id, passed), container: undefined } : { id, container };
}

/** @param id a container of the ring, at which the walk `passed` came back. */
function firstOfRing(id: string, passed: ReadonlyMap<string, Networked>): string {
  const ids = [...passed.keys()];
  return ids.slice(ids.indexOf(id)).reduce((first, each) => (each < first ? each : first));
}
