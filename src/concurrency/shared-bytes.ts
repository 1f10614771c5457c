import { Readable, pipeline } from 'node:stream';
import { constants, createGzip } from 'node:zlib';

/** Bytes that wait for readers of all bodies together; the newest body may be larger. */
const defaultMaxWaitingBytes = 16 * 1024 * 1024;

/** Encoding of a body, as HTTP's Content-Encoding names it. */
export type ByteEncoding = 'identity' | 'gzip';

/** Reads a body from its beginning, at its own pace; `return` leaves. */
export type ByteReader = AsyncIterableIterator<Uint8Array>;

/** Bounds the bytes that wait for slow readers: past the bound the readers of the oldest bodies are cut. */
export class ByteBudget {
  readonly #maxBytes: number;
  /** Oldest first. */
  readonly #held = new Set<SharedBytes>();

  constructor(maxBytes = defaultMaxWaitingBytes) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes held for readers, in all bodies. */
  get heldBytes(): number {
    return [...this.#held].reduce((sum, { size }) => sum + size, 0);
  }

  /**
   * Makes a body of text. Producing begins with the first reader, waits for none, and ends early when all have left: a
   * body that nobody reads never ends.
   */
  body(text: AsyncIterable<string>, encoding: ByteEncoding): SharedBytes {
    const body = new SharedBytes(encoded(text, encoding), {
      grown: () => this.#enforce(body),
      released: () => this.#held.delete(body),
    });
    this.#held.add(body);
    return body;
  }

  #enforce(newest: SharedBytes): void {
    let excess = this.heldBytes - this.#maxBytes;
    for (const body of this.#held) {
      if (excess <= 0 || body === newest) return;
      excess -= body.size;
      body.cutReaders();
    }
  }
}

interface BodyObserver {
  readonly grown: () => void;
  /** Nothing is held any more. */
  readonly released: () => void;
}

/** A body that is produced once and read by any number of readers. */
export class SharedBytes {
  readonly #observer: BodyObserver;
  readonly #readers = new Set<Reader>();
  readonly #source: AsyncIterable<Uint8Array>;
  readonly #ended = Promise.withResolvers<void>();
  #isBegun = false;
  #chunks: Uint8Array[] = [];
  #size = 0;
  #change = Promise.withResolvers<void>();
  #outcome: 'producing' | 'complete' | { readonly error: unknown } = 'producing';
  #isAbandoned = false;

  constructor(chunks: AsyncIterable<Uint8Array>, observer: BodyObserver) {
    this.#observer = observer;
    this.#source = chunks;
  }

  /** Bytes so far. */
  get size(): number {
    return this.#size;
  }

  /** All readers have left: it cannot be read any more. */
  get isAbandoned(): boolean {
    return this.#isAbandoned;
  }

  /** Resolves when nothing more is produced; never rejects. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Adds a reader. @param onCut called instead of more bytes when the body is given up for lack of room. */
  read(onCut: () => void): ByteReader {
    const reader = new Reader(this, onCut);
    this.#readers.add(reader);
    // Not before: what ends without a reader is let go.
    if (!this.#isBegun) void this.#produce();
    this.#isBegun = true;
    return reader;
  }

  /** Lets every reader go, unfinished. */
  cutReaders(): void {
    for (const reader of this.#readers) {
      this.leave(reader);
      reader.cut();
    }
  }

  /** The chunk at this place; undefined after the last one. Rejects where producing failed. */
  async chunk(index: number): Promise<Uint8Array | undefined> {
    for (;;) {
      const chunk = this.#chunks[index];
      if (chunk || this.#outcome === 'complete') return chunk;
      if (this.#outcome !== 'producing') throw this.#outcome.error;
      await this.#change.promise;
    }
  }

  /** A reader is done, or goes. */
  leave(reader: Reader): void {
    if (!this.#readers.delete(reader) || this.#readers.size > 0) return;
    if (this.#outcome === 'producing') this.#isAbandoned = true;
    else this.#release();
  }

  async #produce(): Promise<void> {
    try {
      for await (const chunk of this.#source) {
        if (this.#isAbandoned) break;
        this.#chunks.push(chunk);
        this.#size += chunk.length;
        this.#observer.grown();
        this.#changed();
      }
      this.#outcome = 'complete';
    } catch (error) {
      this.#outcome = { error };
    }
    this.#changed();
    if (this.#readers.size === 0) this.#release();
    this.#ended.resolve();
  }

  #changed(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }

  #release(): void {
    this.#isAbandoned = true;
    this.#chunks = [];
    this.#size = 0;
    this.#observer.released();
  }
}

class Reader implements ByteReader {
  readonly #body: SharedBytes;
  readonly #onCut: () => void;
  #index = 0;
  #isOver = false;

  constructor(body: SharedBytes, onCut: () => void) {
    this.#body = body;
    this.#onCut = onCut;
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    const chunk = this.#isOver ? undefined : await this.#chunk();
    if (!chunk || this.#isOver) return await this.return();
    this.#index += 1;
    return { done: false, value: chunk };
  }

  return(): Promise<IteratorResult<Uint8Array>> {
    this.#isOver = true;
    this.#body.leave(this);
    return Promise.resolve({ done: true, value: undefined });
  }

  async #chunk(): Promise<Uint8Array | undefined> {
    try {
      return await this.#body.chunk(this.#index);
    } catch (error) {
      await this.return();
      throw error;
    }
  }

  /** The body has let go of this reader. */
  cut(): void {
    this.#isOver = true;
    this.#onCut();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

async function* encoded(text: AsyncIterable<string>, encoding: ByteEncoding): AsyncGenerator<Uint8Array> {
  if (encoding === 'identity') {
    for await (const part of text) yield Buffer.from(part);
    return;
  }
  // Level 1 takes a third of the default's CPU for some tenths more bytes, which is right for a scrape over a LAN.
  const gzip = createGzip({ level: constants.Z_BEST_SPEED });
  // Either end's failure ends both; the loop throws it.
  pipeline(Readable.from(text, { highWaterMark: 1 }), gzip, () => undefined);
  for await (const part of gzip) yield toBytes(part);
}

function toBytes(part: unknown): Uint8Array {
  if (part instanceof Uint8Array) return part;
  throw new TypeError('a compressor gives bytes');
}
