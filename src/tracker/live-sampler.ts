import type { Cancellable } from '../concurrency/cancellable.ts';
import type { LiveMeasurement } from '../model/live-sample.ts';
import type { RuntimeDescription } from '../model/runtime.ts';
import type { ContainerTracker } from './container/container-tracker.ts';
import type { Reconciler } from './reconciler.ts';
import { isAbsence, SourceCalls } from './source-calls.ts';
import type { SourceCallsOptions } from './source-calls.ts';
import type { SourceState } from './source-state.ts';
import type { UpdateLock } from './update-lock.ts';

/** Dependencies of {@link LiveSampler}. */
export interface LiveSamplerOptions {
  readonly calls: SourceCallsOptions;
  readonly lock: UpdateLock;
  readonly state: SourceState;
  readonly reconciler: Reconciler;
  /** Updates this soon after need no other sample. */
  readonly freshMillis: number;
}

/** Samples single containers for subscribers, alongside the probes. */
export class LiveSampler {
  readonly #options: LiveSamplerOptions;
  readonly #closed = new AbortController();

  constructor(options: LiveSamplerOptions) {
    this.#options = options;
  }

  /** Samples one container now. Never throws. */
  async measure(id: string): Promise<LiveMeasurement> {
    const { lock, state, reconciler } = this.#options;
    if (!reconciler.counts) {
      // Subscribers may be the only ones to find out that the runtime is back.
      void lock.update(0);
      return { outcome: 'failed', reason: 'the runtime does not answer' };
    }
    const measured = await reconciler.queue.run(id, (tracker, sampling) =>
      this.#measure(tracker, sampling, state.runtime),
    );
    // A newer change of the container is applied first; then again.
    if (measured === 'cancelled') return await this.measure(id);
    return measured ?? { outcome: 'removed' };
  }

  /** Aborts the samples under way. */
  close(): void {
    this.#closed.abort();
  }

  async #measure(
    tracker: ContainerTracker,
    sampling: Cancellable,
    runtime: RuntimeDescription,
  ): Promise<LiveMeasurement | 'cancelled'> {
    const calls = new SourceCalls(this.#options.calls, this.#closed.signal);
    const outcome = await tracker.measure(calls, sampling, this.#options.freshMillis);
    calls.close();
    if (outcome === 'cancelled') return outcome;
    if (outcome !== 'measured')
      return isAbsence(outcome) ? { outcome: 'not running' } : { outcome: 'failed', reason: outcome.message };
    const snapshot = tracker.snapshot(runtime);
    return snapshot?.sample ? { outcome: 'measured', snapshot } : { outcome: 'not running' };
  }
}
