/** Time without any response after which the pool takes a runtime to be idle. */
const stallMillis = 50;
/** Calls in flight to a runtime that responds at once: enough to keep it busy. */
const minInFlight = 8;
/** Each call in flight holds a connection. */
const maxInFlight = 1024;

/** The clock of an {@link AdaptivePool}. */
export interface PoolClock {
  monotonic(): number;
  sleep(millis: number, signal?: AbortSignal): Promise<void>;
}

/**
 * Runs calls with a concurrency that follows the runtime's latency. Engines before 23–25 let a stats call wait
 * for their next one-second tick: there everything must be in flight at once. Later ones respond in
 * milliseconds: there a few calls do. No response for a while although calls are waiting: twice as many go out.
 */
export class AdaptivePool {
  readonly #clock: PoolClock;
  #limit = minInFlight;

  constructor(clock: PoolClock) {
    this.#clock = clock;
  }

  /** Calls in flight at once at the moment; the next round begins with it. */
  get limit(): number {
    return this.#limit;
  }

  /** Runs `call` on every item; `call` must not reject. One round at a time. */
  async run<T>(items: readonly T[], call: (item: T) => Promise<void>): Promise<void> {
    const ended = new AbortController();
    let begun = 0;
    let answered = 0;
    let wasQuiet = false;
    await new Promise<void>((resolve) => {
      const fill = (): void => {
        for (const item of items.slice(begun, answered + this.#limit)) {
          begun += 1;
          void call(item).then(() => {
            answered += 1;
            fill();
          });
        }
        if (answered === items.length) resolve();
      };
      const quiet = (): void => {
        wasQuiet = true;
        if (begun < items.length) this.#limit = Math.min(this.#limit * 2, maxInFlight);
        fill();
      };
      void this.#watch({ signal: ended.signal, answered: () => answered, quiet });
      fill();
    });
    ended.abort();
    // Never quiet for a whole round: the runtime is quick again, so fewer calls do.
    if (!wasQuiet) this.#limit = Math.max(minInFlight, Math.ceil(this.#limit / 2));
  }

  async #watch(round: Round): Promise<void> {
    let before = -1;
    let wasBusy = false;
    while (!round.signal.aborted) {
      const answered = round.answered();
      if (answered === before && !wasBusy) round.quiet();
      before = round.answered();
      const asleep = this.#clock.monotonic();
      await this.#clock.sleep(stallMillis, round.signal).catch(() => undefined);
      // This process was held up: responses may wait on its sockets, and the runtime's silence means nothing.
      wasBusy = this.#clock.monotonic() - asleep > stallMillis * 1.5;
    }
  }
}

interface Round {
  readonly signal: AbortSignal;
  answered(): number;
  /** There was no response for {@link stallMillis}. */
  quiet(): void;
}
