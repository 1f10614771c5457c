import type { RuntimeDescription } from '../model/runtime.ts';
import type { LiveMeasurement } from '../model/live-sample.ts';
import type { ContainerTracker } from './container/container-tracker.ts';
import type { ContainerQueue } from './container/container-queue.ts';
import { isAbsence, type SourceCalls } from './source-calls.ts';

/** What {@link LiveSampler} needs. */
export interface LiveSamplerOptions {
  readonly turns: ContainerQueue;
  /** A probe that comes so soon after needs no other sample. */
  readonly freshMillis: number;
  calls(signal: AbortSignal): SourceCalls;
  /** Asked for while the runtime is away: nobody else may be there to find out that it is back. */
  probe(): unknown;
}

/** Measures single containers for those who watch them, beside the probes; one that comes soon after is spared the call. */
export class LiveSampler {
  readonly #options: LiveSamplerOptions;
  readonly #closed = new AbortController();

  constructor(options: LiveSamplerOptions) {
    this.#options = options;
  }

  /**
   * Measures one container now. Never throws.
   * @param runtime undefined while the runtime does not answer.
   */
  async measure(id: string, runtime: RuntimeDescription | undefined): Promise<LiveMeasurement> {
    if (!runtime) {
      this.#options.probe();
      return { outcome: 'failed', reason: 'the runtime does not answer' };
    }
    const measured = await this.#options.turns.take(id, (tracker) => this.#measured(tracker, runtime));
    // Its news have their turn first.
    if (measured === 'superseded') return await this.measure(id, runtime);
    return measured ?? { outcome: 'removed' };
  }

  /** Gives up what is under way. */
  close(): void {
    this.#closed.abort();
  }

  async #measured(
    tracker: ContainerTracker,
    runtime: RuntimeDescription,
  ): Promise<LiveMeasurement | 'superseded'> {
    const calls = this.#options.calls(this.#closed.signal);
    const outcome = await tracker.measure(calls, this.#options.freshMillis);
    if (outcome === 'superseded') return outcome;
    if (outcome !== 'measured')
      return isAbsence(outcome) ? { outcome: 'not running' } : { outcome: 'failed', reason: outcome.message };
    const snapshot = tracker.snapshot(runtime);
    return snapshot?.sample ? { outcome: 'measured', snapshot } : { outcome: 'not running' };
  }
}
