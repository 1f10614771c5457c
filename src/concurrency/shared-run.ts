/**
 * Runs work for all concurrent callers: one run at a time, and callers that come while one is under way share
 * the next one. So no caller gets a result that was begun before its call, and any number of callers cost two
 * runs.
 */
export class SharedRun<T> {
  readonly #work: () => Promise<T>;
  readonly #released: (result: T) => Promise<void>;
  /** The last run, without its result: a result may be large and is the callers' alone. */
  #previous: Promise<void> = Promise.resolve();
  #next: Promise<T> | undefined;

  /** @param released the next run waits for this as well; must not reject. */
  constructor(work: () => Promise<T>, released: (result: T) => Promise<void> = () => Promise.resolve()) {
    this.#work = work;
    this.#released = released;
  }

  /** Rejects with what the work rejects with. */
  run(): Promise<T> {
    return (this.#next ??= this.#begin());
  }

  async #begin(): Promise<T> {
    await this.#previous;
    this.#next = undefined;
    const run = this.#work();
    this.#previous = run.then(this.#released, () => undefined);
    return await run;
  }
}
