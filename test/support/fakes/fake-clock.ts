import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../../src/clock.ts';

interface Sleeper {
  readonly wakeAt: number;
  readonly wake: () => void;
}

/** Time that passes only by {@link FakeClock.advance}. For one test; not to be shared. */
export class FakeClock implements Clock {
  #millis: number;
  readonly #start: number;
  #jumped = 0;
  #sleepers: Sleeper[] = [];

  constructor(startMillis = Date.UTC(2026, 0, 1)) {
    this.#start = startMillis;
    this.#millis = startMillis;
  }

  /** Number of pending sleeps. */
  get sleepers(): number {
    return this.#sleepers.length;
  }

  now(): number {
    return this.#millis + this.#jumped;
  }

  /** Sets the host's clock forward or, below 0, back; no time passes by that. */
  jump(millis: number): void {
    this.#jumped += millis;
  }

  monotonic(): number {
    return this.#millis - this.#start;
  }

  sleep(millis: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const abort = () => {
        this.#sleepers = this.#sleepers.filter((each) => each !== sleeper);
        reject(signal?.reason);
      };
      const wake = () => {
        signal?.removeEventListener('abort', abort);
        resolve();
      };
      const sleeper = { wakeAt: this.#millis + Math.max(0, millis), wake };
      this.#sleepers.push(sleeper);
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  /**
   * Lets `millis` pass, waking sleepers in the order of their time, those of equal time in the order they fell asleep.
   * All promises that a waker settles are done before the next one wakes; sleeps that begin meanwhile take
   * part.
   */
  async advance(millis: number): Promise<void> {
    const until = this.#millis + millis;
    await nextTurn();
    for (let next = this.#next(until); next !== undefined; next = this.#next(until)) {
      this.#millis = Math.max(this.#millis, next.wakeAt);
      this.#sleepers = this.#sleepers.filter((each) => each !== next);
      next.wake();
      await nextTurn();
    }
    this.#millis = until;
  }

  #next(until: number): Sleeper | undefined {
    return this.#sleepers.filter(({ wakeAt }) => wakeAt <= until).toSorted((a, b) => a.wakeAt - b.wakeAt)[0];
  }
}
