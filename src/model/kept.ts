/** So many new entries, beside half of those there are, and the older half is let go. */
const minAdded = 64;

/**
 * What is kept of objects that come again and again, as containers do, and is made anew where it is not found. What has
 * not been asked for while many others were added is let go. A WeakMap would let go at once, but V8 visits each of its
 * entries in the pause that ends a collection of garbage, which with thousands of containers stops the process for long.
 */
export class Kept<Key extends object, Value extends object | string> {
  #current = new Map<Key, Value>();
  /** Moved to the others when they are asked for. */
  #older = new Map<Key, Value>();
  #added = 0;

  /** Entries that are held. */
  get size(): number {
    return this.#current.size + this.#older.size;
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
    if (this.#added >= minAdded + this.#current.size / 2) {
      this.#older = this.#current;
      this.#current = new Map();
      this.#added = 0;
    }
    this.#added += 1;
    this.#older.delete(key);
    this.#current.set(key, value);
  }
}
