import type { Clock } from '../../clock.ts';
import type { Log } from '../../log.ts';
import type { ContainerEvent } from '../../model/events.ts';
import type { ContainerSource } from '../../sources/container-source.ts';
import { toSourceError } from '../../sources/source-error.ts';

/** Pauses before a broken stream is reopened: the first, and the longest after many failures. */
const firstPauseMillis = 1000;
const maxPauseMillis = 60_000;
/** A stream that lived this long was a good one: pauses begin again at the first. */
const goodMillis = 30_000;
/** A runtime sends its past events at once: after this time none will come. */
const replayMillis = 3000;

/** Dependencies of an {@link EventStream}. */
interface EventStreamOptions {
  readonly source: Pick<ContainerSource, 'name' | 'events'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Receives the events and changes of a stream. Every method returns at once and never throws. */
export interface EventStreamListener {
  /** Each event once. */
  received(event: ContainerEvent): void;
  /** The stream is open; a list from before may miss what happened until now. */
  opened(): void;
  closed(): void;
  /** Events may be lost between the previous stream and this one. */
  missed(): void;
}

type StreamEnd = 'unsupported' | 'not opened' | 'broke off';

/**
 * Keeps one stream of events open for its whole life, with pauses that grow and differ between agents. After a break it
 * resumes where it was, as far back as the runtime remembers. Never throws.
 */
export class EventStream {
  readonly #options: EventStreamOptions;
  readonly #closed = new AbortController();
  readonly #history = new EventHistory();
  readonly #gaps = new GapDetector(this.#history);
  #listener: EventStreamListener | undefined;
  #stream = new AbortController();
  #pause = new AbortController();
  #pauseMillis = firstPauseMillis;
  #wasOpen = false;
  #isOpen = false;
  /** True from a list that shows what the stream did not send, until the stream sends something. */
  #isSilent = false;
  /** A failure and a gap are logged once, until an event arrives. */
  #hasLoggedFailure = false;
  #hasLoggedGap = false;

