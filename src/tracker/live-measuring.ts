import type { EngineDescription } from '../model/engine.ts';
import type { LiveMeasurement } from '../model/live-measurement.ts';
import { toSourceError } from '../sources/source-error.ts';
import type { ContainerTracker } from './container-tracker.ts';
import { EngineCalls, isAbsence } from './engine-calls.ts';
import { OneAtATime } from './one-at-a-time.ts';
import type { TrackerSetOptions } from './tracker-set-options.ts';

/**
 * Measures single containers for those who watch them, beside the probes: a container is measured by one of both at a
 * time, and a probe that comes soon after is spared the call.
 */
export class LiveMeasuring {
  readonly #options: TrackerSetOptions;
  readonly #trackers: ReadonlyMap<string, ContainerTracker>;
  readonly #probe: () => unknown;
  readonly #turns = new OneAtATime();
  readonly #closed = new AbortController();

  /** @param probe asked for while the engine is away: nobody else may be there to find out that it is back. */
  constructor(
    options: TrackerSetOptions,
    trackers: ReadonlyMap<string, ContainerTracker>,
    probe: () => unknown,
  ) {
    this.#options = options;
    this.#trackers = trackers;
    this.#probe = probe;
  }

  /** Runs a probe's work on a container while nothing else works on it; must not reject. */
  async alone(id: string, work: (tracker: ContainerTracker) => Promise<void>): Promise<void> {
    const tracker = this.#trackers.get(id);
    if (tracker) await this.#turns.run(id, () => work(tracker));
  }

  /**
   * Measures one container now. Never throws.
   * @param engine undefined while the engine does not answer.
   */
  measure(id: string, engine: EngineDescription | undefined): Promise<LiveMeasurement> {
    if (!engine) {
      this.#probe();
      return Promise.resolve({ outcome: 'failed', reason: 'the engine does not answer' });
    }
    const tracker = this.#trackers.get(id);
    if (!tracker) return Promise.resolve({ outcome: 'removed' });
    return this.#turns.run(id, () => this.#measured(tracker, engine));
  }

  /** Gives up what is under way. */
  close(): void {
    this.#closed.abort();
  }

  async #measured(tracker: ContainerTracker, engine: EngineDescription): Promise<LiveMeasurement> {
    const { source, observer, mapper, clock, minProbeIntervalMillis } = this.#options;
    const { signal } = this.#closed;
    const monotonic = (): number => clock.monotonic();
    const calls = new EngineCalls({ source, observer, mapper, signal, monotonic });
    const thrown = await tracker.measure(calls, minProbeIntervalMillis);
    if (thrown !== undefined) {
      const error = toSourceError(thrown, `stats of ${tracker.id}`);
      return isAbsence(error) ? { outcome: 'not running' } : { outcome: 'failed', reason: error.message };
    }
    const snapshot = tracker.snapshot(engine);
    return snapshot?.sample ? { outcome: 'measured', snapshot } : { outcome: 'not running' };
  }
}
