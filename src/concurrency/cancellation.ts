import type { Clock } from '../clock.ts';

/** Cancels the wait for calls whose results became worthless; the calls themselves go on. */
export class Cancellable {
  #isCancelled = false;
  #cancelCurrent: (() => void) | undefined;

  /** Cancels the current wait, and every later one until {@link reset}. */
  cancel(): void {
    this.#isCancelled = true;
    this.#cancelCurrent?.();
  }

  /** Lets calls be waited for again. */
  reset(): void {
    this.#isCancelled = false;
  }

  /** The call's result, or `cancelled`; while cancelled the call is not made. One at a time. */
  async race<T>(call: () => Promise<T>): Promise<T | 'cancelled'> {
    if (this.#isCancelled) return 'cancelled';
    return await new Promise<T | 'cancelled'>((resolve, reject) => {
      this.#cancelCurrent = () => resolve('cancelled');
      call().then(resolve, reject);
    });
  }
}

/** True when work ends within a time; it is not awaited for longer, and goes on. It must not reject. */
export async function settlesWithin(
  work: Promise<void>,
  millis: number,
  sleep: Clock['sleep'],
): Promise<boolean> {
  const timer = new AbortController();
  const late = sleep(millis, timer.signal).then(
    () => false,
    () => true,
  );
  const ended = await Promise.race([work.then(() => true), late]);
  timer.abort();
  return ended;
}

/**
 * Many callbacks on one signal behind one listener, which is there while there are callbacks. A signal searches all its
 * listeners for each that is taken off, and one made of others stays in memory while it has any.
 */
export class AbortListeners {
  readonly #signal: AbortSignal;
  readonly #callbacks = new Set<() => void>();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** Calls back when the signal is aborted from now on. */
  add(callback: () => void): void {
    if (this.#callbacks.size === 0) this.#signal.addEventListener('abort', this.#callBack);
    this.#callbacks.add(callback);
  }

  /** Calls back no more. */
  delete(callback: () => void): void {
    if (this.#callbacks.delete(callback) && this.#callbacks.size === 0)
      this.#signal.removeEventListener('abort', this.#callBack);
  }

  readonly #callBack = (): void => {
    for (const callback of this.#callbacks) callback();
  };
}
