import type { Log } from '../log.ts';
import type { ContainerIdentity, ContainerStatus } from '../model/container.ts';
import type { EngineDescription } from '../model/engine.ts';
import type { ContainerEvent } from '../model/container-event.ts';
import type { LiveMeasurement } from '../model/live-measurement.ts';
import { observeEvents } from '../model/observe-all.ts';
import type { EngineSnapshot } from '../model/snapshot.ts';
import type { ListedContainer } from '../sources/container-source.ts';
import { toSourceError } from '../sources/source-error.ts';
import { AdaptivePool } from './adaptive-pool.ts';
import { ContainerTracker } from './container-tracker.ts';
import { DescribedEngine } from './described-engine.ts';
import { DiskUsageSchedule } from './disk-usage-schedule.ts';
import { EngineCalls } from './engine-calls.ts';
import { EngineHealth, type Failure } from './engine-health.ts';
import { EngineList } from './engine-list.ts';
import { countEvents, EventCounting } from './event-counting.ts';
import type { Listed } from './engine-list.ts';
import { identityOfEvent } from './event-identity.ts';
import { countByStatus } from './listed-containers.ts';
import { LiveMeasuring } from './live-measuring.ts';
import { SelectedContainers } from './selection.ts';
import type { TrackerSetOptions } from './tracker-set-options.ts';
import { UpdateLock } from './update-lock.ts';
import type { UpdateOutcome } from './update-lock.ts';

/**
 * The containers of one engine. `update()` makes the set equal to the engine's list and measures what runs;
 * `snapshot()` is what readers may show. Any number of callers at once; a probe runs alone.
 */
export class TrackerSet {
  readonly #options: TrackerSetOptions;
  readonly #log: Log;
  readonly #health: EngineHealth;
  readonly #lock: UpdateLock;
  readonly #pool: AdaptivePool;
  readonly #trackers = new Map<string, ContainerTracker>();
  readonly #list: EngineList;
  readonly #live: LiveMeasuring;
  readonly #counting: EventCounting;
  readonly #described: DescribedEngine;
  readonly #diskUsage: DiskUsageSchedule | undefined;
  readonly #selected: SelectedContainers;
  #containerCount: number | undefined;
  #unselectedCount = 0;
  #containersByStatus: ReadonlyMap<ContainerStatus, number> | undefined;
  #lastSuccess: number | undefined;
  #isClosed = false;

