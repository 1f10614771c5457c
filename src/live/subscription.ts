/**
 * A queue of bounded length between a publisher and a subscriber. A slow subscriber loses the oldest items, at
 * once and counted, and never blocks the publisher; Moby's collector waits 100 ms for such a subscriber, then
 * drops the newest.
 */
export class Subscription<T> implements AsyncIterableIterator<T> {
  readonly #limit: number;
  readonly #onEnd: () => void;
  #waiting: T[] = [];
  #reader: ((next: IteratorResult<T>) => void) | undefined;
  #isEnded = false;
  #dropped = 0;

  /** @param onEnd called once when either side has ended it. */
  constructor(limit: number, onEnd: () => void = () => undefined) {
    this.#limit = limit;
    this.#onEnd = onEnd;
  }

  /** Number of items dropped because they were not read in time. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Delivers or queues an item; returns at once. */
  push(item: T): void {
    if (this.#isEnded) return;
    const reader = this.#reader;
    this.#reader = undefined;
    if (reader) return reader({ done: false, value: item });
    this.#waiting.push(item);
    if (this.#waiting.length <= this.#limit) return;
    this.#waiting.shift();
    this.#dropped += 1;
  }

  /** Ends the stream; queued items may still be read. */
  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#reader?.({ done: true, value: undefined });
    this.#reader = undefined;
    this.#onEnd();
  }

  next(): Promise<IteratorResult<T>> {
    const [first] = this.#waiting.splice(0, 1);
    if (first !== undefined) return Promise.resolve({ done: false, value: first });
    if (this.#isEnded) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => {
      this.#reader = resolve;
    });
  }

  /** Unsubscribes; queued items are discarded. */
  return(): Promise<IteratorResult<T>> {
    this.#waiting = [];
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
