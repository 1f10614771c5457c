import type { Clock } from '../clock.ts';

/**
 * Work that a {@link Throttle} runs; must not reject.
 * @param goOn lets the next run begin although this one has not ended.
 */
export type ThrottledWork = (goOn: () => void) => Promise<void>;

/** Runs work soon after it is requested, one at a time and with a pause in between, however often that is. */
export class Throttle {
  readonly #clock: Pick<Clock, 'sleep'>;
  readonly #pauseMillis: number;
  readonly #work: ThrottledWork;
  #isWanted = false;
  #isRunning = false;

  constructor(clock: Pick<Clock, 'sleep'>, pauseMillis: number, work: ThrottledWork) {
    this.#clock = clock;
    this.#pauseMillis = pauseMillis;
    this.#work = work;
  }

  /** Asks for one more run that begins after this call. */
  request(): void {
    this.#isWanted = true;
    if (!this.#isRunning) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#isWanted) {
      this.#isWanted = false;
      await new Promise<void>((goOn) => void this.#work(goOn).then(goOn));
      await this.#clock.sleep(this.#pauseMillis);
    }
    this.#isRunning = false;
  }
}
