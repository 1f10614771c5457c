// One piece, because streams and single responses show the same views of containers, samples and events.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import type { ByteBudget, ByteReader, SharedBytes } from '../concurrency/shared-bytes.ts';
import { SharedRun } from '../concurrency/shared-run.ts';
import type { ApiFound, ApiMessages, ApiSource } from '../http/api-source.ts';
import type { StreamMessage, ContainerView, SampleView } from '../http/schemas.ts';
import type { Log } from '../log.ts';
import { catalogueOf } from '../metrics/catalogue.ts';
import { AttributeCache, isObservable } from '../model/instrument.ts';
import type { Observe } from '../model/instrument.ts';
import type { ContainerSnapshot } from '../model/snapshot.ts';
import type { TrackerSet } from '../tracker/tracker-set.ts';
import type { Trackers } from '../tracker/trackers.ts';
import type { EventFeed, FeedItem } from './event-feed.ts';
import { StatsCollector } from './stats-collector.ts';
import type { PublishedSample } from './stats-collector.ts';
import type { Subscription } from './subscription.ts';

/** Minimum time between two samples of a subscription. */
const intervalMillis = 1000;
/** Maximum wait for a probe: changes from events need none, and a container may hang. */
const probeWaitMillis = 500;
/** About 1 ms of work. */
const charactersPerTurn = 48 * 1024;

/** Dependencies of {@link Live}. */
export interface LiveOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Bounds the memory of responses to slow clients. */
  readonly budget: ByteBudget;
  /** The milliseconds of a duration of `minMillis` at least, or an error message. */
  readonly readInterval: (written: string | number, minMillis: number) => number | string;
}

/** Data of the HTTP API: containers as they are, and streams of their samples and events. */
export class Live implements ApiSource {
  readonly #trackers: Trackers;
  readonly #feed: EventFeed;
  readonly #collectors: ReadonlyMap<string, StatsCollector>;
  /** Lists as JSON: requests that come while one is made share the next. */
  readonly #lists: SharedRun<SharedBytes>;
  readonly #cache = new AttributeCache();
  readonly interval: ApiSource['interval'];

