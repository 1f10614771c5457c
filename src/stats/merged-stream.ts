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
  readonly #pending = new Map<Subscription<T>, Promise<Next<T>>>();
  readonly #ready: StreamMessage[] = [];
  #toldDropped = 0;

  constructor(sources: readonly Subscription<T>[], read: (item: T) => readonly StreamMessage[]) {
    this.#sources = sources;
    this.#read = read;
    for (const source of sources) this.#ask(source);
  }

  async next(): Promise<IteratorResult<StreamMessage>> {
    for (;;) {
      const [ready] = this.#ready.splice(0, 1);
      if (ready) return { done: false, value: ready };
      if (this.#pending.size === 0) return { done: true, value: undefined };
      const { source, result } = await Promise.race(this.#pending.values());
      if (result.done) this.#pending.delete(source);
      else this.#accept(source, result.value);
    }
  }

  async return(): Promise<IteratorResult<StreamMessage>> {
    for (const source of this.#sources) await source.return();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #accept(source: Subscription<T>, item: T): void {
    this.#ask(source);
    const dropped = this.#sources.reduce((sum, each) => sum + each.dropped, 0);
    if (dropped > this.#toldDropped)
      this.#ready.push({ event: 'dropped', data: { count: dropped - this.#toldDropped } });
    this.#toldDropped = dropped;
    this.#ready.push(...this.#read(item));
  }

  #ask(source: Subscription<T>): void {
    this.#pending.set(
      source,
      source.next().then((result) => ({ source, result })),
    );
  }
}

interface Next<T> {
  readonly source: Subscription<T>;
  readonly result: IteratorResult<T>;
}
