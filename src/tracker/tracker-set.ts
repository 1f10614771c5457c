import type { ContainerIdentity } from '../model/container.ts';
import type { Filesystem } from '../model/disk-usage.ts';
import type { LiveMeasurement } from '../model/live-sample.ts';
import type { RuntimeDescription } from '../model/runtime.ts';
import type { RuntimeSnapshot } from '../model/snapshot.ts';
import type { UsageReport } from '../model/usage-report.ts';
import { toSourceError } from '../sources/source-error.ts';
import { ContainerList } from './container-list.ts';
import { DiskUsageSchedule } from './disk-usage.ts';
import { EventRefresher, LiveSampler, RuntimeEvents } from './event-refresher.ts';
import { EndedRuns } from './ended-runs.ts';
import { EventCounter } from './events/event-counter.ts';
import { EventStream } from './events/event-stream.ts';
import { HostHistory } from './container/counter-history.ts';
import type { TrackerSetOptions } from './options.ts';
import { Reconciler } from './reconciler.ts';
import { SourceCalls } from './source-calls.ts';
import { SourceState } from './source-state.ts';
import type { Failure } from './source-state.ts';
import { UpdateLock } from './update-lock.ts';
import type { UpdateOutcome } from './update-lock.ts';

/** A probe that takes longer may wait for a runtime that hangs. */
const hangMillis = 1000;

/** The stream of events, and its receivers. */
interface EventWatch {
  readonly stream: EventStream;
  readonly listener: RuntimeEvents;
}

/**
 * The containers of one source. `update()` makes the set equal to the runtime's list and samples what runs;
 * `snapshot()` is what readers may show. Any number of callers at once; a probe runs alone.
 */
export class TrackerSet {
  readonly #options: TrackerSetOptions;
  readonly #state: SourceState;
  readonly #lock: UpdateLock;
  readonly #list: ContainerList;
  readonly #reconciler: Reconciler;
  readonly #counter: EventCounter;
  readonly #ended: EndedRuns;
  readonly #events: EventWatch | undefined;
  readonly #live: LiveSampler;
  readonly #diskUsage: DiskUsageSchedule | undefined;
  readonly #host = new HostHistory();
  #isClosed = false;

