// One piece, because what an event sets off, from its counting to the sample that shows it, is read together.
import type { Clock } from '../clock.ts';
import { AdaptivePool } from '../concurrency/adaptive-pool.ts';
import { settlesWithin } from '../concurrency/cancellation.ts';
import type { Cancellable } from '../concurrency/cancellation.ts';
import { Throttle } from '../concurrency/queues.ts';
import type { ContainerIdentity } from '../model/container.ts';
import type { ContainerEvent } from '../model/events.ts';
import type { LiveMeasurement } from '../model/live-sample.ts';
import type { EventObserver } from '../model/observers.ts';
import type { RuntimeDescription } from '../model/runtime.ts';
import { parseImageReference } from '../sources/image-reference.ts';
import type { ContainerList } from './container-list.ts';
import type { ContainerTracker } from './container/container-tracker.ts';
import type { EndedRuns } from './ended-runs.ts';
import type { EventCounter } from './events/event-counter.ts';
import type { EventStreamListener } from './events/event-stream.ts';
import type { TrackerSetOptions } from './options.ts';
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
    const { clock, list, reconciler } = this.#options;
    const changed = selected.filter(({ id }) => changeOf(id) === 'changed');
    const inspects: Promise<void>[] = [];
    await new AdaptivePool(clock).run(changed, async (listed) => {
      const inspect = reconciler.queue.preempt(listed.id, askedAt, async (tracker) => {
        if (await tracker.inspect({ listed, now, change: 'changed' }, calls)) this.#unmeasured.add(listed.id);
        list.applied();
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

/** Dependencies of {@link RuntimeEvents}. */
export interface RuntimeEventsOptions {
  readonly set: Pick<TrackerSetOptions, 'selection' | 'mapper'>;
  readonly observer: EventObserver;
  readonly state: SourceState;
  readonly trackers: ReadonlyMap<string, ContainerTracker>;
  readonly list: ContainerList;
  readonly counter: EventCounter;
  readonly ended: EndedRuns;
  readonly refresher: EventRefresher;
}

/** Joins each event to its container once, counts it, hands it to the observer and refreshes what it changed. */
export class RuntimeEvents implements EventStreamListener {
  readonly #options: RuntimeEventsOptions;

  constructor(options: RuntimeEventsOptions) {
    this.#options = options;
  }

  opened(): void {
    const { list, counter, observer, state } = this.#options;
    list.restart();
    counter.begin();
    observer.listening(state.runtime.name, true);
  }

  closed(): void {
    this.#options.observer.listening(this.#options.state.runtime.name, false);
  }

  missed(): void {
    const { list, refresher, observer, state } = this.#options;
    list.invalidate();
    refresher.request();
    observer.eventsMissed(state.runtime.name);
  }

  received(event: ContainerEvent): void {
    const { list, refresher, counter, ended, observer, state, trackers } = this.#options;
    list.change(event.id);
    const tracker = trackers.get(event.id);
    const identity = tracker?.identity ?? this.#identityOf(event);
    if (identity) counter.count(event, identity);
    const last = event.action === 'die' && identity ? ended.report(event.id, tracker) : undefined;
    observer.eventReceived({
      runtime: state.runtime,
      event,
      ...(identity && { identity }),
      ...(last && { last }),
    });
    refresher.request();
  }

  /** Identity of a container that was never inspected, from its event; undefined when it is not selected. */
  #identityOf({ id, name = id, image: reference, labels }: ContainerEvent): ContainerIdentity | undefined {
    const { selection, mapper } = this.#options.set;
    const listed = {
      id,
      name,
      labels,
      revision: '',
      changedRecently: true,
      // It may have ended since: what it was when it ran decides.
      status: 'running' as const,
      ...(reference !== undefined && { image: reference }),
    };
    if (selection?.selects(listed) === false) return undefined;
    const image = parseImageReference(reference, undefined);
    const identity = { id, name, image, labels, environment: [], command: [] };
    if (!mapper) return identity;
    const mapped = mapper.map(identity);
    // A container that is never listed would hold its attribute values for ever.
    mapper.forget(id);
    return { ...identity, mapped };
  }
}
