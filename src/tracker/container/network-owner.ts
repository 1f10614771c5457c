/** What the search for a network's owner needs of a container. */
interface Networked {
  /** As its runtime has it; undefined while it was not inspected. */
  readonly networkMode: string | undefined;
}

const joining = 'container:';

/** Whether a container of this network mode lives in another one's network, as every container of a pod does. */
export function joinsNetwork(mode: string | undefined): mode is string {
  return mode?.startsWith(joining) === true;
}

/**
 * The container whose network another one lives in: itself, or the end of its chain of `container:ID`, which runtimes
 * follow when they count. Undefined when the chain leaves what is known, or has no end.
 */
export function networkOwner<T extends Networked>(
  container: T,
  containers: ReadonlyMap<string, T>,
): T | undefined {
  const passed = new Set<T>();
  let owner: T | undefined = container;
  while (owner && joinsNetwork(owner.networkMode)) {
    if (passed.has(owner)) return undefined;
    passed.add(owner);
    owner = containers.get(owner.networkMode.slice(joining.length));
  }
  return owner;
}
