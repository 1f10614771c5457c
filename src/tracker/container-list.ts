import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { ContainerEvent } from '../model/events.ts';
import type { EventObserver } from '../model/observers.ts';
import type { ContainerSource, ListedContainer } from '../sources/container-source.ts';
import type { SourceCalls } from './source-calls.ts';
import { EventStream } from './events/event-stream.ts';
import type { Heard } from './container/inspection.ts';
import { ListCache } from './list-cache.ts';
import { Throttle, type ThrottledWork } from '../concurrency/throttle.ts';

/** In a storm of events the runtime is asked this often at most. */
const refreshPauseMillis = 250;
/** So long after the list shows a change its event is waited for. */
const lateEventMillis = 3000;

/** What an {@link ContainerList} needs. */
export interface ContainerListOptions {
  readonly source: ContainerSource;
  readonly clock: Clock;
  readonly log: Log;
  /** Hears the runtime's events; absent: they are not listened to. */
  readonly events?: EventObserver | undefined;
  /** Asked for soon after an event. */
  readonly refresh: ThrottledWork;
}

/** What a round measures. */
export interface Listed {
  readonly listed: readonly ListedContainer[];
  /** When the runtime was asked for it, on the monotonic clock. */
  readonly askedAt: number;
  readonly heard: (id: string) => Heard;
  /** Whether nobody can have changed unheard. */
  readonly isSure: boolean;
}

/**
 * The containers of one runtime as its list told them, and what its events say has changed since. While events are heard
 * the runtime is asked only when something changed, and once in a while for what they may have missed.
 */
export class ContainerList {
  readonly #options: ContainerListOptions;
  readonly #listed = new ListCache();
  readonly #watch: EventStream | undefined;
  /** By when their events are to be heard, on the monotonic clock. */
  readonly #expected = new Map<string, number>();

  constructor(options: ContainerListOptions) {
    this.#options = options;
    const { events } = options;
    if (events) this.#watch = this.#listen(events);
  }

  /** Listens, if it does not yet; for a runtime that has answered. */
  listen(): void {
    this.#watch?.start();
  }

  /** The runtime answers again after it did not. */
  retry(): void {
    this.#watch?.retry();
  }

  /** What is known may be wrong: the runtime must be asked. */
  doubt(): void {
    this.#listed.doubt();
  }

  /** Ends the stream of events. */
  close(): void {
    this.#watch?.close();
  }

  /** From the runtime, or what it listed before while its events say that nothing has changed. Throws SourceError. */
  async ask(calls: SourceCalls): Promise<Listed> {
    const { clock } = this.#options;
    const isHeard = this.#watch?.isTrusted === true;
    const askedAt = clock.monotonic();
    const known = isHeard ? this.#listed.known(askedAt) : undefined;
    if (known) return { ...known, heard: () => 'unchanged', isSure: true };
    const isDoubted = this.#listed.isDoubted;
    const isSure = isHeard && !isDoubted;
    const changed = this.#listed.takeChanged();
    const answer = await calls.list();
    if (this.#watch?.isOpen && !isDoubted && !this.#listed.isDoubted)
      this.#expect(this.#listed.unannounced(answer));
    const listed = this.#listed.accept(answer, askedAt);
    const otherwise = isSure ? 'unchanged' : 'unheard';
    return { listed, askedAt, heard: (id) => (changed.has(id) ? 'changed' : otherwise), isSure };
  }

  #listen(events: EventObserver): EventStream {
    const { source, clock } = this.#options;
    const { name } = source;
    const throttle = new Throttle(clock, refreshPauseMillis, this.#options.refresh);
    return new EventStream({
      ...this.#options,
      opened: () => {
        this.#expected.clear();
        // What happened before the runtime listened is not known.
        this.#listed.doubt();
        events.listening(name, true);
      },
      closed: () => events.listening(name, false),
      missed: () => {
        this.#listed.doubt();
        throttle.request();
        events.eventsMissed(name);
      },
      event: (event: ContainerEvent) => {
        this.#listed.change(event.id);
        this.#expected.delete(event.id);
        events.eventReceived(name, event);
        throttle.request();
      },
    });
  }

  /** A stream that tells nothing of what the list shows is deaf: a proxy, or a connection that died unnoticed. */
  #expect(ids: readonly string[]): void {
    if (ids.length === 0) return;
    const { clock } = this.#options;
    const due = clock.monotonic() + lateEventMillis;
    for (const id of ids) if (!this.#expected.has(id)) this.#expected.set(id, due);
    const judge = (): void => {
      const isLate = [...this.#expected.values()].some((each) => each <= due);
      if (!isLate) return;
      this.#expected.clear();
      this.#watch?.distrust();
    };
    void clock.sleep(lateEventMillis).then(judge);
  }
}
