// One piece, because a count outlives its container, and both decide when it is dropped.
import type { Clock } from '../../clock.ts';
import type { ContainerIdentity, ContainerImage, HealthStatus } from '../../model/container.ts';
import { countedActions, exitClassOf } from '../../model/events.ts';
import type {
  ContainerEvent,
  CountedAction,
  EventCounts,
  EventCountsSince,
  ExitClass,
  ImageEventCounts,
} from '../../model/events.ts';
import type { RuntimeDescription } from '../../model/runtime.ts';
import type { ContainerSnapshot } from '../../model/snapshot.ts';

/** Images with series of their own; each has some ten that are never removed. */
const maxImages = 1000;

interface Entry {
  readonly tally: EventTally;
  /** The owner is the identity itself where no tracker ever stood for the container. */
  known: RemovedContainer;
  /** All on the monotonic clock. */
  lastEventAt: number;
  killedAt?: number;
  /** When it was asked to end, since its last start. */
  stoppedAt?: number;
  diedAt?: number;
  removedAt?: number;
}

/** Settings of an {@link EventCounter}. */
interface EventCounterOptions {
  readonly clock: Clock;
  /** Between two collections. */
  readonly intervalMillis: number;
  /** True for a container whose last values readers have not been given; absent: there are none. */
  readonly hasLast?: (id: string) => boolean;
}

/**
 * Counts events by container, as long as it exists or is retained, and by image for ever: a series that exists for one
 * collection alone has no increase.
 */
export class EventCounter {
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();
  readonly #images = new Map<string | undefined, EventTally>();
  readonly #removed: RemovedContainers;
  /** Owners of the containers that readers were given. */
  readonly #seen = new WeakSet<RemovedContainer['owner']>();
  /** Ids of the last list. */
  #listed: ReadonlySet<string> = new Set();
  #since: number | undefined;

  constructor(options: EventCounterOptions) {
    this.#clock = options.clock;
    this.#removed = new RemovedContainers(options);
  }

  /** Counting begins now; later calls change nothing. */
  begin(): void {
    this.#since ??= this.#clock.now();
  }

