import type { Endpoint, Fault, FaultScope } from './faults.ts';

interface Entry {
  readonly endpoint: Endpoint;
  readonly fault: Fault;
  readonly container: string | undefined;
  left: number;
}

/** The faults that are on; several of one endpoint act one after the other, in the order they were set. */
export class FaultTable {
  #entries: Entry[] = [];

  set(
    endpoint: Endpoint,
    fault: Fault,
    { container, times = Number.POSITIVE_INFINITY }: FaultScope = {},
  ): void {
    this.#entries.push({ endpoint, fault, container, left: times });
  }

  /** Takes the faults of one endpoint away, or all. */
  clear(endpoint?: Endpoint): void {
    this.#entries =
      endpoint === undefined ? [] : this.#entries.filter((entry) => entry.endpoint !== endpoint);
  }

  /** The faults of a request for a container that goes by these names; each one counts as used. */
  take(endpoint: Endpoint, aliases: readonly string[]): Fault[] {
    const taken = this.#entries.filter(
      (entry) =>
        entry.endpoint === endpoint && (entry.container === undefined || aliases.includes(entry.container)),
    );
    for (const entry of taken) entry.left -= 1;
    this.#entries = this.#entries.filter(({ left }) => left > 0);
    return taken.map(({ fault }) => fault);
  }
}
