import type { Log } from '../log.ts';
import type { ContainerIdentity } from '../model/container.ts';
import type { RuntimeDescription } from '../model/runtime.ts';
import type { ContainerEvent } from '../model/events.ts';
import type { LiveMeasurement } from '../model/live-sample.ts';
import { observeEvents } from '../model/observers.ts';
import type { RuntimeSnapshot } from '../model/snapshot.ts';
import type { ListedContainer } from '../sources/container-source.ts';
import { toSourceError } from '../sources/source-error.ts';
import { AdaptivePool } from '../concurrency/adaptive-pool.ts';
import type { ContainerTracker } from './container/container-tracker.ts';
import { DescribedRuntime, SourceHealth, type Failure } from './source-state.ts';
import { DiskUsageSchedule } from './disk-usage.ts';
import { SourceCalls } from './source-calls.ts';
import { ContainerList } from './container-list.ts';
import { ChangedContainers } from './changed-containers.ts';
import { ContainerQueue } from './container/container-queue.ts';
import { countEvents, EventCounter } from './events/event-counter.ts';
import { identityOfEvent } from './events/event-identity.ts';
import { LiveSampler } from './live-sampler.ts';
import { Reconciler } from './reconciler.ts';
import type { TrackerSetOptions } from './options.ts';
import type { ThrottledWork } from '../concurrency/throttle.ts';
import { UpdateLock } from './update-lock.ts';
import type { UpdateOutcome } from './update-lock.ts';

/**
 * The containers of one runtime. `update()` makes the set equal to the runtime's list and measures what runs;
 * `snapshot()` is what readers may show. Any number of callers at once; a probe runs alone.
 */
export class TrackerSet {
  readonly #options: TrackerSetOptions;
  readonly #log: Log;
  readonly #health: SourceHealth;
  readonly #lock: UpdateLock;
  readonly #pool: AdaptivePool;
  readonly #trackers = new Map<string, ContainerTracker>();
  readonly #list: ContainerList;
  readonly #turns = new ContainerQueue(this.#trackers);
  readonly #members: Reconciler;
  readonly #changed: ChangedContainers;
  readonly #live: LiveSampler;
  readonly #counting: EventCounter;
  readonly #described: DescribedRuntime;
  readonly #diskUsage: DiskUsageSchedule | undefined;
  #lastSuccess: number | undefined;
  #isClosed = false;

