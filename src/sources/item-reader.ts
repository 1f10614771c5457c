import { BoundedJson } from './bounded-json.ts';
import { responseLimits } from './response-limits.ts';
import type { RefusedPart } from './response-limits.ts';
import { SourceError } from './source-error.ts';

/** One item of a list: its text, without what was left out. */
export interface JsonItem {
  readonly text: string;
  readonly refused?: RefusedPart;
}

/** Bytes of the text's own signs. */
const [comma, openList] = [0x2c, 0x5b];

/** As much of a text as a message shows, and as is kept of a text that is no list. */
const [shownBytes, maxRemembered] = [60, 64 * 1024];

/** So much of {@link responseLimits}.keptBytes is left to items of at most that length, however large others are. */
const [reservedLength, maxReservedLength] = [responseLimits.keptBytes / 4, responseLimits.keptBytes / 1024];

/**
 * Hands on the items of a JSON list one by one, so that one that is beyond the limits costs no other. An item that all
 * before it left no room for is refused, and so is each past the maximum number. Methods throw {@link SourceError}:
 * `bad-response` for what is no list, `too-large` past twice the maximum number, of which a list may have no end.
 */
export class ItemReader {
  readonly #what: string;
  readonly #take: (item: JsonItem) => void;
  readonly #json = new BoundedJson(2);
  /** The beginning, for messages, and all of what is no list. */
  #begins = Buffer.alloc(0);
  #state: 'before' | 'inside' | 'behind' | 'no list' = 'before';
  #keptLength = 0;
  #items = 0;

  constructor(what: string, take: (item: JsonItem) => void) {
    this.#what = what;
    this.#take = take;
  }

  /** Takes the next piece of the text. */
  push(piece: Buffer): void {
    let at = this.#state === 'before' ? this.#start(piece) : 0;
    if (this.#begins.length < shownBytes || this.#state === 'no list') this.#remember(piece);
    while (this.#state === 'inside' && at < piece.length) {
      at = this.#json.push(piece, at, true);
      if (at === piece.length) break;
      if (piece[at] !== comma) this.#state = 'behind';
      this.#finish(piece[at] === comma);
      at += 1;
    }
  }

  /** The text has ended. */
  end(): void {
    if (this.#state === 'behind') return;
    const text = this.#begins.toString();
    if (this.#state === 'no list') parseAsIs(text, this.#what);
    const isWrongType = this.#state === 'no list';
    throw new SourceError(
      'bad-response',
      isWrongType ? `${this.#what}: expected a JSON array` : notJson(this.#what, text),
    );
  }

  #remember(piece: Buffer): void {
    if (this.#begins.length > maxRemembered) return;
    this.#begins = Buffer.concat([this.#begins, piece.subarray(0, maxRemembered)]);
  }

  /** Start of the first item. */
  #start(piece: Buffer): number {
    const first = piece.findIndex((byte) => byte > 0x20);
    if (first < 0) return piece.length;
    if (piece[first] !== openList) {
      this.#state = 'no list';
      return piece.length;
    }
    this.#state = 'inside';
    this.#json.push(piece.subarray(first, first + 1));
    this.#json.take();
    return first + 1;
  }

  #finish(isFollowed: boolean): void {
    const { refused } = this.#json;
    const text = this.#json.take();
    const isEmptyList = !isFollowed && this.#items === 0 && text.trim() === '';
    if (isEmptyList) return;
    this.#items += 1;
    if (this.#items > 2 * responseLimits.items)
      throw new SourceError('too-large', `the list has more than ${2 * responseLimits.items} items`);
    if (refused) this.#take({ text, refused });
    else this.#take(this.#fits(text) ? { text } : { text, refused: { reason: 'too-large' } });
  }

  /** What fits counts. */
  #fits({ length }: string): boolean {
    const reserved = length > maxReservedLength ? reservedLength : 0;
    const isRoom = this.#keptLength + length <= responseLimits.keptBytes - reserved;
    if (!isRoom || this.#items > responseLimits.items) return false;
    this.#keptLength += length;
    return true;
  }
}

function parseAsIs(text: string, what: string): void {
  try {
    JSON.parse(text);
  } catch (cause) {
    throw new SourceError('bad-response', notJson(what, text), cause);
  }
}

function notJson(what: string, text: string): string {
  return `${what}: not JSON, begins with ${JSON.stringify(text.slice(0, shownBytes))}`;
}
