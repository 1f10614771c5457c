import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { ContainerEvent, ContainerSource } from '../sources/container-source.ts';
import { toSourceError } from '../sources/source-error.ts';

/** Before a stream that broke off is opened again: the least, and the most after many failures. */
const firstPauseMillis = 1000;
const longestPauseMillis = 60_000;

/** What an {@link EventWatch} needs. */
export interface EventWatchOptions {
  readonly source: Pick<ContainerSource, 'name' | 'events'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Hears every event, at once. */
  event(event: ContainerEvent): void;
  /** The engine listens from now on; what happened before is not told. */
  opened(): void;
}

/**
 * Keeps one stream of events open for as long as it lives, with pauses that grow and differ between hosts. Tells
 * whether it is open, so that whoever relies on it knows when not to. Never throws.
 */
export class EventWatch {
  readonly #options: EventWatchOptions;
  readonly #closed = new AbortController();
  #isStarted = false;
  #isOpen = false;
  #isFailing = false;

  constructor(options: EventWatchOptions) {
    this.#options = options;
  }

  /** Whether nothing happens unheard. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Begins to listen, once; an engine that was never reached has nothing to tell. */
  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    void this.#listen();
  }

  /** Ends the stream. */
  close(): void {
    this.#closed.abort();
  }

  async #listen(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#closed;
    let pauseMillis = firstPauseMillis;
    while (!signal.aborted) {
      const heard = await this.#hear();
      if (heard === 'nothing to hear') return;
      pauseMillis = heard === 'broke off' ? firstPauseMillis : Math.min(2 * pauseMillis, longestPauseMillis);
      await clock.sleep(pauseMillis * (0.5 + Math.random()), signal).catch(() => undefined);
    }
  }

  async #hear(): Promise<'nothing to hear' | 'not opened' | 'broke off'> {
    try {
      const events = await this.#options.source.events(this.#closed.signal);
      if (!events) return 'nothing to hear';
      this.#isOpen = true;
      this.#isFailing = false;
      this.#options.opened();
      for await (const event of events) this.#options.event(event);
    } catch (thrown) {
      this.#failed(toSourceError(thrown, 'events').message);
    }
    const wasOpen = this.#isOpen;
    this.#isOpen = false;
    return wasOpen ? 'broke off' : 'not opened';
  }

  /** Logged once until it works again: without events, probes list and inspect as before. */
  #failed(error: string): void {
    if (this.#closed.signal.aborted || this.#isFailing) return;
    this.#isFailing = true;
    const { log, source } = this.#options;
    log.info({ engine: source.name, error }, 'engine tells no events');
  }
}
