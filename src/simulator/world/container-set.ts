import type { SimulatedContainer } from './container.ts';

/** Result of resolving a name or id of a request. */
export type Lookup =
  | { readonly kind: 'found'; readonly container: SimulatedContainer }
  | { readonly kind: 'missing' }
  | { readonly kind: 'ambiguous' };

/** All containers of the engine, found by id, name or unique prefix of the id, as Moby does. */
export class ContainerSet {
  readonly #byId = new Map<string, SimulatedContainer>();
  readonly #byName = new Map<string, SimulatedContainer>();

  get size(): number {
    return this.#byId.size;
  }

  /** Newest first: the order of the Engine's list. */
  newestFirst(): SimulatedContainer[] {
    return [...this.#byId.values()].toSorted(
      (left, right) => right.createdAt - left.createdAt || right.ordinal - left.ordinal,
    );
  }

  values(): Iterable<SimulatedContainer> {
    return this.#byId.values();
  }

  add(container: SimulatedContainer): void {
    this.#claim(container.name, container);
    this.#byId.set(container.id, container);
  }

  delete(container: SimulatedContainer): void {
    this.#byId.delete(container.id);
    this.#byName.delete(container.name);
  }

  rename(container: SimulatedContainer, name: string): void {
    this.#claim(name, container);
    this.#byName.delete(container.name);
    container.rename(name);
  }

  has(container: SimulatedContainer): boolean {
    return this.#byId.has(container.id);
  }

  find(reference: string): Lookup {
    const name = reference.startsWith('/') ? reference.slice(1) : reference;
    const exact = this.#byId.get(reference) ?? this.#byName.get(name);
    if (exact) return { kind: 'found', container: exact };
    const matches = [...this.#byId.values()].filter(({ id }) => reference !== '' && id.startsWith(reference));
    const [only] = matches;
    if (only === undefined) return { kind: 'missing' };
    return matches.length === 1 ? { kind: 'found', container: only } : { kind: 'ambiguous' };
  }

  #claim(name: string, container: SimulatedContainer): void {
    const owner = this.#byName.get(name);
    if (owner)
      throw new Error(
        `Conflict. The container name "/${name}" is already in use by container "${owner.id}".`,
      );
    this.#byName.set(name, container);
  }
}
