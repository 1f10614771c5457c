import type { Endpoint } from './faults.ts';

/** Number of requests by endpoint. */
export type RequestCounts = Readonly<Record<Endpoint, number>>;

/** Counts requests, and how many of an endpoint were under way at once. */
export class RequestCounters {
  #counts = zeros();
  #peaks = zeros();
  readonly #inFlight = zeros();

  /** Requests since the start or the last reset. */
  get counts(): RequestCounts {
    return { ...this.#counts };
  }

  /** The most requests that were unanswered at the same time. */
  get peaks(): RequestCounts {
    return { ...this.#peaks };
  }

  /** Counts a request; the returned function ends it, with or without success. */
  begin(endpoint: Endpoint): () => void {
    this.#counts[endpoint] += 1;
    this.#inFlight[endpoint] += 1;
    this.#peaks[endpoint] = Math.max(this.#peaks[endpoint], this.#inFlight[endpoint]);
    return () => {
      this.#inFlight[endpoint] -= 1;
    };
  }

  reset(): void {
    this.#counts = zeros();
    this.#peaks = { ...this.#inFlight };
  }
}

function zeros(): Record<Endpoint, number> {
  return { ping: 0, version: 0, info: 0, list: 0, inspect: 0, stats: 0, events: 0, df: 0 };
}
