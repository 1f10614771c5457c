import type { EngineDescription } from '../model/engine.ts';
import type { LiveMeasurement } from '../model/live-measurement.ts';
import type { ContainerTracker } from './container-tracker.ts';
import type { ContainerTurns } from './container-turns.ts';
import { EngineCalls, isAbsence } from './engine-calls.ts';
import type { TrackerSetOptions } from './tracker-set-options.ts';

/** Measures single containers for those who watch them, beside the probes; one that comes soon after is spared the call. */
export class LiveMeasuring {
  readonly #options: TrackerSetOptions;
  readonly #turns: ContainerTurns;
  readonly #probe: () => unknown;
  readonly #closed = new AbortController();

  /** @param probe asked for while the engine is away: nobody else may be there to find out that it is back. */
  constructor(options: TrackerSetOptions, turns: ContainerTurns, probe: () => unknown) {
    this.#options = options;
    this.#turns = turns;
    this.#probe = probe;
  }

  /**
   * Measures one container now. Never throws.
   * @param engine undefined while the engine does not answer.
   */
  async measure(id: string, engine: EngineDescription | undefined): Promise<LiveMeasurement> {
    if (!engine) {
      this.#probe();
      return { outcome: 'failed', reason: 'the engine does not answer' };
    }
    const measured = await this.#turns.take(id, (tracker) => this.#measured(tracker, engine));
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
    const { source, observer, mapper, clock, minProbeIntervalMillis } = this.#options;
    const { signal } = this.#closed;
    const monotonic = (): number => clock.monotonic();
    const calls = new EngineCalls({ source, observer, mapper, signal, monotonic });
    const outcome = await tracker.measure(calls, minProbeIntervalMillis);
    if (outcome === 'superseded') return outcome;
    if (outcome !== 'measured')
      return isAbsence(outcome) ? { outcome: 'not running' } : { outcome: 'failed', reason: outcome.message };
    const snapshot = tracker.snapshot(engine);
    return snapshot?.sample ? { outcome: 'measured', snapshot } : { outcome: 'not running' };
  }
}
