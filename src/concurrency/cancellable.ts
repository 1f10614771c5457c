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
    const cancelled = new Promise<'cancelled'>((resolve) => {
      this.#cancelCurrent = () => resolve('cancelled');
    });
    return await Promise.race([call(), cancelled]);
  }
}
