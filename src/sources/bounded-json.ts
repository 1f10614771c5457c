import { responseLimits } from './response-limits.ts';
import type { RefusedPart, Refusal } from './response-limits.ts';
import { SourceError } from './source-error.ts';

/** A member of an object or list: where it begins in the copy, after how many values, and the depth of its owner. */
interface Member {
  readonly start: number;
  readonly values: number;
  readonly depth: number;
}

const [quote, backslash, comma] = [0x22, 0x5c, 0x2c];
const [openObject, closeObject, openList, closeList] = [0x7b, 0x7d, 0x5b, 0x5d];
const fieldAtStart = /^\s*"(\w{1,40})"\s*:/;

/**
 * Copies a JSON text that comes in pieces, and leaves out what is beyond the limits: of objects and lists down to
 * `level`, each member that is too large or too deep becomes `null`, and a container at that level ends early when all
 * its members together are too large. What has too many values is too large. The copy is JSON when the text was; memory is bounded whatever comes.
 */
export class BoundedJson {
  readonly #level: number;
  #copy = Buffer.allocUnsafe(16 * 1024);
  #length = 0;
  #depth = 0;
  #isInText = false;
  #isEscaped = false;
  /** True for objects, by depth down to the level. */
  readonly #isObject: boolean[] = [];
  /** The one under way; absent between members. */
  #member: Member | undefined = { start: 0, values: 0, depth: 0 };
  #containerStart = 0;
  /** In the copy, since the last {@link take}. */
  #values = 0;
  /** The part being skipped: a member, or the rest of a container, at that depth. */
  #skipped: { readonly what: 'member' | 'rest'; readonly depth: number } | undefined;
  #refused: RefusedPart | undefined;

  /** @param level depth of the containers whose members are bounded; 1 for the outermost. */
  constructor(level: number) {
    this.#level = level;
  }

  /** Open objects and lists. */
  get depth(): number {
    return this.#depth;
  }

  /** The first part that was left out since the last {@link take}. */
  get refused(): RefusedPart | undefined {
    return this.#refused;
  }

  /** The copy so far, which begins anew. */
  take(): string {
    const text = this.#copy.toString('utf8', 0, this.#length);
    this.#length = 0;
    this.#refused = undefined;
    this.#skipped = undefined;
    this.#values = 0;
    this.#begin();
    return text;
  }

  /**
   * Copies the next piece from `from` on, up to a comma or a bracket that ends a container of depth 1, which is not
   * copied when `stopsAtItems`. Returns where it stopped: the piece's length, or that byte.
   */
  push(piece: Buffer, from = 0, stopsAtItems = false): number {
    let copied = from;
    for (let at = from; at < piece.length; at += 1) {
      const byte = piece[at];
      if (this.#isInText) this.#readText(byte);
      else if (stopsAtItems && this.#depth === 1 && endsItem(byte)) {
        this.#endMember(piece, copied, at);
        return at;
      } else copied = this.#readStructure(piece, copied, at);
    }
    this.#keep(piece, copied, piece.length);
    if (this.#isTooLarge()) this.#leaveOut('too-large');
    return piece.length;
  }

  #readText(byte: number | undefined): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === backslash) this.#isEscaped = true;
    else if (byte === quote) this.#isInText = false;
  }

  /** Returns from where on the piece is yet to be copied. */
  #readStructure(piece: Buffer, from: number, at: number): number {
    const byte = piece[at];
    switch (byte) {
      case quote:
        this.#isInText = true;
        return from;
      case openObject:
        return this.#open(piece, from, at, true);
      case openList:
        return this.#open(piece, from, at, false);
      case comma:
        return this.#separate(piece, from, at);
      case closeObject:
      case closeList:
        return this.#close(piece, from, at);
      case undefined:
      default:
        return from;
    }
  }

