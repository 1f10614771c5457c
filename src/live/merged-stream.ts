import type { Subscription } from './subscription.ts';

/** One message of a stream, under the name of its kind. */
export interface StreamMessage {
  readonly event: string;
  readonly data: object;
}

/** Messages made of what several subscriptions tell, read one at a time, and what was lost by reading too slowly. */
export class MergedStream<T> implements AsyncIterableIterator<StreamMessage> {
  readonly #sources: readonly Subscription<T>[];
  readonly #read: (item: T) => readonly StreamMessage[];
  /** At most one of each source: the others wait there, where the oldest make room. */
  readonly #arrived: Arrived<T>[] = [];
  readonly #ready: StreamMessage[] = [];
  #openCount: number;
  #wake: (() => void) | undefined;
  #toldDropped = 0;

  constructor(sources: readonly Subscription<T>[], read: (item: T) => readonly StreamMessage[]) {
    this.#sources = sources;
    this.#read = read;
    this.#openCount = sources.length;
    for (const source of sources) void this.#ask(source);
  }

  /** Not to be called again before it has answered. */
  async next(): Promise<IteratorResult<StreamMessage>> {
    for (;;) {
      const ready = this.#ready.shift();
      if (ready) return { done: false, value: ready };
      const arrived = this.#arrived.shift();
      if (arrived) this.#accept(arrived);
      else if (this.#openCount === 0) return { done: true, value: undefined };
      // No race of promises: each would keep, for as long as it is open, what ever waited for it.
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async return(): Promise<IteratorResult<StreamMessage>> {
    for (const source of this.#sources) await source.return();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #ask(source: Subscription<T>): Promise<void> {
    const result = await source.next();
    if (result.done) this.#openCount -= 1;
    else this.#arrived.push({ source, item: result.value });
    this.#wake?.();
  }

  #accept({ source, item }: Arrived<T>): void {
    void this.#ask(source);
    const dropped = this.#sources.reduce((sum, each) => sum + each.dropped, 0);
    if (dropped > this.#toldDropped)
      this.#ready.push({ event: 'dropped', data: { count: dropped - this.#toldDropped } });
    this.#toldDropped = dropped;
    this.#ready.push(...this.#read(item));
  }
}

interface Arrived<T> {
  readonly source: Subscription<T>;
  readonly item: T;
}
