import type { Clock } from '../../clock.ts';
import type { Log } from '../../log.ts';
import type { ContainerEvent } from '../../model/events.ts';
import type { ContainerSource } from '../../sources/container-source.ts';
import { toSourceError } from '../../sources/source-error.ts';
import { EventHistory } from './event-history.ts';

/** Before a stream that broke off is opened again: the least, and the most after many failures. */
const firstPauseMillis = 1000;
const maxPauseMillis = 60_000;
/** A stream that lived so long was a good one. */
const goodMillis = 30_000;
/** What the runtime remembers comes at once. */
const patienceMillis = 3000;

/** More than a runtime remembers. */
const maxEarly = 1024;

/** What an {@link EventStream} needs. */
export interface EventStreamOptions {
  readonly source: Pick<ContainerSource, 'name' | 'events'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Hears every event once, at once. */
  event(event: ContainerEvent): void;
  /** The runtime listens from now on; what the list says may be older than what the stream tells. */
  opened(): void;
  /** The stream broke off. */
  closed(): void;
  /** Between the last stream and this one something may have happened that neither told. */
  missed(): void;
}

type Heard = 'nothing to hear' | 'not opened' | 'broke off';

/**
 * Keeps one stream of events open for as long as it lives, with pauses that grow and differ between hosts. After a break
 * it goes on where it was, as far back as the runtime remembers. Tells whether it is open, so that whoever relies on it
 * knows when not to. Never throws.
 */
export class EventStream {
  readonly #options: EventStreamOptions;
  readonly #closed = new AbortController();
  readonly #heard = new EventHistory();
  #stream = new AbortController();
  #pause = new AbortController();
  /** Whether what is heard next tells if anything was missed. */
  #isJudging = false;
  /** Told by a stream that was opened again before anything that was heard, and early by their time. */
  #early: ContainerEvent[] = [];
  #isStarted = false;
  #wasOpen = false;
  #isOpen = false;
  /** Nothing was heard since the list showed what the stream did not tell. */
  #isDeaf = false;
  #isFailing = false;
  /** Logged as missed, and nothing was heard since. */
  #isMissing = false;

  constructor(options: EventStreamOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Whether nothing happens unheard: it is open, and no stream that proved deaf. */
  get isTrusted(): boolean {
    return this.#isOpen && !this.#isDeaf;
  }

  /** Begins to listen, once; a runtime that was never reached has nothing to tell. */
  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    void this.#listen();
  }

  /** The runtime is back: no more waiting. */
  retry(): void {
    this.#pause.abort();
  }

  /** Ends a stream that does not tell what happened: the next one begins with that, and is trusted once it tells something. */
  distrust(): void {
    this.#isDeaf = true;
    this.#stream.abort(new Error('the list shows what the stream did not tell'));
  }

  /** Ends the stream. */
  close(): void {
    this.#closed.abort();
  }

  async #listen(): Promise<void> {
    const { clock } = this.#options;
    let pauseMillis = firstPauseMillis;
    while (!this.#closed.signal.aborted) {
      const start = clock.monotonic();
      const heard = await this.#hear();
      if (heard === 'nothing to hear') return;
      const wasGood = heard === 'broke off' && clock.monotonic() - start >= goodMillis;
      if (wasGood) pauseMillis = firstPauseMillis;
      this.#pause = new AbortController();
      const signal = AbortSignal.any([this.#pause.signal, this.#closed.signal]);
      await clock.sleep(pauseMillis * (0.5 + Math.random()), signal).catch(() => undefined);
      pauseMillis = Math.min(2 * pauseMillis, maxPauseMillis);
    }
  }

  async #hear(): Promise<Heard> {
    this.#stream = new AbortController();
    const signal = AbortSignal.any([this.#stream.signal, this.#closed.signal]);
    try {
      const { resumeFrom } = this.#heard;
      const events = await this.#options.source.events(signal, resumeFrom);
      if (!events) return 'nothing to hear';
      this.#opened(resumeFrom !== undefined, signal);
      for await (const event of events) this.#accept(event);
    } catch (thrown) {
      this.#failed(toSourceError(thrown, 'events').message);
    }
    const wasOpen = this.#isOpen;
    this.#isOpen = false;
    this.#isJudging = false;
    this.#early = [];
    // Those who wait for an answer of this stream wait in vain.
    this.#stream.abort();
    if (wasOpen) this.#options.closed();
    return wasOpen ? 'broke off' : 'not opened';
  }

  #opened(isResumed: boolean, signal: AbortSignal): void {
    const isFirst = !this.#wasOpen;
    this.#wasOpen = this.#isOpen = true;
    this.#options.opened();
    if (isFirst) return this.#heard.begin(this.#options.clock.now());
    this.#isJudging = true;
    if (isResumed) void this.#options.clock.sleep(patienceMillis, signal).then(this.#missed, () => undefined);
    else this.#missed();
  }

  #accept(event: ContainerEvent): void {
    if (this.#heard.has(event)) return this.#repeated();
    const isEarly = this.#isJudging && this.#heard.isEarly(event);
    if (isEarly && this.#early.length < maxEarly) return void this.#early.push(event);
    this.#missed();
    this.#tell(event);
  }

  /**
   * A runtime that still remembers the last one heard remembers all that came after it; and what it tells before one
   * that was heard is older: it happened before anybody listened.
   */
  #repeated(): void {
    this.#early = [];
    this.#isJudging = false;
    this.#works();
  }

  #works(): void {
    const { log, source } = this.#options;
    if (this.#isFailing) log.info({ runtime: source.name }, 'runtime tells its events again');
    this.#isDeaf = this.#isMissing = this.#isFailing = false;
  }

  #tell(event: ContainerEvent): void {
    this.#works();
    this.#heard.add(event);
    this.#options.event(event);
  }

  readonly #missed = (): void => {
    if (!this.#isJudging) return;
    this.#isJudging = false;
    const { log, source } = this.#options;
    // Logged once until it works again: a proxy may end each stream before anything is told.
    if (!this.#isMissing) log.warn({ runtime: source.name }, 'events of the runtime may have been missed');
    this.#isMissing = true;
    this.#options.missed();
    for (const event of this.#early.splice(0)) this.#tell(event);
  };

  /** Logged once until it works again: without events, probes list and inspect as before. */
  #failed(error: string): void {
    if (this.#closed.signal.aborted || this.#isFailing) return;
    this.#isFailing = true;
    const { log, source } = this.#options;
    log.info({ runtime: source.name, error }, 'runtime tells no events');
  }
}