  #open(piece: Buffer, from: number, at: number, isObject: boolean): number {
    this.#depth += 1;
    if (this.#skipped) return from;
    if (this.#depth > responseLimits.depth) return this.#abandon(piece, from, at, 'too-deep');
    this.#values += 1;
    if (this.#isOverfull()) return this.#abandon(piece, from, at, 'too-large');
    if (this.#depth > this.#level) return from;
    this.#keep(piece, from, at + 1);
    this.#isObject[this.#depth] = isObject;
    if (this.#depth === this.#level) this.#containerStart = this.#length;
    this.#begin();
    return at + 1;
  }

  #close(piece: Buffer, from: number, at: number): number {
    const ends = this.#skipped?.depth === this.#depth;
    if (this.#depth <= this.#level) this.#endMember(piece, from, at);
    this.#depth -= 1;
    if (ends) this.#skipped = undefined;
    if (this.#skipped) return at;
    return ends || this.#depth < this.#level ? at : from;
  }

  #separate(piece: Buffer, from: number, at: number): number {
    if (this.#skipped) {
      if (this.#skipped.what === 'rest' || this.#skipped.depth !== this.#depth) return at;
      this.#skipped = undefined;
      return this.#next(piece, at, at);
    }
    this.#values += 1;
    if (this.#depth <= this.#level) return this.#next(piece, from, at);
    return this.#isOverfull() ? this.#abandon(piece, from, at, 'too-large') : from;
  }

  /** True past the maximum of values, where a part can be left out. Throws {@link SourceError} where none can. */
  #isOverfull(): boolean {
    if (this.#values <= responseLimits.values) return false;
    const memberDepth = this.#member?.depth ?? this.#level;
    if (this.#level > 0 && this.#depth >= this.#level && memberDepth === this.#level) return true;
    throw new SourceError('too-large', `the response has more than ${responseLimits.values} values`);
  }

  /** Leaves out the member under way. */
  #abandon(piece: Buffer, from: number, at: number, reason: Refusal): number {
    this.#keep(piece, from, at);
    this.#leaveOut(reason);
    return at;
  }

  /** The next member begins behind the comma, unless those before it fill the container. */
  #next(piece: Buffer, from: number, at: number): number {
    this.#endMember(piece, from, at);
    const isFull = this.#length - this.#containerStart > responseLimits.itemBytes || this.#isOverfull();
    if (this.#depth === this.#level && isFull) {
      this.#skipped = { what: 'rest', depth: this.#depth };
      this.#refused ??= { reason: 'too-large' };
      return at;
    }
    this.#keep(piece, at, at + 1);
    this.#begin();
    return at + 1;
  }

  #begin(): void {
    this.#member = { start: this.#length, values: this.#values, depth: this.#depth };
  }

  #endMember(piece: Buffer, from: number, at: number): void {
    if (this.#skipped) return;
    this.#keep(piece, from, at);
    if (this.#isTooLarge()) this.#replace('too-large');
    this.#member = undefined;
  }

  #isTooLarge(): boolean {
    return this.#member !== undefined && this.#length - this.#member.start > responseLimits.itemBytes;
  }

  /** Takes the member under way off the copy, and what comes of it is not copied. */
  #leaveOut(reason: Refusal): void {
    const { depth } = this.#replace(reason);
    this.#skipped = { what: 'member', depth };
    this.#member = undefined;
  }

  #replace(reason: Refusal): Member {
    const member = this.#member ?? { start: this.#length, values: this.#values, depth: this.#depth };
    const { start, values, depth } = member;
    const begins = this.#copy.toString('latin1', start, Math.min(this.#length, start + 64));
    const field = fieldAtStart.exec(begins)?.[1];
    this.#refused ??= field === undefined ? { reason } : { reason, field };
    this.#length = start;
    this.#values = values;
    const placeholder = Buffer.from(this.#isObject[depth] ? '"":null' : 'null');
    this.#keep(placeholder, 0, placeholder.length);
    return member;
  }

  #keep(piece: Buffer, from: number, to: number): void {
    if (this.#skipped || to <= from) return;
    const length = this.#length + to - from;
    if (length > responseLimits.keptBytes + responseLimits.itemBytes)
      throw new SourceError('too-large', `the response has more than ${responseLimits.keptBytes} bytes`);
    if (length > this.#copy.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, 2 * this.#copy.length));
      this.#copy.copy(larger, 0, 0, this.#length);
      this.#copy = larger;
    }
    piece.copy(this.#copy, this.#length, from, to);
    this.#length = length;
  }
}

function endsItem(byte: number | undefined): boolean {
  return byte === comma || byte === closeObject || byte === closeList;
}
