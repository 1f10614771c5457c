/** Gives up what is waited for when news make it worthless; the call itself goes on, left behind. */
export class Cancellable {
  #isSuperseded = false;
  #giveUp: (() => void) | undefined;

  /** Gives up what is waited for, and whatever is to be until {@link resume}. */
  supersede(): void {
    this.#isSuperseded = true;
    this.#giveUp?.();
  }

  /** Calls are waited for again. */
  resume(): void {
    this.#isSuperseded = false;
  }

  /** The call's answer; the call is not made at all where nobody would wait for it. One at a time. */
  async unless<T>(call: () => Promise<T>): Promise<T | 'superseded'> {
    if (this.#isSuperseded) return 'superseded';
    const givenUp = new Promise<'superseded'>((resolve) => {
      this.#giveUp = () => resolve('superseded');
    });
    return await Promise.race([call(), givenUp]);
  }
}
