import type { Integer } from '../../model/sample.ts';
import type { KernelText } from './kernel-text.ts';

interface Key {
  readonly name: string;
  /** With the space after it. */
  readonly bytes: Buffer;
}

/**
 * Reads files of `key value` lines. The kernel writes the keys of one file in the same order for every cgroup, so each
 * line's key is compared with the one that was there before, and no string is made.
 */
export class FlatKeyed {
  readonly #layout: Key[] = [];
  readonly #values = new Map<string, Integer>();

  /** Values by key of what was read last. */
  get(key: string): Integer | undefined {
    return this.#values.get(key);
  }

  /** Reads all lines; keys whose value is no integer are absent. */
  parse(text: KernelText): this {
    this.#values.clear();
    for (let line = 0; !text.isAtEnd; line += 1) {
      const name = this.#keyOf(text, line);
      const value = text.integer();
      if (value !== undefined && text.isAtLineEnd) this.#values.set(name, value);
      text.nextLine();
    }
    return this;
  }

  /** A copy of what was read last. */
  record(): Readonly<Record<string, Integer>> {
    const record: Record<string, Integer> = {};
    for (const [key, value] of this.#values) record[key] = value;
    return record;
  }

  #keyOf(text: KernelText, line: number): string {
    const expected = this.#layout[line];
    if (expected && text.accepts(expected.bytes)) return expected.name;
    const name = text.word();
    this.#layout[line] = { name, bytes: Buffer.from(`${name} `, 'latin1') };
    return name;
  }
}
