import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { LiveMeasurement } from '../model/live-sample.ts';
import type { ContainerSnapshot } from '../model/snapshot.ts';
import { AdaptivePool } from '../concurrency/adaptive-pool.ts';
import { Subscription } from './subscription.ts';

/** Samples that wait for a slow subscriber of one container, and of all containers. */
const waitingOfOne = 16;
const waitingOfAll = 1024;
/** A round may come that much before its time. */
const timerPrecisionMillis = 50;
/** Stands for every container; no id has this form. */
const everyContainer = '*';

/** The runtime of a {@link StatsCollector}. */
export interface StatsHost {
  readonly name: string;
  /** Number of online CPUs; throws when the runtime does not report it. */
  cpus(): number;
  /** Existing containers; the last known ones while it does not respond: their subscribers get the failure. */
  containers(): readonly { readonly id: string; readonly name: string }[];
  measure(id: string): Promise<LiveMeasurement>;
}

/** A sample for subscribers, without a snapshot while the container does not run or is not found. */
export interface PublishedSample {
  readonly id: string;
  readonly name: string;
  readonly snapshot?: ContainerSnapshot;
  readonly hostCpus?: number;
  /** Cause of a missing snapshot although it may run; later samples may have one again. */
  readonly failure?: string;
}

/** Options of a {@link StatsCollector}. */
export interface StatsCollectorOptions {
  readonly host: StatsHost;
  readonly clock: Clock;
  readonly log: Log;
  /** Between two rounds. */
  readonly intervalMillis: number;
}

interface Subscriber {
  readonly subscription: Subscription<PublishedSample>;
  readonly everyMillis: number;
  dueAt: number;
}

/**
 * Moby's stats collector for one runtime: one loop for all subscribed containers, one measurement of each per
 * round for any number of subscribers; without subscribers there is no loop.
 */
export class StatsCollector {
  readonly #options: StatsCollectorOptions;
  readonly #subscribers = new Map<string, Set<Subscriber>>();
  /** Names of existing containers, and of subscribed ones that do not exist. */
  #names: ReadonlyMap<string, string> = new Map();
  readonly #beingMeasured = new Set<string>();
  readonly #failing = new Set<string>();
  #loop: AbortController | undefined;
  /** Number of containers of the last round that are yet to be measured. */
  #waiting = 0;

  constructor(options: StatsCollectorOptions) {
    this.#options = options;
  }

  /** Samples of one container from now on, at the loop's interval or a longer one; ended by its `return`. */
  subscribe(id: string, everyMillis = this.#options.intervalMillis): Subscription<PublishedSample> {
    return this.#subscribe(id, everyMillis, waitingOfOne);
  }

  /** The same of every existing container, including later ones. */
  subscribeAll(everyMillis = this.#options.intervalMillis): Subscription<PublishedSample> {
    return this.#subscribe(everyContainer, everyMillis, waitingOfAll);
  }

  /** Ends one subscription; the last one leaving stops the work. */
  async unsubscribe(subscription: Subscription<PublishedSample>): Promise<void> {
    await subscription.return();
  }