  constructor(options: TrackerSetOptions) {
    this.#options = options;
    const { source, clock, log } = options;
    const { collectMillis = 10_000, diskUsageIntervalMillis: intervalMillis = 0 } = options;
    this.#state = new SourceState(source.name, options);
    this.#lock = new UpdateLock(options, (signal) => this.#probe(signal));
    if (source.diskUsage && intervalMillis > 0)
      this.#diskUsage = new DiskUsageSchedule({
        source,
        clock,
        log,
        intervalMillis,
        needs: options.diskUsageNeeds ?? { sums: true, containers: false },
        filesystem: () => this.filesystem(),
        hostFilesystems: async () => options.usage?.hostFilesystems?.(),
      });
    const ended = new EndedRuns({ ...options, intervalMillis: collectMillis });
    this.#ended = ended;
    this.#counter = new EventCounter({
      clock,
      intervalMillis: collectMillis,
      hasLast: (id) => ended.has(id),
    });
    const stream = options.events && new EventStream(options);
    this.#list = new ContainerList(clock, stream);
    const shared = { list: this.#list, counter: this.#counter, state: this.#state, ended: this.#ended };
    this.#reconciler = new Reconciler(options, shared);
    const sampling = {
      calls: options,
      lock: this.#lock,
      reconciler: this.#reconciler,
      freshMillis: options.minProbeIntervalMillis,
    };
    this.#live = new LiveSampler({ ...sampling, state: this.#state });
    const refresher = new EventRefresher({ ...sampling, clock, list: this.#list });
    if (stream && options.events) {
      const { trackers } = this.#reconciler;
      const parts = { ...shared, set: options, observer: options.events, trackers, refresher };
      this.#events = { stream, listener: new RuntimeEvents(parts) };
    }
  }

  /** The runtime as last described. */
  get runtime(): RuntimeDescription {
    return this.#state.runtime;
  }

  /** Where usage came from last; undefined where it is the runtime's alone. */
  get usageReport(): UsageReport | undefined {
    return this.#options.usage?.report?.();
  }

  /** The file system of the runtime's containers now; undefined where it cannot be reached. Throws SourceError. */
  async filesystem(): Promise<Filesystem | undefined> {
    const { storageDirectory } = this.runtime;
    return storageDirectory === undefined ? undefined : this.#options.usage?.filesystem?.(storageDirectory);
  }

  /** True once a probe succeeded. */
  get wasProbed(): boolean {
    return this.#state.lastSuccess !== undefined;
  }

  /** Grows whenever a container comes, goes or changes its state, as far as that is known. */
  get revision(): number {
    return this.#list.revision;
  }

  /** Cause of the last probe's failure; absent after a success. */
  get failure(): string | undefined {
    return this.#state.failure;
  }

  /** True when the last probe succeeded, and the one under way has not been running for so long that it may hang. */
  get isAnswering(): boolean {
    return this.wasProbed && this.failure === undefined && this.#lock.runningMillis < hangMillis;
  }

  /** Probes, or joins the probe under way, or does nothing when the last one is young. Never throws. */
  update(waitMillis: number): Promise<UpdateOutcome> {
    return this.#lock.update(waitMillis);
  }

  /** Every tracked container, also while its runtime does not answer. */
  get tracked(): readonly ContainerIdentity[] {
    return [...this.#reconciler.trackers.values()].flatMap((each) => each.identity ?? []);
  }

  /** Samples one container now, for its subscribers. Never throws. */
  measure(id: string): Promise<LiveMeasurement> {
    return this.#live.measure(id);
  }

  /** Begins to measure disk usage, alongside the probes and until the end; does nothing where that is off. */
  beginDiskUsage(): void {
    void this.#diskUsage?.run();
  }

  /** The runtime and its published containers at this moment. */
  snapshot(): RuntimeSnapshot {
    const { runtime, lastSuccess } = this.#state;
    const { counts } = this.#reconciler;
    const now = this.#options.clock.now();
    const disks = this.#diskUsage;
    const diskUsage = disks?.report;
    const { images: imageEvents } = this.#counter;
    return {
      owner: this,
      runtime,
      ...this.#ended.shown(
        this.#reconciler.snapshots(runtime).map((snapshot) => {
          const counted = this.#counter.counted(snapshot);
          return disks ? disks.withFilesystem(counted) : counted;
        }),
        counts ? this.#counter.removed(runtime, now) : [],
      ),
      ...(imageEvents && { imageEvents }),
      ...counts,
      ...(diskUsage && { diskUsage }),
      ...this.#host.shown(runtime, diskUsage?.hostFilesystems),
      ...(this.#options.mapper && { droppedAttributes: this.#options.mapper.dropped() }),
      ...(lastSuccess !== undefined && { lastSuccess }),
      now,
    };
  }

  /** Aborts the probe under way and closes the connections. */
  close(): void {
    this.#isClosed = true;
    this.#lock.close();
    this.#live.close();
    this.#events?.stream.close();
    this.#diskUsage?.close();
    this.#options.usage?.close?.();
    this.#options.source.close();
  }

  async #probe(signal: AbortSignal): Promise<void> {
    const { source, observer, clock } = this.#options;
    const start = clock.monotonic();
    const calls = new SourceCalls(this.#options, signal);
    const succeeded = await this.#round(calls);
    calls.close();
    if (succeeded) this.#settle();
    this.#host.accept(this.#options.usage?.host?.());
    // A runtime that was never reached has no events.
    if (succeeded) this.#events?.stream.start(this.#events.listener);
    observer.probeEnded(source.name, (clock.monotonic() - start) / 1000, succeeded);
  }

  /** Lets go of what is kept of runs that have ended, with or without an event. */
  #settle(): void {
    const { trackers } = this.#reconciler;
    this.#options.usage?.retain?.((id) => trackers.get(id)?.mayRun ?? false);
    this.#ended.sweep(trackers.values());
  }

  async #round(calls: SourceCalls): Promise<boolean> {
    try {
      await this.#state.refresh(calls);
      await this.#reconciler.updateAll(calls);
      if (calls.hadFailures) this.#list.invalidate();
    } catch (thrown) {
      this.#list.invalidate();
      this.#reconciler.unpublish();
      this.#failed({ kind: 'runtime does not answer', reason: toSourceError(thrown, 'probe').message });
      return false;
    }
    if (this.#state.failure !== undefined) this.#events?.stream.retry();
    if (!calls.isOver) this.#state.succeeded(this.#reconciler.trackers.size);
    else
      this.#failed({ kind: 'runtime answers too slowly', reason: 'the probe was given up at its time-out' });
    return !calls.isOver;
  }

  #failed(failure: Failure): void {
    // Given up because the agent itself is ending: the runtime is fine.
    if (!this.#isClosed) this.#state.failed(failure);
  }
}
