import { setTimeout as sleep } from 'node:timers/promises';

/** The engine's sampling ticks: one every `tickMillis` of real time, shared by all who wait, as in Moby. */
export class SampleTicks {
  readonly tickMillis: number;

  constructor(tickMillis: number) {
    this.tickMillis = tickMillis;
  }

  /** Resolves at the next tick; rejects when the signal is aborted. */
  async next(signal: AbortSignal): Promise<void> {
    await sleep(this.tickMillis - (performance.now() % this.tickMillis), undefined, { signal });
  }

  /** Resolves one whole tick after the next one: as long as a sample with a previous one takes. */
  async second(signal: AbortSignal): Promise<void> {
    await this.next(signal);
    await sleep(this.tickMillis, undefined, { signal });
  }
}