  constructor(trackers: Trackers, feed: EventFeed, { clock, log, readInterval, budget }: LiveOptions) {
    this.#trackers = trackers;
    this.#lists = new SharedRun(
      () => Promise.resolve(budget.body(this.#list(), 'identity')),
      ({ ended }) => ended,
    );
    this.interval = (text) => readInterval(text ?? intervalMillis, intervalMillis);
    this.#feed = feed;
    const collectorOf = (set: TrackerSet): StatsCollector =>
      new StatsCollector({ host: statsHost(set), clock, log, intervalMillis });
    this.#collectors = new Map(trackers.sets.map((set) => [set.runtime.name, collectorOf(set)]));
  }

  async containers(onCut: () => void): Promise<ByteReader> {
    await this.#refresh();
    return (await this.#lists.run()).read(onCut);
  }

  async find(asked: string): Promise<ApiFound> {
    await this.#refresh();
    // As the runtime's own API writes names, and takes them.
    const idOrName = asked.replace(/^\//, '');
    const all = this.#snapshots();
    const exact = all.filter(({ identity }) => identity.id === idOrName || identity.name === idOrName);
    const isPrefix = /^[0-9a-f]+$/.test(idOrName);
    const found =
      exact.length > 0 || !isPrefix ? exact : all.filter((each) => each.identity.id.startsWith(idOrName));
    const [only, ...others] = found;
    if (!only) return { matches: 0, away: this.#away() };
    if (others.length > 0) return { matches: found.length, away: [] };
    const { identity, runtime } = only;
    return { matches: 1, id: identity.id, runtime: runtime.name, view: containerView(only, this.#cache) };
  }

  stats(id: string, runtime: string, everyMillis: number): ApiMessages {
    const collector = this.#collectors.get(runtime);
    return samplesOf(collector ? [collector.subscribe(id, everyMillis)] : [], this.#cache);
  }

  allStats(everyMillis: number): ApiMessages {
    // No other reader may have probed, and the subscription needs the list of containers.
    void this.#refresh();
    const subscriptions = [...this.#collectors.values()].map((each) => each.subscribeAll(everyMillis));
    return samplesOf(subscriptions, this.#cache);
  }

  events(): ApiMessages {
    // The stream of events opens with the first probe, which may not have been yet.
    void this.#refresh();
    const feed = this.#feed.subscribe();
    return new MergedStream([feed], (item: FeedItem) => [feedMessage(item)]);
  }

  /** Ends every stream. */
  close(): void {
    this.#feed.close();
    for (const collector of this.#collectors.values()) collector.close();
  }

  async *#list(): AsyncGenerator<string> {
    const away = this.#away();
    let chunk = '{"containers":[';
    for (const [index, snapshot] of this.#snapshots().entries()) {
      chunk += `${index === 0 ? '' : ','}${JSON.stringify(containerView(snapshot, this.#cache))}`;
      if (chunk.length < charactersPerTurn) continue;
      yield chunk;
      chunk = '';
      await nextTurn();
    }
    yield `${chunk}]${away.length > 0 ? `,"away":${JSON.stringify(away)}` : ''}}`;
  }

  async #refresh(): Promise<void> {
    const isKnown = this.#trackers.notYetProbed().length === 0;
    await this.#trackers.update({ isEcho: true, ...(isKnown && { waitMillis: probeWaitMillis }) });
  }

  /** Runtimes whose containers are not known. */
  #away(): readonly string[] {
    const all = this.#trackers.snapshots();
    return all
      .filter(({ containerCount }) => containerCount === undefined)
      .map(({ runtime }) => runtime.name);
  }

  #snapshots() {
    return this.#trackers.snapshots().flatMap(({ containers }) => containers);
  }
}

/** Samples, and once per change that there are none or some again. */
function samplesOf(
  subscriptions: readonly Subscription<PublishedSample>[],
  cache: AttributeCache,
): ApiMessages {
  const failing = new Set<string>();
  return new MergedStream(subscriptions, (sample: PublishedSample): readonly StreamMessage[] => {
    const { id, name, failure } = sample;
    if (failure === undefined) {
      const stats: StreamMessage = { event: 'stats', data: sampleView(sample, cache) };
      return failing.delete(id) ? [{ event: 'recovered', data: { id, name } }, stats] : [stats];
    }
    if (failing.has(id)) return [];
    failing.add(id);
    return [{ event: 'failing', data: { id, name, reason: failure } }];
  });
}

function statsHost(set: TrackerSet) {
  return {
    name: set.runtime.name,
    cpus: (): number => {
      const { cpus } = set.runtime;
      if (cpus === undefined) throw new Error('the runtime does not report how many CPUs its host has');
      return cpus;
    },
    containers: () => set.tracked,
    measure: (id: string) => set.measure(id),
  };
}

/** Messages of several subscriptions, read one at a time, with the number of items dropped by a slow reader. */
export class MergedStream<T> implements AsyncIterableIterator<StreamMessage> {
  readonly #sources: readonly Subscription<T>[];
  readonly #read: (item: T) => readonly StreamMessage[];
  /** At most one of each source: the others wait there, where the oldest make room. */
  readonly #arrived: Arrived<T>[] = [];
  readonly #ready: StreamMessage[] = [];
  #openCount: number;
  #wake: (() => void) | undefined;
  #droppedReported = 0;

  constructor(sources: readonly Subscription<T>[], read: (item: T) => readonly StreamMessage[]) {
    this.#sources = sources;
    this.#read = read;
    this.#openCount = sources.length;
    for (const source of sources) void this.#ask(source);
  }

  /** Not to be called again before it has settled. */
  async next(): Promise<IteratorResult<StreamMessage>> {
    for (;;) {
      const ready = this.#ready.shift();
      if (ready) return { done: false, value: ready };
      const arrived = this.#arrived.shift();
      if (arrived) this.#accept(arrived);
      else if (this.#openCount === 0) return { done: true, value: undefined };
      // No race of promises: each would keep, for as long as it is open, what ever waited for it.
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async return(): Promise<IteratorResult<StreamMessage>> {
    for (const source of this.#sources) await source.return();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #ask(source: Subscription<T>): Promise<void> {
    const result = await source.next();
    if (result.done) this.#openCount -= 1;
    else this.#arrived.push({ source, item: result.value });
    this.#wake?.();
  }

  #accept({ source, item }: Arrived<T>): void {
    void this.#ask(source);
    const dropped = this.#sources.reduce((sum, each) => sum + each.dropped, 0);
    if (dropped > this.#droppedReported)
      this.#ready.push({ event: 'dropped', data: { count: dropped - this.#droppedReported } });
    this.#droppedReported = dropped;
    this.#ready.push(...this.#read(item));
  }
}

interface Arrived<T> {
  readonly source: Subscription<T>;
  readonly item: T;
}

/**
 * A container as the API shows it; while its state cannot be read, its identity alone. Never with its
 * environment or its command: both may hold secrets.
 */
export function containerView(snapshot: ContainerSnapshot, cache: AttributeCache): ContainerView {
  const { identity, runtime } = snapshot;
  const { id, name, image, labels } = identity;
  return {
    id,
    name,
    runtime: runtime.name,
    image: image.reference,
    labels,
    ...(snapshot.published && stateView(snapshot)),
    metrics: valuesOf(snapshot, cache),
  };
}

function stateView({
  state,
  limits,
  sample,
}: ContainerSnapshot): Pick<ContainerView, 'state' | 'limits' | 'sampledAt'> {
  const { startedAt, finishedAt, ...rest } = state;
  return {
    state: { ...rest, startedAt: isoTime(startedAt), finishedAt: isoTime(finishedAt) },
    limits,
    sampledAt: isoTime(sample?.takenAt),
  };
}

/** A sample as the API shows it: only id and name while the container does not run. */
function sampleView({ id, name, snapshot, hostCpus }: PublishedSample, cache: AttributeCache): SampleView {
  if (!snapshot) return { id, name };
  const sampledAt = isoTime(snapshot.sample?.takenAt);
  const metrics = valuesOf(snapshot, cache);
  return { id, name, runtime: snapshot.runtime.name, sampledAt, hostCpus, metrics };
}

/** An item of the event feed as a message of the API. */
export function feedMessage(item: FeedItem): StreamMessage {
  const { runtime } = item;
  if (item.kind === 'listening')
    return { event: 'listening', data: { runtime, listening: item.isListening } };
  if (item.kind === 'missed') return { event: 'missed', data: { runtime } };
  const { id, action, nanos, health, name, image, exitCode, execSeconds, signal, oldName, labels } =
    item.event;
  const time = nanos === undefined ? undefined : isoTime(nanos / 1e6);
  const word = health === undefined ? action : `${action}: ${health}`;
  const attributes = {
    ...labels,
    name,
    image,
    exitCode: exitCode?.toString(),
    execDuration: execSeconds?.toString(),
    signal,
    oldName,
  };
  return { event: 'container', data: { runtime, time, id, name, action: word, attributes } };
}

/** Metrics of the profile that are on by default. */
const { containers: instruments } = catalogueOf(['semconv']);

function valuesOf(snapshot: ContainerSnapshot, cache: AttributeCache): ContainerView['metrics'] {
  const values: ContainerView['metrics'][number][] = [];
  for (const instrument of instruments) {
    if (!isObservable(instrument, snapshot)) continue;
    const { name, unit } = instrument;
    const observe: Observe = (value, attributes) =>
      values.push({ name, unit, value, ...(attributes && { attributes }) });
    instrument.observe(snapshot, observe, cache);
  }
  return values;
}

/** Absent for an invalid time. */
function isoTime(millis: number | undefined): string | undefined {
  const date = new Date(millis ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
