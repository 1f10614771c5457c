import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { EngineDescription } from '../model/engine.ts';
import type { IdentityMapper } from '../model/identity-mapper.ts';
import type { ProbeObserver } from '../model/probe-observer.ts';
import type { EngineSnapshot } from '../model/snapshot.ts';
import type { ContainerSource, ListedContainer } from '../sources/container-source.ts';
import { toSourceError } from '../sources/source-error.ts';
import { AdaptivePool } from './adaptive-pool.ts';
import { ContainerTracker } from './container-tracker.ts';
import { EngineCalls } from './engine-calls.ts';
import { SelectedContainers } from './selection.ts';
import type { Selection } from './selection.ts';
import { UpdateLock } from './update-lock.ts';
import type { UpdateOutcome } from './update-lock.ts';

/** The engine's version and host are asked again this often, and after each failure. */
const describeMaxAgeMillis = 10 * 60_000;

/** What a {@link TrackerSet} is made of. */
export interface TrackerSetOptions {
  readonly source: ContainerSource;
  readonly observer: ProbeObserver;
  readonly clock: Clock;
  readonly log: Log;
  /** Absent: every container is measured. */
  readonly selection?: Selection;
  /** Absent: labels and environment make no attributes. */
  readonly mapper?: IdentityMapper;
  /** Callers that come sooner after the last probe's end do nothing. */
  readonly minProbeIntervalMillis: number;
  /** After this a probe is given up. */
  readonly probeTimeoutMillis: number;
}

/**
 * The containers of one engine. `update()` makes the set equal to the engine's list and measures what runs;
 * `snapshot()` is what readers may show. Any number of callers at once; a probe runs alone.
 */
export class TrackerSet {
  readonly #options: TrackerSetOptions;
  readonly #log: Log;
  readonly #lock: UpdateLock;
  readonly #pool: AdaptivePool;
  readonly #trackers = new Map<string, ContainerTracker>();
  #engine: EngineDescription;
  #describedAt = Number.NEGATIVE_INFINITY;
  readonly #selected: SelectedContainers;
  #containerCount: number | undefined;
  #unselectedCount = 0;
  #lastSuccess: number | undefined;
  #failure: Failure | undefined;
  #isClosed = false;

  constructor(options: TrackerSetOptions) {
    this.#options = options;
    const { source, clock } = options;
    this.#log = options.log;
    this.#engine = { name: source.name, runtimeName: 'docker', warnings: [] };
    this.#pool = new AdaptivePool(clock);
    this.#selected = new SelectedContainers(options.selection ?? everything);
    const timing = {
      minIntervalMillis: options.minProbeIntervalMillis,
      totalTimeoutMillis: options.probeTimeoutMillis,
    };
    const lock = { ...timing, monotonic: () => clock.monotonic(), sleep: clock.sleep.bind(clock) };
    this.#lock = new UpdateLock(lock, (signal) => this.#probe(signal));
  }

  /** The engine as last described. */
  get engine(): EngineDescription {
    return this.#engine;
  }

  /** True once a probe succeeded. */
  get wasProbed(): boolean {
    return this.#lastSuccess !== undefined;
  }

  /** Why the last probe failed; absent when it did not. */
  get failure(): string | undefined {
    return this.#failure?.reason;
  }

  /** Probes, or joins the probe under way, or does nothing when the last one is young. Never throws. */
  update(waitMillis: number): Promise<UpdateOutcome> {
    return this.#lock.update(waitMillis);
  }

  /** What may be shown now. */
  snapshot(): EngineSnapshot {
    const containers = this.#containerCount === undefined ? [] : [...this.#trackers.values()];
    return {
      engine: this.#engine,
      containers: containers.flatMap((tracker) => tracker.snapshot(this.#engine) ?? []),
      ...(this.#containerCount !== undefined && {
        containerCount: this.#containerCount,
        unselectedCount: this.#unselectedCount,
      }),
      ...(this.#options.mapper && { cutAttributes: this.#options.mapper.cut() }),
      ...(this.#lastSuccess !== undefined && { lastSuccess: this.#lastSuccess }),
      now: this.#options.clock.now(),
    };
  }

  /** Gives up the probe under way and ends the connections. */
  close(): void {
    this.#isClosed = true;
    this.#lock.close();
    this.#options.source.close();
  }

  async #probe(signal: AbortSignal): Promise<void> {
    const { source, observer, clock } = this.#options;
    const start = clock.monotonic();
    const monotonic = (): number => clock.monotonic();
    const calls = new EngineCalls({ source, observer, signal, monotonic, mapper: this.#options.mapper });
    const succeeded = await this.#round(calls);
    if (succeeded) this.#lastSuccess = clock.now();
    observer.probeEnded(source.name, (clock.monotonic() - start) / 1000, succeeded);
  }

  async #round(calls: EngineCalls): Promise<boolean> {
    try {
      await this.#describe(calls);
      const listed = withoutDoubles(await calls.list());
      const now = this.#options.clock.now();
      const selected = await this.#selected.of(listed, calls, (items, each) => this.#pool.run(items, each));
      this.#containerCount = listed.length;
      this.#unselectedCount = listed.length - selected.length;
      this.#synchronize(selected, now);
      await this.#pool.run(selected, async (item) => this.#trackers.get(item.id)?.update(item, calls, now));
    } catch (thrown) {
      this.#unpublish();
      this.#failed({ kind: 'engine does not answer', reason: toSourceError(thrown, 'probe').message });
      return false;
    }
    if (!calls.isOver) this.#succeeded(this.#trackers.size);
    else
      this.#failed({ kind: 'engine answers too slowly', reason: 'the probe was given up at its time-out' });
    return !calls.isOver;
  }

  async #describe(calls: EngineCalls): Promise<void> {
    const { clock } = this.#options;
    if (clock.monotonic() - this.#describedAt < describeMaxAgeMillis) return;
    this.#engine = await calls.describe();
    this.#describedAt = clock.monotonic();
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
    this.#trackers.delete(id);
    this.#options.mapper?.forget(id);
  }

  #succeeded(containers: number): void {
    if (this.#failure !== undefined || this.#lastSuccess === undefined) {
      this.#log.info(
        { engine: this.#engine.name, version: this.#engine.runtimeVersion, containers },
        'engine answers',
      );
    }
    this.#failure = undefined;
  }

  /** Nothing stale stays published, but no tracker goes: the engine may only be away for a moment. */
  #unpublish(): void {
    this.#containerCount = undefined;
    for (const tracker of this.#trackers.values()) tracker.unpublish();
  }

  #failed(failure: Failure): void {
    this.#describedAt = Number.NEGATIVE_INFINITY;
    // Given up because we ourselves are ending: nothing is wrong with the engine.
    if (this.#isClosed) return;
    const fields = { engine: this.#engine.name, error: failure.reason };
    if (this.#failure?.kind === failure.kind) this.#log.debug(fields, `still: ${failure.kind}`);
    else this.#log.warn(fields, failure.kind);
    this.#failure = failure;
  }
}

const everything: Selection = { asksForImage: false, selects: () => true };

/** Logged when its kind changes, not once per probe. */
interface Failure {
  readonly kind: 'engine does not answer' | 'engine answers too slowly';
  readonly reason: string;
}

/** One item per container, should an engine name one twice: a tracker takes one update at a time. */
function withoutDoubles(listed: readonly ListedContainer[]): readonly ListedContainer[] {
  return [...new Map(listed.map((item) => [item.id, item])).values()];
}
