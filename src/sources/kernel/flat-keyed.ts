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
  /** Keys by line, as they were read last. */
  readonly #layout: Key[] = [];
  readonly #values: (Integer | undefined)[] = [];
  #count = 0;
  /** Lines by key. */
  #lines = new Map<string, number>();
  /** All keys, without a value. */
  #blank: object = {};

  /** Values by key of what was read last. */
  get(key: string): Integer | undefined {
    const line = this.#lines.get(key);
    return line === undefined || line >= this.#count ? undefined : this.#values[line];
  }

  /** Reads all lines; keys whose value is no integer are absent. */
  parse(text: KernelText): this {
    let isSameLayout = true;
    let line = 0;
    for (; !text.isAtEnd; line += 1) {
      const isExpected = this.#isExpected(text, line);
      if (!isExpected) this.#addKey(text, line);
      isSameLayout &&= isExpected;
      const value = text.integer();
      this.#values[line] = text.isAtLineEnd ? value : undefined;
      text.nextLine();
    }
    this.#count = line;
    if (!isSameLayout) this.#relayout();
    return this;
  }

  /** A copy of what was read last. */
  record(): Readonly<Record<string, Integer>> {
    const isWhole = this.#count === this.#layout.length;
    const record: Record<string, Integer> = isWhole ? { ...this.#blank } : {};
    for (let line = 0; line < this.#count; line += 1) {
      const [key, value] = [this.#layout[line]?.name ?? '', this.#values[line]];
      if (value !== undefined) record[key] = value;
      else Reflect.deleteProperty(record, key);
    }
    return record;
  }

  #isExpected(text: KernelText, line: number): boolean {
    const expected = this.#layout[line];
    return expected !== undefined && text.accepts(expected.bytes);
  }

  #addKey(text: KernelText, line: number): void {
    const name = text.word();
    this.#layout[line] = { name, bytes: Buffer.from(`${name} `, 'latin1') };
  }

  /**
   * Makes what is looked up by key anew. An object that grows key by key becomes a hash table of some 5 KB; one that is
   * parsed has a shape, which its copies share.
   */
  #relayout(): void {
    this.#layout.length = this.#count;
    this.#lines = new Map(this.#layout.map(({ name }, line) => [name, line]));
    const names = this.#layout.map(({ name }) => name).filter((name) => name !== '__proto__');
    const blank: unknown = JSON.parse(`{${names.map((name) => `${JSON.stringify(name)}:null`).join()}}`);
    this.#blank = typeof blank === 'object' && blank !== null ? blank : {};
  }
}
