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
