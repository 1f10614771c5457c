import type { Clock } from '../clock.ts';
import { AdaptivePool } from '../concurrency/adaptive-pool.ts';
import { settlesWithin } from '../concurrency/cancellation.ts';
import type { Cancellable } from '../concurrency/cancellation.ts';
import { Throttle } from '../concurrency/queues.ts';
import type { LiveMeasurement } from '../model/live-sample.ts';
import type { RuntimeDescription } from '../model/runtime.ts';
import type { ContainerList } from './container-list.ts';
import type { ContainerTracker } from './container/container-tracker.ts';
import type { Reconciler, Reconciliation } from './reconciler.ts';
import { SourceCalls, isAbsence } from './source-calls.ts';
import type { SourceCallsOptions } from './source-calls.ts';
import type { SourceState } from './source-state.ts';
import type { UpdateLock } from './update-lock.ts';

/** Pause between two refreshes in a storm of events. */
const refreshPauseMillis = 250;
/** A runtime that locks a container may not respond for minutes: the others wait this long for its inspect. */
const inspectWaitMillis = 500;

/** Dependencies of {@link EventRefresher}. */
export interface EventRefresherOptions {
  readonly clock: Clock;
  readonly calls: SourceCallsOptions;
  readonly lock: UpdateLock;
  readonly list: ContainerList;
  readonly reconciler: Reconciler;
  /** Updates this soon after need no other sample. */
  readonly freshMillis: number;
}

/**
 * Refreshes, alongside the probes, the containers whose events arrived: their state at once, their usage as soon as the
 * runtime has it, which before Docker Engine 23 takes up to a second.
 */
export class EventRefresher {
  readonly #options: EventRefresherOptions;
  readonly #unmeasured = new Set<string>();
  readonly #refreshing: Throttle;
  readonly #measuring: Throttle;

  constructor(options: EventRefresherOptions) {
    this.#options = options;
    const { clock } = options;
    this.#refreshing = new Throttle(clock, refreshPauseMillis, (release) =>
      this.#alongside((calls) => this.#refresh(calls, release)),
    );
    this.#measuring = new Throttle(clock, 0, () => this.#alongside((calls) => this.#measure(calls)));
  }

  /** Asks for a refresh soon. */
  request(): void {
    this.#refreshing.request();
  }

  /** Never rejects: a failure is the next probe's to see. */
  async #alongside(work: (calls: SourceCalls) => Promise<void>): Promise<void> {
    const { lock, list, reconciler } = this.#options;
    await lock.alongside(async (signal) => {
      const calls = new SourceCalls(this.#options.calls, signal);
      try {
        if (reconciler.counts) await work(calls);
        if (calls.hadFailures) list.invalidate();
      } catch {
        list.invalidate();
      } finally {
        calls.close();
      }
    });
  }

  /** @param release called when only inspects without a response are under way. */
  async #refresh(calls: SourceCalls, release: () => void): Promise<void> {
    const { clock, list, reconciler } = this.#options;
    const reconciliation = await reconciler.reconcile(calls, new AdaptivePool(clock));
    // Containers that are not inspected now may have changed without an event: the next probe inspects.
    if (!reconciliation.isComplete) list.invalidate();
    await this.#inspectChanged(reconciliation, calls, release);
  }

  async #inspectChanged(
    { selected, changeOf, askedAt, now }: Reconciliation,
    calls: SourceCalls,
    release: () => void,
  ): Promise<void> {
    const { clock, reconciler } = this.#options;
    const changed = selected.filter(({ id }) => changeOf(id) === 'changed');
    const inspects: Promise<void>[] = [];
    await new AdaptivePool(clock).run(changed, async (listed) => {
      const inspect = reconciler.queue.preempt(listed.id, askedAt, async (tracker) => {
        if (await tracker.inspect({ listed, now, change: 'changed' }, calls)) this.#unmeasured.add(listed.id);
      });
      inspects.push(inspect);
      await settlesWithin(inspect, inspectWaitMillis, clock.sleep.bind(clock));
    });
    this.#measureChanged();
    release();
    await Promise.all(inspects);
    this.#measureChanged();
  }

  #measureChanged(): void {
    if (this.#unmeasured.size > 0) this.#measuring.request();
  }

  async #measure(calls: SourceCalls): Promise<void> {
    const { clock, reconciler, freshMillis } = this.#options;
    const ids = [...this.#unmeasured];
    this.#unmeasured.clear();
    await new AdaptivePool(clock).run(ids, async (id) => {
      await reconciler.queue.run(id, (tracker, sampling) => tracker.measure(calls, sampling, freshMillis));
    });
  }
}

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
