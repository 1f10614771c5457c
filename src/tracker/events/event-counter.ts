import type { Clock } from '../../clock.ts';
import { healthStatuses } from '../../model/container.ts';
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
import type { EventObserver } from '../../model/observers.ts';
import type { RuntimeDescription } from '../../model/runtime.ts';
import type { ContainerSnapshot } from '../../model/snapshot.ts';
import { RemovedContainers } from './departed-containers.ts';
import type { Known } from './departed-containers.ts';

/** Each image has some ten series that last for ever. */
const maxImages = 1000;

interface Entry {
  readonly tally: EventTally;
  /** Stands for the container where no tracker ever did. */
  known: Known;
  /** All on the monotonic clock. */
  lastHeardAt: number;
  killedAt?: number;
  diedAt?: number;
  goneAt?: number;
}

/** What an {@link EventCounter} needs. */
export interface EventCounterOptions {
  readonly clock: Clock;
  /** Between two collections. */
  readonly intervalMillis: number;
  /** Whose event it is; undefined when the selection leaves it out. */
  identify(event: ContainerEvent): ContainerIdentity | undefined;
}

/**
 * Counts what the runtime's events tell: for each container, as long as it is there or in sight, and for each image for
 * ever, as a series that lives once has no increase.
 */
export class EventCounter {
  readonly #options: EventCounterOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #images = new Map<string | undefined, EventTally>();
  readonly #removed: RemovedContainers;
  /** As whom readers saw those that are there. */
  readonly #seen = new WeakSet<Known['owner']>();
  /** Whom the runtime listed last. */
  #there: ReadonlySet<string> = new Set();
  #since: number | undefined;

  constructor(options: EventCounterOptions) {
    this.#options = options;
    this.#removed = new RemovedContainers(options);
  }

  /** Events are heard from now on; later calls change nothing. */
  begin(): void {
    this.#since ??= this.#options.clock.now();
  }

  /** Counts an event of a container that is selected. */
  count(event: ContainerEvent): void {
    const { id } = event;
    const identity = this.#since === undefined ? undefined : this.#options.identify(event);
    if (!identity) return;
    const lastHeardAt = this.#options.clock.monotonic();
    const known = { owner: identity, identity };
    const entry = this.#entries.get(id) ?? { tally: new EventTally(), known, lastHeardAt };
    entry.lastHeardAt = lastHeardAt;
    this.#entries.set(id, entry);
    entry.tally.count(event);
    this.#imageOf(nameOf(identity.image)).count(event);
    this.#note(event.action, id, entry);
  }

  /** What was counted of a container that is there; undefined while no events are heard. */
  of(id: string): EventCountsSince | undefined {
    return this.#since === undefined
      ? undefined
      : since(this.#since, this.#entries.get(id)?.tally ?? nothing);
  }

  /** What is known of a container that is there, with its counts; those of its image begin at zero, too. */
  counted(snapshot: ContainerSnapshot | undefined): ContainerSnapshot[] {
    if (!snapshot) return [];
    this.#seen.add(snapshot.owner);
    const { id, image } = snapshot.identity;
    const events = this.of(id);
    const name = nameOf(image);
    if (events && name !== undefined) this.#imageOf(name);
    return [events ? { ...snapshot, events } : snapshot];
  }

  /** The runtime lists it no more: a reader that saw it goes on to see it as the same. */
  left(id: string, known: Known | undefined): void {
    const entry = this.#entries.get(id);
    if (entry && known) entry.known = { owner: known.owner, identity: known.identity };
  }

  /**
   * Whom the runtime listed when it was asked at that time, on the monotonic clock. Of whom something was heard since
   * then, the next list tells.
   */
  listed(there: ReadonlySet<string>, askedAt: number): void {
    this.#there = there;
    for (const [id, entry] of this.#entries)
      if (!there.has(id) && (entry.goneAt !== undefined || entry.lastHeardAt < askedAt))
        this.#depart(id, entry);
  }

  /** Of each image; undefined while no events were heard. */
  get images(): ImageEventCounts | undefined {
    return this.#since === undefined ? undefined : { since: this.#since, images: this.#images };
  }

  /** Those that are gone and still in sight: nothing of them but their counts. */
  removed(runtime: RuntimeDescription, now: number): ContainerSnapshot[] {
    return this.#removed.shown(runtime, now);
  }

  #imageOf(name: string | undefined): EventTally {
    const key = this.#images.has(name) || this.#images.size < maxImages ? name : undefined;
    const tally = this.#images.get(key) ?? new EventTally();
    this.#images.set(key, tally);
    return tally;
  }

  #note(action: string, id: string, entry: Entry): void {
    const now = entry.lastHeardAt;
    if (action === 'kill') entry.killedAt = now;
    else if (action === 'die') entry.diedAt = now;
    if (action !== 'destroy') return;
    entry.goneAt = now;
    // Who is shown as being there keeps its counts until the list says otherwise.
    if (!this.#there.has(id)) this.#depart(id, entry);
  }

  #depart(id: string, { known, tally, goneAt = this.#options.clock.monotonic(), ...times }: Entry): void {
    this.#entries.delete(id);
    if (this.#since === undefined) return;
    const wasSeen = this.#seen.has(known.owner);
    this.#removed.add(known, since(this.#since, tally), { ...times, goneAt, wasSeen });
  }
}

/** Lets events be counted as they are heard. */
export function countEvents(counting: EventCounter): EventObserver {
  return {
    listening: (_runtime, isListening) => {
      if (isListening) counting.begin();
    },
    eventReceived: (_runtime, event) => counting.count(event),
    eventsMissed: () => undefined,
  };
}

/** As what it was run where it has no name. */
function nameOf({ name, reference }: ContainerImage): string | undefined {
  return name ?? reference;
}

function since(began: number, { actions, health, exits, exitCodes }: EventTally): EventCountsSince {
  return { since: began, actions, health, exits, exitCodes };
}

/** Windows has billions of exit codes. */
const maxExitCodes = 100;

/** Counts events, of a container or of all those of an image. */
export class EventTally implements EventCounts {
  readonly actions = new Map<CountedAction, number>();
  readonly health = new Map<HealthStatus, number>();
  readonly exits = new Map<ExitClass, number>();
  readonly exitCodes = new Map<number, number>();

  /** Actions that are not counted are passed over. */
  count({ action, attributes }: ContainerEvent): void {
    const counted = countedActions.find((name) => name === action);
    if (counted) increment(this.actions, counted);
    else this.#countHealth(action);
    if (counted === 'die') this.#countExit(attributes['exitCode']);
  }

  /** `health_status: healthy`. */
  #countHealth(action: string): void {
    const [name, told = ''] = action.split(':');
    const health = name === 'health_status' && healthStatuses.find((status) => status === told.trim());
    if (health) increment(this.health, health);
  }

  /** A code that is none makes a death of no class. */
  #countExit(text: string | undefined): void {
    if (text === undefined || !/^-?\d{1,10}$/.test(text)) return;
    const exitCode = Number(text);
    increment(this.exits, exitClassOf(exitCode));
    if (this.exitCodes.has(exitCode) || this.exitCodes.size < maxExitCodes)
      increment(this.exitCodes, exitCode);
  }
}

function increment<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

const nothing = new EventTally();