  constructor(options: EventStreamOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** True while every change arrives as an event: the stream is open, and the last list did not contradict it. */
  get isReliable(): boolean {
    return this.#isOpen && !this.#isSilent;
  }

  /** Opens the stream; the first call alone counts. For a runtime with a successful probe. */
  start(listener: EventStreamListener): void {
    if (this.#listener) return;
    this.#listener = listener;
    void this.#run(listener);
  }

  /** Reopens without waiting: the runtime is back. Where an attempt is under way, only the first pause follows it. */
  retry(): void {
    this.#pauseMillis = firstPauseMillis;
    this.#pause.abort();
  }

  /** Replaces a stream that misses events; the next one is reliable once it sends something. */
  reconnect(): void {
    this.#isSilent = true;
    this.#stream.abort(new Error('the list shows changes that the stream did not send'));
  }

  /** Ends the stream. */
  close(): void {
    this.#closed.abort();
  }

  async #run(listener: EventStreamListener): Promise<void> {
    const { clock } = this.#options;
    while (!this.#closed.signal.aborted) {
      const start = clock.monotonic();
      const end = await this.#read(listener);
      if (end === 'unsupported') return;
      const wasGood = end === 'broke off' && clock.monotonic() - start >= goodMillis;
      if (wasGood) this.#pauseMillis = firstPauseMillis;
      this.#pause = new AbortController();
      const signal = AbortSignal.any([this.#pause.signal, this.#closed.signal]);
      const pauseMillis = this.#pauseMillis * (0.5 + Math.random());
      this.#pauseMillis = Math.min(2 * this.#pauseMillis, maxPauseMillis);
      await clock.sleep(pauseMillis, signal).catch(() => undefined);
    }
  }

  async #read(listener: EventStreamListener): Promise<StreamEnd> {
    this.#stream = new AbortController();
    const signal = AbortSignal.any([this.#stream.signal, this.#closed.signal]);
    try {
      const { resumeFrom } = this.#history;
      const events = await this.#options.source.events(signal, resumeFrom);
      if (!events) return 'unsupported';
      this.#opened(listener, resumeFrom !== undefined, signal);
      for await (const event of events) this.#accept(listener, event);
    } catch (thrown) {
      this.#failed(toSourceError(thrown, 'events').message);
    }
    const wasOpen = this.#isOpen;
    this.#isOpen = false;
    this.#gaps.reset();
    // Ends the wait for the replay of this stream.
    this.#stream.abort();
    if (wasOpen) listener.closed();
    return wasOpen ? 'broke off' : 'not opened';
  }

  #opened(listener: EventStreamListener, isResumed: boolean, signal: AbortSignal): void {
    const isFirst = !this.#wasOpen;
    this.#wasOpen = this.#isOpen = true;
    listener.opened();
    if (isFirst) return this.#history.begin(this.#options.clock.now());
    this.#gaps.begin();
    const gapFound = (): void => this.#gapFound(listener);
    if (isResumed) void this.#options.clock.sleep(replayMillis, signal).then(gapFound, () => undefined);
    else gapFound();
  }

  #accept(listener: EventStreamListener, event: ContainerEvent): void {
    const verdict = this.#gaps.classify(event);
    if (verdict === 'held') return;
    if (verdict === 'repeated') {
      this.#gaps.reset();
      this.#recovered();
      return;
    }
    this.#gapFound(listener);
    this.#deliver(listener, event);
  }

  #deliver(listener: EventStreamListener, event: ContainerEvent): void {
    this.#recovered();
    this.#history.add(event);
    listener.received(event);
  }

  #gapFound(listener: EventStreamListener): void {
    if (!this.#gaps.isUndecided) return;
    const held = this.#gaps.takeHeld();
    const { log, source } = this.#options;
    // A proxy may end each stream before an event arrives.
    if (!this.#hasLoggedGap) log.warn({ runtime: source.name }, 'events of the runtime may have been missed');
    this.#hasLoggedGap = true;
    listener.missed();
    for (const event of held) this.#deliver(listener, event);
  }

  #recovered(): void {
    const { log, source } = this.#options;
    if (this.#hasLoggedFailure) log.info({ runtime: source.name }, 'runtime sends its events again');
    this.#isSilent = this.#hasLoggedGap = this.#hasLoggedFailure = false;
  }

  /** Without events, probes list and inspect as before. */
  #failed(error: string): void {
    if (this.#closed.signal.aborted || this.#hasLoggedFailure) return;
    this.#hasLoggedFailure = true;
    const { log, source } = this.#options;
    log.info({ runtime: source.name, error }, 'runtime sends no events');
  }
}

/** A stream is reopened from this long before the last event, so that this event must be in it. */
const overlapNanos = 1e9;
/** More than a runtime remembers: Moby's ring holds 256 events. */
const maxEvents = 1024;

/** Recent events of one runtime: detects repeated events, and holds the cursor where to resume. */
class EventHistory {
  readonly #recent = new Set<string>();
  #lastNanos: number | undefined;
  #latestNanos = 0;

  /** Start of a reopened stream, in nanoseconds since the epoch; undefined before the first event. */
  get resumeFrom(): number | undefined {
    return this.#lastNanos === undefined ? undefined : this.#lastNanos - overlapNanos;
  }

  /** Begins at this time by a clock that need not be the runtime's. */
  begin(millis: number): void {
    this.#latestNanos = millis * 1e6;
  }

  /** True for a repeated event; without a time it equals every other event of its kind. */
  has(event: ContainerEvent): boolean {
    return event.nanos !== undefined && this.#recent.has(keyOf(event));
  }

  /** True when the event's time is before that of a known event, or before the history began. */
  isEarly({ nanos }: ContainerEvent): boolean {
    return nanos !== undefined && nanos <= this.#latestNanos;
  }

  /** Adds an event. The cursor is the last one by arrival: clocks are set back. */
  add(event: ContainerEvent): void {
    if (event.nanos === undefined) return;
    this.#recent.add(keyOf(event));
    this.#lastNanos = event.nanos;
    this.#latestNanos = Math.max(this.#latestNanos, event.nanos);
    const [oldest] = this.#recent;
    if (oldest !== undefined && this.#recent.size > maxEvents) this.#recent.delete(oldest);
  }
}

function keyOf({ nanos, action, id }: ContainerEvent): string {
  return `${nanos} ${action} ${id}`;
}

/** Maximum number of events held back: more than a runtime keeps. */
const maxHeld = 1024;

/** Result of comparing an event of a reopened stream with those before the gap. */
type GapVerdict = 'repeated' | 'held' | 'new';

/**
 * Decides whether events were missed while a stream was closed. A runtime that repeats the last known event still
 * remembers all later ones, and whatever it sends before a repeated event is older than the first subscription.
 */
class GapDetector {
  readonly #history: EventHistory;
  #isUndecided = false;
  /** Early events of a reopened stream that wait for the decision. */
  #held: ContainerEvent[] = [];

  constructor(history: EventHistory) {
    this.#history = history;
  }

  /** True from a reopening until a gap is found or excluded. */
  get isUndecided(): boolean {
    return this.#isUndecided;
  }

  /** A stream was opened again. */
  begin(): void {
    this.#isUndecided = true;
  }

  /** The stream broke off, or a gap is excluded: held events are dropped. */
  reset(): void {
    this.#isUndecided = false;
    this.#held = [];
  }

  /** Sorts the next event; a held one is kept until {@link takeHeld} or {@link reset}. */
  classify(event: ContainerEvent): GapVerdict {
    if (this.#history.has(event)) return 'repeated';
    if (!this.#isUndecided || !this.#history.isEarly(event) || this.#held.length >= maxHeld) return 'new';
    this.#held.push(event);
    return 'held';
  }

  /** Decides that there is a gap; gives the held events, which then count. */
  takeHeld(): readonly ContainerEvent[] {
    const held = this.#held;
    this.reset();
    return held;
  }
}
