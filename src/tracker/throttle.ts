import type { Clock } from '../clock.ts';

/** Runs work soon after it is requested, one at a time and with a pause in between, however often that is. */
export class Throttle {
  readonly #clock: Pick<Clock, 'sleep'>;
  readonly #pauseMillis: number;
  readonly #work: () => Promise<void>;
  #isWanted = false;
  #isRunning = false;

  /** @param work must not reject. */
  constructor(clock: Pick<Clock, 'sleep'>, pauseMillis: number, work: () => Promise<void>) {
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
      await this.#work();
      await this.#clock.sleep(this.#pauseMillis);
    }
    this.#isRunning = false;
  }
}
