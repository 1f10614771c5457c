import { expectFewChunks } from '../response-limits.ts';
import { SourceError } from '../source-error.ts';

const headEnd = Buffer.from('\r\n\r\n');
const lineEnd = Buffer.from('\r\n');
/** A runtime's head has a few hundred bytes; more is not a runtime. */
const maxHeadBytes = 64 * 1024;
/** A chunk's size and a trailer are a line each; more is not HTTP. */
const maxLineBytes = 8 * 1024;
/** Each part costs an object: so many are joined. */
const maxSeparateParts = 256;

type Phase = 'head' | 'length' | 'chunk-size' | 'chunk-data' | 'trailer' | 'until-close' | 'done';

/**
 * Reads one HTTP/1.1 response incrementally: by length, in chunks, or until the connection closes.
 * Only what runtimes send; throws {@link SourceError} `bad-response` on anything else, `too-large` past the limit.
 */
export class HttpResponse {
  status = 0;
  /** Target of a redirect, as it was sent. */
  location: string | undefined;
  #keepAlive = true;
  readonly #maxBodyBytes: number;
  #phase: Phase = 'head';
  #pending: Buffer = Buffer.alloc(0);
  #body: Buffer[] = [];
  #bodyBytes = 0;
  #chunks = 0;
  /** Bytes still to come of the body or of the current chunk. */
  #remaining = 0;

  constructor(maxBodyBytes: number) {
    this.#maxBodyBytes = maxBodyBytes;
  }

  get isComplete(): boolean {
    return this.#phase === 'done';
  }

  /** False when the server closes the connection after this response, or has sent more than one. */
  get keepAlive(): boolean {
    return this.#keepAlive && this.#pending.length === 0;
  }

  /** True once any byte of the response has come: a retry would then not be safe to assume. */
  get hasBegun(): boolean {
    return this.#phase !== 'head' || this.#pending.length > 0;
  }

  /** The body as text; call it when complete. */
  text(): string {
    const [only] = this.#body;
    return this.#body.length === 1 && only ? only.toString() : Buffer.concat(this.#body).toString();
  }

  /** Takes the next bytes from the socket. */
  push(data: Buffer): void {
    this.#pending = this.#pending.length === 0 ? data : Buffer.concat([this.#pending, data]);
    while (this.#advance());
  }

  /** The connection closed: that completes a body without a length and breaks any other. */
  end(): void {
    if (this.#phase === 'until-close') this.#phase = 'done';
    else if (this.#phase !== 'done')
      throw new SourceError('bad-response', 'the response broke off in the middle');
  }

  /** One step; false when it needs more bytes or is done. */
  #advance(): boolean {
    switch (this.#phase) {
      case 'head':
        return this.#readHead();
      case 'length':
        return this.#take('done');
      case 'chunk-size':
        return this.#readChunkSize();
      case 'chunk-data':
        return this.#take('chunk-size');
      case 'trailer':
        return this.#readTrailer();
      case 'until-close':
        this.#keep(this.#pending);
        this.#pending = Buffer.alloc(0);
        return false;
      case 'done':
        return false;
    }
  }

  #readHead(): boolean {
    const end = this.#pending.indexOf(headEnd);
    if (end < 0) {
      if (this.#pending.length > maxHeadBytes)
        throw new SourceError('bad-response', 'the response has no HTTP head');
      return false;
    }
    const head = this.#pending.toString('latin1', 0, end);
    const status = /^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1];
    if (!status)
      throw new SourceError('bad-response', `not HTTP: begins with ${JSON.stringify(head.slice(0, 60))}`);
    this.status = Number(status);
    if (status.startsWith('3')) this.location = /\r\nlocation: *([^\r\n]+)/i.exec(head)?.[1];
    this.#keepAlive = !/\r\nconnection: *close/i.test(head) && !head.startsWith('HTTP/1.0');
    this.#pending = this.#pending.subarray(end + 4);
    this.#phase = this.#bodyPhase(head);
    return true;
  }

  #bodyPhase(head: string): Phase {
    if (this.status === 204 || this.status === 304) return 'done';
    if (/\r\ntransfer-encoding: *chunked/i.test(head)) return 'chunk-size';
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (length === undefined) {
      this.#keepAlive = false;
      return 'until-close';
    }
    this.#expect(Number(length));
    return this.#remaining === 0 ? 'done' : 'length';
  }

  #readChunkSize(): boolean {
    const line = this.#readLine();
    if (line === undefined) return false;
    // After a chunk's data comes an empty line before the next size.
    if (line !== '') {
      const size = /^[0-9a-f]+/i.exec(line)?.[0];
      if (!size) throw new SourceError('bad-response', 'a chunk without a size');
      this.#expect(Number.parseInt(size, 16));
      this.#chunks += 1;
      expectFewChunks(this.#chunks, this.#bodyBytes);
      this.#phase = this.#remaining === 0 ? 'trailer' : 'chunk-data';
    }
    return true;
  }

  #readTrailer(): boolean {
    const line = this.#readLine();
    if (line === '') this.#phase = 'done';
    return line !== undefined;
  }

  #readLine(): string | undefined {
    const end = this.#pending.indexOf(lineEnd);
    if (end > maxLineBytes || (end < 0 && this.#pending.length > maxLineBytes))
      throw new SourceError('bad-response', `a line of more than ${maxLineBytes} bytes between chunks`);
    if (end < 0) return undefined;
    const line = this.#pending.toString('latin1', 0, end);
    this.#pending = this.#pending.subarray(end + 2);
    return line;
  }

  #take(next: Phase): boolean {
    const part = this.#pending.subarray(0, this.#remaining);
    this.#pending = this.#pending.subarray(part.length);
    this.#remaining -= part.length;
    this.#keep(part);
    if (this.#remaining > 0) return false;
    this.#phase = next;
    return true;
  }

  #expect(bytes: number): void {
    if (this.#bodyBytes + bytes > this.#maxBodyBytes) this.#tooLarge();
    this.#remaining = bytes;
  }

  #keep(part: Buffer): void {
    if (part.length === 0) return;
    this.#bodyBytes += part.length;
    if (this.#bodyBytes > this.#maxBodyBytes) this.#tooLarge();
    this.#body.push(part);
    if (this.#body.length > maxSeparateParts) this.#body = [Buffer.concat(this.#body)];
  }

  #tooLarge(): never {
    throw new SourceError('too-large', `the response has more than ${this.#maxBodyBytes} bytes`);
  }
}
