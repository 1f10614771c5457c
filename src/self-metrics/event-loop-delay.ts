import { createHistogram } from 'node:perf_hooks';
import type { ProbeObserver } from '../model/observers.ts';

/** A delay is read up to this much too high: it is a timer's lateness, the timer's own time included. */
const tickMillis = 20;
/** Watched for this long after the last sign of work. */
const watchMillis = 1000;
/** Approximate length of the window of the delays. */
const windowMillis = 60_000;

/** The event loop's delays in the current window, in seconds. */
export interface EventLoopDelays {
  readonly p99: number;
  readonly max: number;
}

/**
 * Measures how late the event loop is, while probes and collections are under way. A loop that rests cannot be late,
 * and a timer that wakes it fifty times a second would be a quarter of what the agent costs.
 */
export class EventLoopDelay implements ProbeObserver {
  readonly #histogram = createHistogram();
  #timer: NodeJS.Timeout | undefined;
  #tickedAt = 0;
  #watchedUntil = 0;
  #windowStart = performance.now();

  /** There is work: watches from now on, or goes on watching. */
  watch(): void {
    const now = performance.now();
    this.#watchedUntil = now + watchMillis;
    if (this.#timer) return;
    this.#tickedAt = now;
    this.#timer = setInterval(() => this.#tick(), tickMillis).unref();
  }

  probeEnded(): void {
    this.watch();
  }

  callEnded(): void {
    this.watch();
  }

  inlineTimedOut(): void {
    this.watch();
  }

  /** Delays of this window; undefined before the first. By time and not by call: readers see the same. */
  read(): EventLoopDelays | undefined {
    if (this.#histogram.count === 0) return undefined;
    const delays = { p99: this.#histogram.percentile(99) / 1e9, max: this.#histogram.max / 1e9 };
    const now = performance.now();
    if (now - this.#windowStart >= windowMillis) {
      this.#histogram.reset();
      this.#windowStart = now;
    }
    return delays;
  }

  /** Ends the measuring. */
  end(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    const now = performance.now();
    this.#histogram.record(Math.max(1, Math.round((now - this.#tickedAt) * 1e6)));
    this.#tickedAt = now;
    if (now > this.#watchedUntil) this.end();
  }
}
