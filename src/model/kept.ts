/** Without rounds so many new entries are a round: containers of a large host, asked for one after the other. */
const usualMaxAdded = 20_000;

/**
 * Values of objects that come again and again, as containers do. Its owner begins a round before it goes through all of
 * them: an entry that nobody asked for during a whole round is let go when the next one with new entries begins. A WeakMap
 * would let go at once, but V8 visits each of its entries in the pause that ends a collection of garbage, which with
 * thousands of containers stops the process for long.
 */
export class Kept<Key extends object, Value extends object | string> {
  readonly #maxAdded: number;
  #current = new Map<Key, Value>();
  /** Moved to the others when they are asked for. */
  #older = new Map<Key, Value>();
  #added = 0;

  /** @param maxAdded new entries after which a round begins by itself. */
  constructor(maxAdded = usualMaxAdded) {
    this.#maxAdded = maxAdded;
  }

  /** Entries that are held. */
  get size(): number {
    return this.#current.size + this.#older.size;
  }

  /** Begins a round; does nothing while there is nothing new since the last one. */
  round(): void {
    if (this.#added === 0) return;
    this.#added = 0;
    this.#older = this.#current;
    this.#current = new Map();
  }

  get(key: Key): Value | undefined {
    const known = this.#current.get(key);
    if (known !== undefined || this.#older.size === 0) return known;
    const older = this.#older.get(key);
    if (older !== undefined) {
      this.#older.delete(key);
      this.#current.set(key, older);
    }
    return older;
  }

  set(key: Key, value: Value): void {
    if (this.#added >= this.#maxAdded) this.round();
    this.#added += 1;
    this.#older.delete(key);
    this.#current.set(key, value);
  }
}