  /** Ends every subscription of that container. */
  stop(id: string): void {
    for (const { subscription } of this.#subscribers.get(id) ?? []) subscription.end();
  }

  /** Ends every subscription. */
  close(): void {
    for (const id of this.#subscribers.keys()) this.stop(id);
  }

  #subscribe(id: string, everyMillis: number, limit: number): Subscription<PublishedSample> {
    const subscribers = this.#subscribers.get(id) ?? new Set();
    const subscription = new Subscription<PublishedSample>(limit, () => {
      subscribers.delete(subscriber);
      if (subscribers.size === 0) this.#subscribers.delete(id);
      if (this.#subscribers.size === 0) this.#loop?.abort();
    });
    const subscriber = { subscription, everyMillis, dueAt: 0 };
    this.#subscribers.set(id, subscribers.add(subscriber));
    if (!this.#loop || this.#loop.signal.aborted) void this.#run((this.#loop = new AbortController()).signal);
    return subscription;
  }

  /** Sleeps first, as Moby's does: nothing makes it turn without a pause. */
  async #run(signal: AbortSignal): Promise<void> {
    const { clock, intervalMillis } = this.#options;
    while (!signal.aborted) {
      await clock.sleep(intervalMillis, signal).catch(() => undefined);
      // Not awaited: a container that is slow to measure is left out of the next rounds and delays no other.
      if (!signal.aborted) void this.#round();
    }
    if (this.#subscribers.size === 0) this.#failing.clear();
  }

  async #round(): Promise<void> {
    // The runtime is busy with the last one: rounds must not pile up.
    if (this.#waiting > 0) return;
    const due = this.#due();
    if (due.size === 0) return;
    let hostCpus: number;
    try {
      hostCpus = this.#options.host.cpus();
    } catch (error) {
      this.#failed(
        this.#options.host.name,
        { error },
        'number of CPUs unknown: a round of samples is left out',
      );
      return;
    }
    this.#failing.delete(this.#options.host.name);
    this.#waiting = due.size;
    const pool = new AdaptivePool(this.#options.clock);
    await pool.run([...due], ([id, subscribers]) => this.#sample(id, subscribers, hostCpus));
  }

  /** A copy: subscriptions that begin or end while this round measures do not disturb it. */
  #due(): ReadonlyMap<string, readonly Subscriber[]> {
    const now = this.#options.clock.monotonic();
    const due = new Map<string, Subscriber[]>();
    const there = this.#refreshNames();
    for (const [id, subscribers] of this.#subscribers) {
      // Their turn comes when that is over.
      if (this.#beingMeasured.has(id)) continue;
      const isAny = id === everyContainer;
      const ids = isAny ? there : [id];
      // Subscribers of a removed container are notified now, at any interval of theirs.
      const own = isAny || there.has(id) ? takeDue(subscribers, now) : [...subscribers];
      if (own.length > 0) for (const each of ids) due.set(each, [...(due.get(each) ?? []), ...own]);
    }
    for (const id of this.#beingMeasured) due.delete(id);
    return due;
  }

  /** Ids of existing containers; forgets names and failures of removed ones without subscribers. */
  #refreshNames(): ReadonlySet<string> {
    const names = new Map(this.#options.host.containers().map(({ id, name }) => [id, name]));
    const there = new Set(names.keys());
    for (const id of this.#subscribers.keys())
      if (id !== everyContainer && !names.has(id)) names.set(id, this.#names.get(id) ?? id);
    this.#names = names;
    for (const what of this.#failing)
      if (!names.has(what) && what !== this.#options.host.name) this.#failing.delete(what);
    return there;
  }

  async #sample(id: string, subscribers: readonly Subscriber[], hostCpus: number): Promise<void> {
    this.#waiting -= 1;
    if (this.#subscribers.size === 0) return;
    this.#beingMeasured.add(id);
    const measured = await this.#options.host.measure(id);
    this.#beingMeasured.delete(id);
    const sample = this.#published(id, measured, hostCpus);
    if (sample) for (const { subscription } of subscribers) subscription.push(sample);
    if (measured.outcome === 'removed') this.stop(id);
  }

  #published(id: string, measured: LiveMeasurement, hostCpus: number): PublishedSample | undefined {
    const named = { id, name: this.#names.get(id) ?? id };
    if (measured.outcome === 'failed') {
      this.#failed(
        id,
        { container: named.name, id, error: measured.reason },
        'no sample for those who watch',
      );
      return { ...named, failure: measured.reason };
    }
    if (measured.outcome !== 'measured') return named;
    const { snapshot } = measured;
    // Windows has no such value, and its percentages need none.
    if (snapshot.sample?.cpu?.systemNanos === undefined && !snapshot.sample?.windows) {
      this.#failed(id, { container: named.name, id }, "the host's CPU time is unknown: a sample is left out");
      return undefined;
    }
    this.#failing.delete(id);
    return { ...named, snapshot, hostCpus };
  }

  /** Logged once until it is over: a subscription may last for days. */
  #failed(what: string, fields: Readonly<Record<string, unknown>>, message: string): void {
    if (!this.#failing.has(what)) this.#options.log.warn(fields, message);
    this.#failing.add(what);
  }
}

/** Subscribers that are due; advances their next time. */
function takeDue(subscribers: Iterable<Subscriber>, now: number): readonly Subscriber[] {
  const due = [...subscribers].filter(({ dueAt }) => dueAt <= now);
  // Timers are a little early or late.
  for (const subscriber of due) subscriber.dueAt = now + subscriber.everyMillis - timerPrecisionMillis;
  return due;
}
