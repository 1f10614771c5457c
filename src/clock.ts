import { setTimeout as wait } from 'node:timers/promises';

/** Time, real or a test's. */
export interface Clock {
  /** Milliseconds since the epoch; may jump when the host's clock is set. */
  now(): number;
  /** Milliseconds since some fixed moment; never goes backwards. For durations and deadlines. */
  monotonic(): number;
  /** Resolves after `millis`; rejects with the signal's reason as soon as it is aborted. */
  sleep(millis: number, signal?: AbortSignal): Promise<void>;
}

/** The host's own time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (millis, signal) => {
    try {
      await wait(millis, undefined, { signal });
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  },
};