  constructor(options: TrackerSetOptions) {
    this.#options = options;
    const { source, clock, collectMillis = 10_000 } = options;
    this.#log = options.log;
    this.#live = new LiveMeasuring(options, this.#trackers, () => this.#lock.update(0));
    this.#health = new EngineHealth(options.log);
    this.#described = new DescribedEngine(source.name);
    this.#pool = new AdaptivePool(clock);
    const { diskUsageIntervalMillis: intervalMillis = 0 } = options;
    if (source.diskUsage && intervalMillis > 0)
      this.#diskUsage = new DiskUsageSchedule({ source, clock, log: this.#log, intervalMillis });
    this.#selected = new SelectedContainers(options.selection);
    const timing = {
      minIntervalMillis: options.minProbeIntervalMillis,
      totalTimeoutMillis: options.probeTimeoutMillis,
    };
    const lock = { ...timing, monotonic: () => clock.monotonic(), sleep: clock.sleep.bind(clock) };
    this.#lock = new UpdateLock(lock, (signal) => this.#probe(signal));
    const refresh = (): Promise<void> => this.#lock.between((signal) => this.#refresh(signal));
    this.#counting = new EventCounting({
      clock,
      intervalMillis: collectMillis,
      identify: (event) => this.identify(event),
    });
    const events = options.events && observeEvents([countEvents(this.#counting), options.events]);
    this.#list = new EngineList({ source, clock, log: this.#log, events, refresh });
  }

  /** The engine as last described. */
  get engine(): EngineDescription {
    return this.#described.engine;
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

  /** Measures one container now, for those who watch it. Never throws. */
  measure(id: string): Promise<LiveMeasurement> {
    return this.#live.measure(id, this.#containerCount === undefined ? undefined : this.engine);
  }

  /** Begins to measure disk usage, beside the probes and until the end; does nothing where that is off. */
  beginDiskUsage(): void {
    void this.#diskUsage?.run();
  }

  /** What may be shown now. */
  snapshot(): EngineSnapshot {
    const isAway = this.#containerCount === undefined;
    const containers = isAway ? [] : [...this.#trackers.values()];
    const diskUsage = this.#diskUsage?.report;
    const { images: imageEvents } = this.#counting;
    const now = this.#options.clock.now();
    return {
      engine: this.engine,
      containers: containers.flatMap((tracker) => this.#counting.counted(tracker.snapshot(this.engine))),
      departed: isAway ? [] : this.#counting.departed(this.engine, now),
      ...(imageEvents && { imageEvents }),
      ...(this.#containerCount !== undefined && {
        containerCount: this.#containerCount,
        unselectedCount: this.#unselectedCount,
      }),
      ...(this.#containersByStatus && { containersByStatus: this.#containersByStatus }),
      ...(diskUsage && { diskUsage }),
      ...(this.#options.mapper && { cutAttributes: this.#options.mapper.cut() }),
      ...(this.#lastSuccess !== undefined && { lastSuccess: this.#lastSuccess }),
      now,
    };
  }

  /** Whose event it is: as its tracker knows it, else as the event tells; undefined when the selection leaves it out. */
  identify(event: ContainerEvent): ContainerIdentity | undefined {
    const known = this.#trackers.get(event.id)?.snapshot(this.engine);
    return known?.identity ?? identityOfEvent(event, this.#options);
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

  /** Between two probes: what events say has changed, and nothing else. A failure is the next probe's to see. */
  async #refresh(signal: AbortSignal): Promise<void> {
    if (this.#containerCount === undefined) return;
    const calls = this.#calls(signal);
    try {
      const list = await this.#list.ask(calls);
      await this.#measure(calls, list, (id) => list.heard(id) === 'changed');
      // Who was not looked at now may have changed unheard: the next probe looks.
      if (!list.isSure) this.#list.doubt();
    } catch {
      this.#list.doubt();
    }
  }

  #calls(signal: AbortSignal): EngineCalls {
    const { source, observer, mapper, clock } = this.#options;
    return new EngineCalls({ source, observer, signal, mapper, monotonic: () => clock.monotonic() });
  }

  async #round(calls: EngineCalls): Promise<boolean> {
    try {
      await this.#described.refresh(calls, this.#options.clock.monotonic());
      await this.#measure(calls, await this.#list.ask(calls));
    } catch (thrown) {
      this.#list.doubt();
      this.#unpublish();
      this.#failed({ kind: 'engine does not answer', reason: toSourceError(thrown, 'probe').message });
      return false;
    }
    if (this.#health.failure !== undefined) this.#list.retry();
    if (!calls.isOver) this.#health.succeeded(this.engine, this.#trackers.size);
    else
      this.#failed({ kind: 'engine answers too slowly', reason: 'the probe was given up at its time-out' });
    return !calls.isOver;
  }

  /** Makes the set equal to the list, and updates those of its containers that `isMeant` picks. */
  async #measure(
    calls: EngineCalls,
    { listed, askedAt, heard }: Listed,
    isMeant = (_id: string) => true,
  ): Promise<void> {
    const now = this.#options.clock.now();
    this.#containerCount = listed.length;
    this.#containersByStatus = countByStatus(listed);
    const selected = await this.#selected.of(listed, calls, (items, each) => this.#pool.run(items, each));
    this.#unselectedCount = listed.length - selected.length;
    this.#synchronize(selected, now);
    this.#counting.listed(new Set(listed.map(({ id }) => id)), askedAt);
    const meant = selected.filter(({ id }) => isMeant(id));
    await this.#pool.run(meant, (item) =>
      this.#live.alone(item.id, (tracker) => tracker.update(item, calls, now, heard(item.id))),
    );
    if (calls.hadFailures) this.#list.doubt();
  }

  /** A tracker for every selected container, none for any other. */
  #synchronize(selected: readonly ListedContainer[], now: number): void {
    const ids = new Set(selected.map(({ id }) => id));
    for (const [id] of this.#trackers) if (!ids.has(id)) this.#remove(id);
    for (const item of selected) {
      if (!this.#trackers.has(item.id))
        this.#trackers.set(item.id, new ContainerTracker(item, now, this.#log, this.#trackers));
    }
  }

  #remove(id: string): void {
    this.#counting.left(id, this.#trackers.get(id)?.snapshot(this.engine));
    this.#trackers.delete(id);
    this.#options.mapper?.forget(id);
  }

  /** Nothing stale stays published, but no tracker goes: the engine may only be away for a moment. */
  #unpublish(): void {
    this.#containerCount = undefined;
    this.#containersByStatus = undefined;
    for (const tracker of this.#trackers.values()) tracker.unpublish();
  }

  #failed(failure: Failure): void {
    this.#described.doubt();
    // Given up because we ourselves are ending: nothing is wrong with the engine.
    if (!this.#isClosed) this.#health.failed(this.engine, failure);
  }
}
