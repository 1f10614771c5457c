import { readSync } from 'node:fs';
import type { Integer } from '../../model/sample.ts';
import { largestCount } from '../json.ts';

const newline = 0x0a;
const space = 0x20;
const tab = 0x09;
const zero = 0x30;
/** Numbers of so many digits are exact in a double. */
const exactDigits = 15;
const firstBytes = 16 * 1024;
/**
 * Files made of many records come in portions of a page: one that is shorter by more than a record, the largest of which
 * has less than 512 bytes, is the last.
 */
const shortPortionBytes = 4096 - 512;
/** Larger files are none that the kernel makes of one cgroup. */
const maxBytes = 4 * 1024 * 1024;

/**
 * Content of one kernel file at a time, in one buffer for all of them, and a scanner over it. Only terminated lines
 * count: the beginning of a number is another number.
 */
export class KernelText {
  #bytes = Buffer.allocUnsafe(firstBytes);
  #length = 0;
  #at = 0;

  /**
   * Reads a file from its beginning by a descriptor. Throws the system's error: ENODEV once its cgroup is removed.
   * @param isSingle true for files that the kernel writes at once, as those of cgroups are.
   */
  read(fd: number, isSingle = true): void {
    this.#length = 0;
    this.#at = 0;
    for (;;) {
      const count = readSync(fd, this.#bytes, this.#length, this.#bytes.length - this.#length, this.#length);
      this.#length += count;
      if (count === 0) break;
      if (this.#length < this.#bytes.length) {
        if (isSingle || count < shortPortionBytes) break;
        continue;
      }
      if (this.#bytes.length >= maxBytes) throw new RangeError(`the file has more than ${maxBytes} bytes`);
      const larger = Buffer.allocUnsafe(this.#bytes.length * 4);
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    if (this.#length > 0 && this.#bytes[this.#length - 1] !== newline)
      this.#length = this.#bytes.lastIndexOf(newline, this.#length - 1) + 1;
  }

  /** True where the whole content is these bytes. */
  equals(bytes: Buffer): boolean {
    return (
      bytes.length === this.#length && this.#bytes.compare(bytes, 0, bytes.length, 0, this.#length) === 0
    );
  }

  /** A copy of the whole content, in the room of an earlier one where that has the same size; it is no part of a pool that it would keep. */
  copy(into: Buffer): Buffer {
    const copy = into.length === this.#length ? into : Buffer.allocUnsafeSlow(this.#length);
    this.#bytes.copy(copy, 0, 0, this.#length);
    return copy;
  }

  /** True at the end of the last line. */
  get isAtEnd(): boolean {
    return this.#at >= this.#length;
  }

  /** True at the end of a line. */
  get isAtLineEnd(): boolean {
    return this.#at >= this.#length || this.#bytes[this.#at] === newline;
  }

  /** The whole content; paths in it may have any character. */
  get content(): string {
    return this.#bytes.toString('utf8', 0, this.#length);
  }

  /** Moves to the beginning of the next line. */
  nextLine(): void {
    while (this.#at < this.#length && this.#bytes[this.#at] !== newline) this.#at += 1;
    this.#at += 1;
  }

  /** Moves over spaces within the line. */
  skipSpaces(): void {
    while (this.#bytes[this.#at] === space || this.#bytes[this.#at] === tab) this.#at += 1;
  }

  /** Moves over these characters where they come next; false, and nothing moved, where they do not. */
  accepts(expected: Buffer): boolean {
    const end = this.#at + expected.length;
    if (end > this.#length) return false;
    for (let index = 0; index < expected.length; index += 1)
      if (this.#bytes[this.#at + index] !== expected[index]) return false;
    this.#at = end;
    return true;
  }

  /** The characters up to the next space, line end or `end`, which is moved over; empty at the line's end. */
  word(end = space): string {
    const start = this.#at;
    let at = start;
    while (at < this.#length) {
      const byte = this.#bytes[at];
      if (byte === end || byte === space || byte === newline) break;
      at += 1;
    }
    this.#at = this.#bytes[at] === end && end !== newline && at < this.#length ? at + 1 : at;
    return this.#bytes.toString('latin1', start, at);
  }

  /**
   * The decimal integer that comes next, up to a space, a line end or `end`; undefined for anything else (`max`, a
   * negative number, one above 2^63−1), which is moved over.
   */
  integer(end = space): Integer | undefined {
    const start = this.#at;
    const value = this.#digits();
    const count = this.#at - start;
    const stop = this.#bytes[this.#at];
    if (count === 0 || !endsNumber(stop, end)) {
      this.word(end);
      return undefined;
    }
    const exact =
      count <= exactDigits ? value : largeInteger(this.#bytes.toString('latin1', start, this.#at));
    if (stop === end && end !== newline) this.#at += 1;
    return exact;
  }

  /** Moves over the digits that come next, and gives their value as far as a double is exact. */
  #digits(): number {
    let value = 0;
    for (; this.#at < this.#length; this.#at += 1) {
      const digit = (this.#bytes[this.#at] ?? 0) - zero;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    return value;
  }

  /** The only value of a file of one line; undefined for `max`, and for anything but an integer. */
  singleInteger(): Integer | undefined {
    const value = this.integer(newline);
    return this.isAtLineEnd ? value : undefined;
  }

  /** True where a digit comes next. */
  get isAtDigit(): boolean {
    const digit = (this.#bytes[this.#at] ?? 0) - zero;
    return !this.isAtLineEnd && digit >= 0 && digit <= 9;
  }
}

const nothing = Buffer.alloc(0);

/** What is parsed of one file: the same object again while the file holds the same, so that nothing is made anew. */
export class Parsed<T> {
  #bytes: Buffer | undefined;
  #value: T | undefined;

  /** @param parse the same at every call. */
  of(text: KernelText, parse: (text: KernelText) => T): T {
    if (this.#bytes && this.#value !== undefined && text.equals(this.#bytes)) return this.#value;
    this.#value = parse(text);
    this.#bytes = text.copy(this.#bytes ?? nothing);
    return this.#value;
  }
}

function endsNumber(byte: number | undefined, end: number): boolean {
  return byte === newline || byte === space || byte === tab || byte === end;
}

function largeInteger(digits: string): Integer | undefined {
  const exact = BigInt(digits);
  if (exact > largestCount) return undefined;
  return exact <= Number.MAX_SAFE_INTEGER ? Number(exact) : exact;
}

/** A product, exact above 2^53; absent above the largest integer. */
export function times(value: Integer, factor: number): Integer | undefined {
  const product = Number(value) * factor;
  if (Number.isSafeInteger(product)) return product;
  const exact = BigInt(value) * BigInt(factor);
  return exact > largestCount ? undefined : exact;
}