  constructor(options: TrackerSetOptions) {
    this.#options = options;
    const { source, clock, collectMillis = 10_000 } = options;
    this.#log = options.log;
    this.#health = new SourceHealth(options.log);
    this.#described = new DescribedRuntime(source.name);
    this.#pool = new AdaptivePool(clock);
    const { diskUsageIntervalMillis: intervalMillis = 0 } = options;
    if (source.diskUsage && intervalMillis > 0)
      this.#diskUsage = new DiskUsageSchedule({ source, clock, log: this.#log, intervalMillis });
    const timing = {
      minIntervalMillis: options.minProbeIntervalMillis,
      totalTimeoutMillis: options.probeTimeoutMillis,
    };
    const lock = { ...timing, monotonic: () => clock.monotonic(), sleep: clock.sleep.bind(clock) };
    this.#lock = new UpdateLock(lock, (signal) => this.#probe(signal));
    const beside = (work: (calls: SourceCalls) => Promise<void>): Promise<void> =>
      this.#lock.beside((signal) => this.#beside(this.#calls(signal), work));
    const refresh: ThrottledWork = (goOn) => beside((calls) => this.#refresh(calls, goOn));
    const freshMillis = options.minProbeIntervalMillis;
    this.#changed = new ChangedContainers({ clock, turns: this.#turns, freshMillis, beside });
    this.#live = new LiveSampler({
      turns: this.#turns,
      freshMillis,
      calls: (signal) => this.#calls(signal),
      probe: () => this.#lock.update(0),
    });
    this.#counting = new EventCounter({
      clock,
      intervalMillis: collectMillis,
      identify: (event) => this.identify(event),
    });
    const events = options.events && observeEvents([countEvents(this.#counting), options.events]);
    this.#list = new ContainerList({ source, clock, log: this.#log, events, refresh });
    this.#members = new Reconciler(options, {
      trackers: this.#trackers,
      list: this.#list,
      counting: this.#counting,
      runtime: () => this.runtime,
    });
  }

  /** The runtime as last described. */
  get runtime(): RuntimeDescription {
    return this.#described.runtime;
  }

  /** True once a probe succeeded. */
  get wasProbed(): boolean {
    return this.#lastSuccess !== undefined;
  }

  /** Why the last probe failed; absent when it did not. */
  get failure(): string | undefined {
    return this.#health.failure;
  }

  /** Probes, or joins the probe under way, or does nothing when the last one is young. Never throws. */
  update(waitMillis: number): Promise<UpdateOutcome> {
    return this.#lock.update(waitMillis);
  }

  /** Who is measured, those too whose runtime does not answer for the moment. */
  get tracked(): readonly ContainerIdentity[] {
    return [...this.#trackers.values()].flatMap((each) => each.identity ?? []);
  }

  /** Measures one container now, for those who watch it. Never throws. */
  measure(id: string): Promise<LiveMeasurement> {
    return this.#live.measure(id, this.#members.counts && this.runtime);
  }

  /** Begins to measure disk usage, beside the probes and until the end; does nothing where that is off. */
  beginDiskUsage(): void {
    void this.#diskUsage?.run();
  }

  /** What may be shown now. */
  snapshot(): RuntimeSnapshot {
    const isAway = !this.#members.counts;
    const containers = isAway ? [] : [...this.#trackers.values()];
    const diskUsage = this.#diskUsage?.report;
    const { images: imageEvents } = this.#counting;
    const now = this.#options.clock.now();
    return {
      runtime: this.runtime,
      containers: containers.flatMap((tracker) => this.#counting.counted(tracker.snapshot(this.runtime))),
      removed: isAway ? [] : this.#counting.removed(this.runtime, now),
      ...(imageEvents && { imageEvents }),
      ...this.#members.counts,
      ...(diskUsage && { diskUsage }),
      ...(this.#options.mapper && { droppedAttributes: this.#options.mapper.cut() }),
      ...(this.#lastSuccess !== undefined && { lastSuccess: this.#lastSuccess }),
      now,
    };
  }

  /** Whose event it is: as its tracker knows it, else as the event tells; undefined when the selection leaves it out. */
  identify(event: ContainerEvent): ContainerIdentity | undefined {
    return this.#trackers.get(event.id)?.identity ?? identityOfEvent(event, this.#options);
  }

  /** Gives up the probe under way and ends the connections. */
  close(): void {
    this.#isClosed = true;
    this.#lock.close();
    this.#live.close();
    this.#list.close();
    this.#diskUsage?.close();
    this.#options.source.close();
  }

  async #probe(signal: AbortSignal): Promise<void> {
    const { source, observer, clock } = this.#options;
    const start = clock.monotonic();
    const succeeded = await this.#round(this.#calls(signal));
    if (succeeded) {
      this.#lastSuccess = clock.now();
      this.#list.listen();
    }
    observer.probeEnded(source.name, (clock.monotonic() - start) / 1000, succeeded);
  }

  /** What events ask for. A failure is the next probe's to see. */
  async #beside(calls: SourceCalls, work: (calls: SourceCalls) => Promise<void>): Promise<void> {
    try {
      if (this.#members.counts) await work(calls);
      if (calls.hadFailures) this.#list.doubt();
    } catch {
      this.#list.doubt();
    }
  }

  /** What events say has changed, and nothing else. */
  async #refresh(calls: SourceCalls, goOn: () => void): Promise<void> {
    const look = await this.#members.look(calls, new AdaptivePool(this.#options.clock));
    // Who is not looked at now may have changed unheard: the next probe looks.
    if (!look.isSure) this.#list.doubt();
    await this.#changed.look(look, calls, goOn);
  }

  #calls(signal: AbortSignal): SourceCalls {
    const { source, observer, mapper, clock } = this.#options;
    return new SourceCalls({ source, observer, signal, mapper, monotonic: () => clock.monotonic() });
  }

  async #round(calls: SourceCalls): Promise<boolean> {
    try {
      await this.#described.refresh(calls, this.#options.clock.monotonic());
      await this.#measure(calls);
    } catch (thrown) {
      this.#list.doubt();
      this.#unpublish();
      this.#failed({ kind: 'runtime does not answer', reason: toSourceError(thrown, 'probe').message });
      return false;
    }
    if (this.#health.failure !== undefined) this.#list.retry();
    if (!calls.isOver) this.#health.succeeded(this.runtime, this.#trackers.size);
    else
      this.#failed({ kind: 'runtime answers too slowly', reason: 'the probe was given up at its time-out' });
    return !calls.isOver;
  }

  /** Makes the set equal to the list, and updates all: those first whose news somebody may wait for. */
  async #measure(calls: SourceCalls): Promise<void> {
    const { selected, heard, askedAt, now } = await this.#members.look(calls, this.#pool);
    const isNews = ({ id }: ListedContainer): boolean => heard(id) === 'changed';
    const inOrder = [...selected.filter(isNews), ...selected.filter((item) => !isNews(item))];
    await this.#pool.run(inOrder, (item) =>
      this.#turns.tell(item.id, askedAt, (tracker) => tracker.update(item, calls, now, heard(item.id))),
    );
    if (calls.hadFailures) this.#list.doubt();
  }

  /** Nothing stale stays published, but no tracker goes: the runtime may only be away for a moment. */
  #unpublish(): void {
    this.#members.counts = undefined;
    for (const tracker of this.#trackers.values()) tracker.unpublish();
  }

  #failed(failure: Failure): void {
    this.#described.doubt();
    // Given up because we ourselves are ending: nothing is wrong with the runtime.
    if (!this.#isClosed) this.#health.failed(this.runtime, failure);
  }
}
