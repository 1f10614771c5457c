/**
 * Keeps each attribute from having more values at a time than a limit. Values are counted by their holders, so
 * that those of removed containers make room for others, and a shown value stays as long as a container has it.
 */
export class CardinalityLimit {
  readonly #limit: number;
  readonly #onFull: (attribute: string) => void;
  readonly #holders = new Map<string, Map<string, number>>();
  readonly #reported = new Set<string>();

  /** @param onFull called once for each attribute, when the first of its values is refused. */
  constructor(limit: number, onFull: (attribute: string) => void) {
    this.#limit = limit;
    this.#onFull = onFull;
  }

  /** False when there is no room for another value; else it is held until it is released. */
  take(attribute: string, value: string): boolean {
    const values = this.#holders.get(attribute) ?? new Map<string, number>();
    const holders = values.get(value) ?? 0;
    if (holders === 0 && values.size >= this.#limit) {
      this.#refuse(attribute);
      return false;
    }
    this.#holders.set(attribute, values.set(value, holders + 1));
    return true;
  }

  /** One holder less, of a value that was taken. */
  release(attribute: string, value: string): void {
    const values = this.#holders.get(attribute);
    const holders = values?.get(value) ?? 0;
    if (holders > 1) values?.set(value, holders - 1);
    else values?.delete(value);
    if (values?.size === 0) this.#holders.delete(attribute);
  }

  #refuse(attribute: string): void {
    if (this.#reported.has(attribute)) return;
    this.#reported.add(attribute);
    this.#onFull(attribute);
  }
}
