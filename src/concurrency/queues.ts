import type { Clock } from '../clock.ts';

/** Runs work under a key after the work before it under the same key; keys do not wait for each other. */
export class KeyedQueue {
  readonly #last = new Map<string, Promise<void>>();

  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    const result = before ? before.then(work) : work();
    const end = (): void => {
      if (this.#last.get(key) === ended) this.#last.delete(key);
    };
    const ended: Promise<void> = result.then(end, end);
    this.#last.set(key, ended);
    return result;
  }
}

/**
 * Work that a {@link Throttle} runs; must not reject.
 * @param goOn lets the next run begin although this one has not ended.
 */
type ThrottledWork = (goOn: () => void) => Promise<void>;

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
