import type { EngineDescription } from '../model/runtime.ts';
import type { LiveMeasurement } from '../model/live-sample.ts';
import type { ContainerTracker } from './container/container-tracker.ts';
import type { ContainerTurns } from './container/container-queue.ts';
import { isAbsence, type EngineCalls } from './source-calls.ts';

/** What {@link LiveMeasuring} needs. */
export interface LiveMeasuringOptions {
  readonly turns: ContainerTurns;
  /** A probe that comes so soon after needs no other sample. */
  readonly freshMillis: number;
  calls(signal: AbortSignal): EngineCalls;
  /** Asked for while the engine is away: nobody else may be there to find out that it is back. */
  probe(): unknown;
}

/** Measures single containers for those who watch them, beside the probes; one that comes soon after is spared the call. */
export class LiveMeasuring {
  readonly #options: LiveMeasuringOptions;
  readonly #closed = new AbortController();

  constructor(options: LiveMeasuringOptions) {
    this.#options = options;
  }

  /**
   * Measures one container now. Never throws.
   * @param engine undefined while the engine does not answer.
   */
  async measure(id: string, engine: EngineDescription | undefined): Promise<LiveMeasurement> {
    if (!engine) {
      this.#options.probe();
      return { outcome: 'failed', reason: 'the engine does not answer' };
    }
    const measured = await this.#options.turns.take(id, (tracker) => this.#measured(tracker, engine));
    // Its news have their turn first.
    if (measured === 'superseded') return await this.measure(id, engine);
    return measured ?? { outcome: 'removed' };
  }

  /** Gives up what is under way. */
  close(): void {
    this.#closed.abort();
  }

  async #measured(
    tracker: ContainerTracker,
    engine: EngineDescription,
  ): Promise<LiveMeasurement | 'superseded'> {
    const calls = this.#options.calls(this.#closed.signal);
    const outcome = await tracker.measure(calls, this.#options.freshMillis);
    if (outcome === 'superseded') return outcome;
    if (outcome !== 'measured')
      return isAbsence(outcome) ? { outcome: 'not running' } : { outcome: 'failed', reason: outcome.message };
    const snapshot = tracker.snapshot(engine);
    return snapshot?.sample ? { outcome: 'measured', snapshot } : { outcome: 'not running' };
  }
}