  /** Counts an event of a selected container. */
  count(event: ContainerEvent, identity: ContainerIdentity): void {
    if (this.#since === undefined) return;
    const { id } = event;
    const lastEventAt = this.#clock.monotonic();
    const known = { owner: identity, identity };
    const entry = this.#entries.get(id) ?? { tally: new EventTally(), known, lastEventAt };
    entry.lastEventAt = lastEventAt;
    this.#entries.set(id, entry);
    entry.tally.count(event);
    this.#imageOf(nameOf(identity.image)).count(event);
    this.#note(event, entry);
  }

  /** The counts of an existing container; undefined while nothing is counted. */
  of(id: string): EventCountsSince | undefined {
    return this.#since === undefined
      ? undefined
      : since(this.#since, this.#entries.get(id)?.tally ?? nothing);
  }

  /** A snapshot with its counts; the counts of its image begin at zero, too. */
  counted(snapshot: ContainerSnapshot): ContainerSnapshot {
    this.#seen.add(snapshot.owner);
    const { id, image } = snapshot.identity;
    const events = this.of(id);
    const name = nameOf(image);
    if (events && name !== undefined) this.#imageOf(name);
    return events ? { ...snapshot, events } : snapshot;
  }

  /** The container is listed no more: a reader that was given it goes on to see the same owner. */
  left(id: string, known: RemovedContainer | undefined): void {
    const entry = this.#entries.get(id);
    if (entry && known) entry.known = { owner: known.owner, identity: known.identity };
  }

  /**
   * Removes containers that are missing in a list. A container with an event since the list was requested (on
   * the monotonic clock) waits for the next list.
   */
  reconcile(listed: ReadonlySet<string>, askedAt: number): void {
    this.#listed = listed;
    for (const [id, entry] of this.#entries)
      if (!listed.has(id) && (entry.removedAt !== undefined || entry.lastEventAt < askedAt))
        this.#remove(id, entry);
  }

  /** Counts by image; undefined while nothing is counted. */
  get images(): ImageEventCounts | undefined {
    return this.#since === undefined ? undefined : { since: this.#since, images: this.#images };
  }

  /** Removed containers that are retained: nothing of them but their counts. */
  removed(runtime: RuntimeDescription, now: number): ContainerSnapshot[] {
    return this.#removed.snapshots(runtime, now);
  }

  #imageOf(name: string | undefined): EventTally {
    const key = this.#images.has(name) || this.#images.size < maxImages ? name : undefined;
    const tally = this.#images.get(key) ?? new EventTally();
    this.#images.set(key, tally);
    return tally;
  }

  #note({ action, id, signal }: ContainerEvent, entry: Entry): void {
    const now = entry.lastEventAt;
    if (action === 'kill') entry.killedAt = now;
    else if (action === 'die') entry.diedAt = now;
    if (action === 'start') delete entry.stoppedAt;
    if (action === 'kill' && signal !== undefined && !forced.test(signal)) entry.stoppedAt = now;
    if (action !== 'destroy') return;
    entry.removedAt = now;
    // A container that is still published keeps its counts until the next list.
    if (!this.#listed.has(id)) this.#remove(id, entry);
  }

  #remove(id: string, { known, tally, removedAt = this.#clock.monotonic(), ...times }: Entry): void {
    this.#entries.delete(id);
    if (this.#since === undefined) return;
    const wasSeen = this.#seen.has(known.owner);
    this.#removed.add(known, since(this.#since, tally), { ...times, removedAt, wasSeen });
  }
}

/** The reference that it was run by where the image has no name. */
function nameOf({ name, reference }: ContainerImage): string | undefined {
  return name ?? reference;
}

function since(began: number, { actions, health, exits, exitCodes }: EventTally): EventCountsSince {
  return { since: began, actions, health, exits, exitCodes };
}

/** Exit codes with a count of their own: Windows has billions. */
const maxExitCodes = 100;

/** Counts of one container, or of all containers of an image. */
export class EventTally implements EventCounts {
  readonly actions = new Map<CountedAction, number>();
  readonly health = new Map<HealthStatus, number>();
  readonly exits = new Map<ExitClass, number>();
  readonly exitCodes = new Map<number, number>();

  /** Actions other than the counted ones are ignored. */
  count({ action, health, exitCode }: ContainerEvent): void {
    const counted = countedActions.find((name) => name === action);
    if (counted) increment(this.actions, counted);
    if (health) increment(this.health, health);
    if (exitCode === undefined) return;
    increment(this.exits, exitClassOf(exitCode));
    if (this.exitCodes.has(exitCode) || this.exitCodes.size < maxExitCodes)
      increment(this.exitCodes, exitCode);
  }
}

function increment<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

const nothing = new EventTally();

const minRetentionMillis = 60_000;

/** How long what ended stays in sight: a minute, or two intervals. */
export function retentionMillis(intervalMillis: number): number {
  return Math.max(minRetentionMillis, 2 * intervalMillis);
}

/** A death this soon after a signal was caused by it: `docker stop` waits 10 s. */
const killMillis = 30_000;
/** A signal that cannot be handled: `docker rm -f` and `docker kill` send it, and `docker stop` after all others. */
const forced = /^(?:9|(?:SIG)?KILL)$/i;
/** Who stops a container may have it wait so long for its end. */
const stopMillis = 10 * 60_000;
/** Beyond this the oldest are dropped; the counts of their images hold them. */
const maxRemoved = 1000;

/** Owner and identity of a container as given to readers. */
type RemovedContainer = Pick<ContainerSnapshot, 'owner' | 'identity'>;

/** When a container was killed, stopped, died and was removed, on the monotonic clock; absent without an event. */
interface EndTimes {
  readonly killedAt?: number;
  readonly stoppedAt?: number;
  readonly diedAt?: number;
  readonly removedAt: number;
  /** True when a reader was given it while it existed. */
  readonly wasSeen: boolean;
}

interface Retained {
  readonly known: RemovedContainer;
  readonly events: EventCountsSince;
  readonly removedAt: number;
}

/**
 * Removed containers that are retained for two intervals, a minute at least: those that ended by themselves and
 * were removed before their end could be collected (`--rm`), those that no reader was ever given, and those that were
 * stopped and have last values. Containers removed with `docker rm -f` are dropped at once.
 */
class RemovedContainers {
  readonly #clock: Clock;
  readonly #intervalMillis: number;
  readonly #hasLast: (id: string) => boolean;
  readonly #removed = new Map<string, Retained>();

  constructor({ clock, intervalMillis, hasLast = () => false }: EventCounterOptions) {
    this.#clock = clock;
    this.#intervalMillis = intervalMillis;
    this.#hasLast = hasLast;
  }

  /** Retains the container if it is one of those. */
  add(known: RemovedContainer, events: EventCountsSince, times: EndTimes): void {
    const { removedAt, diedAt = -Infinity, wasSeen } = times;
    const wasCollected = removedAt - diedAt >= this.#intervalMillis;
    const wasShown = wasSeen && (wasCollected || (wasKilled(times) && !this.#isOwed(known, times)));
    if (diedAt === -Infinity || wasShown) return;
    this.#removed.set(known.identity.id, { known, events, removedAt });
    const [first] = this.#removed.keys();
    if (first !== undefined && this.#removed.size > maxRemoved) this.#removed.delete(first);
  }

  /** Readers lack the last values of one that was stopped. */
  #isOwed({ identity }: RemovedContainer, { stoppedAt = -Infinity, diedAt = -Infinity }: EndTimes): boolean {
    return diedAt - stoppedAt < stopMillis && this.#hasLast(identity.id);
  }

  /** Snapshots that hold nothing but identity and counts. */
  snapshots(runtime: RuntimeDescription, now: number): ContainerSnapshot[] {
    const retained = retentionMillis(this.#intervalMillis);
    const monotonicNow = this.#clock.monotonic();
    for (const [id, { removedAt }] of this.#removed)
      if (monotonicNow - removedAt >= retained) this.#removed.delete(id);
    return [...this.#removed.values()].map(({ known, events }) => ({
      ...known,
      runtime,
      state: {},
      limits: {},
      stateAt: now,
      givesNoUsage: false,
      starts: { of: () => events.since },
      failures: 0,
      trackedSince: events.since,
      published: false,
      events,
    }));
  }
}

function wasKilled({ killedAt = -Infinity, diedAt = -Infinity }: EndTimes): boolean {
  return diedAt - killedAt < killMillis;
}
