import type { Clock } from '../clock.ts';
import type { ContainerIdentity } from '../model/container.ts';
import type { ContainerEvent } from '../model/container-event.ts';
import type { EngineDescription } from '../model/engine.ts';
import type { EventCountsSince, ImageEventCounts } from '../model/event-counts.ts';
import type { EventObserver } from '../model/event-observer.ts';
import type { ContainerSnapshot } from '../model/snapshot.ts';
import { EventTally } from './event-tally.ts';

/** Each image has some ten series that last for ever. */
const mostImages = 1000;
/** What is gone is in sight for so long, or for two intervals. */
const leastLingerMillis = 60_000;
/** Who dies so soon after a signal was killed by it: `docker stop` gives 10 s. */
const killMillis = 30_000;
/** In a storm of short lives those that went first go unseen: what lasts has counted them. */
const mostGone = 1000;

/** Whom a reader saw, and as whom it goes on seeing it. */
type Known = Pick<ContainerSnapshot, 'owner' | 'identity'>;

interface Entry {
  readonly tally: EventTally;
  /** Stands for the container where no tracker ever did. */
  known: Known;
  /** When it was killed, died and was gone at last, on the monotonic clock. */
  killedAt?: number;
  diedAt?: number;
  goneAt?: number;
  /** The engine said so: it does not come back. */
  isDestroyed?: boolean;
}

type Counted = readonly [id: string, entry: Entry];

/** What an {@link EventCounting} needs. */
export interface EventCountingOptions {
  readonly clock: Clock;
  /** Between two collections. */
  readonly intervalMillis: number;
  /** Whose event it is; undefined when the selection leaves it out. */
  identify(event: ContainerEvent): ContainerIdentity | undefined;
}

/**
 * Counts what the engine's events tell: for each container, and for each image for ever, as a series that lives once has
 * no increase. Whom somebody removes is gone at once. Of a container that ended by itself and went before its end could be
 * collected (`--rm`) the counts stay in sight for two intervals, a minute at least.
 */
export class EventCounting {
  readonly #options: EventCountingOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #images = new Map<string | undefined, EventTally>();
  #since: number | undefined;
  /** How many went since those that are gone were last looked through. */
  #wentUnseen = 0;

  constructor(options: EventCountingOptions) {
    this.#options = options;
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
    const known = { owner: identity, identity };
    const entry = this.#entries.get(id) ?? { tally: new EventTally(), known };
    this.#entries.set(id, entry);
    entry.tally.count(event);
    this.#imageOf(identity.image.name).count(event);
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
    const { id, image } = snapshot.identity;
    const entry = this.#entries.get(id);
    if (entry && !entry.isDestroyed) delete entry.goneAt;
    const events = this.of(id);
    if (events && image.name !== undefined) this.#imageOf(image.name);
    return [events ? { ...snapshot, events } : snapshot];
  }

  /** The engine has it no more: a reader that saw it goes on to see it as the same. */
  left(id: string, known: Known | undefined): void {
    const entry = this.#entries.get(id);
    if (entry && known) entry.known = { owner: known.owner, identity: known.identity };
  }

  /** Of each image; undefined while no events were heard. */
  get images(): ImageEventCounts | undefined {
    return this.#since === undefined ? undefined : { since: this.#since, images: this.#images };
  }

  /** Those that are gone and still in sight: nothing of them but their counts. */
  departed(engine: EngineDescription, now: number, there: ReadonlySet<string>): ContainerSnapshot[] {
    const all = [...this.#entries].filter(([id]) => !there.has(id));
    this.#forget([...tooMany(all), ...all.filter(([, entry]) => !this.#isKept(entry))]);
    const shown = all.flatMap(([id, entry]) =>
      this.#since !== undefined && this.#entries.has(id) && this.#lingers(entry)
        ? [departed(engine, entry.known, now, since(this.#since, entry.tally))]
        : [],
    );
    // Too young to be listed, or gone without a word: the next look tells.
    for (const [id, entry] of all) this.#gone(id, entry);
    return shown;
  }

  #imageOf(name: string | undefined): EventTally {
    const key = this.#images.has(name) || this.#images.size < mostImages ? name : undefined;
    const tally = this.#images.get(key) ?? new EventTally();
    this.#images.set(key, tally);
    return tally;
  }

  #note(action: string, id: string, entry: Entry): void {
    const now = this.#options.clock.monotonic();
    if (action === 'kill') entry.killedAt = now;
    else if (action === 'die') entry.diedAt = now;
    else if (action === 'destroy') {
      entry.isDestroyed = true;
      this.#gone(id, entry);
    }
  }

  #gone(id: string, entry: Entry): void {
    if (entry.goneAt !== undefined) return;
    entry.goneAt = this.#options.clock.monotonic();
    // Behind those that went before: the first are the first to be forgotten.
    this.#entries.delete(id);
    this.#entries.set(id, entry);
    this.#wentUnseen += 1;
    // Nobody may look for days.
    if (this.#wentUnseen > mostGone) this.#forget(tooMany(this.#entries));
  }

  #forget(those: readonly Counted[]): void {
    this.#wentUnseen = 0;
    for (const [id] of those) this.#entries.delete(id);
  }

  /** Who was not destroyed may be listed yet, with what was counted of it. */
  #isKept(entry: Entry): boolean {
    if (entry.goneAt === undefined) return true;
    return this.#lingers(entry) || (entry.isDestroyed !== true && this.#wentLately(entry));
  }

  #lingers(entry: Entry): boolean {
    const { killedAt = -Infinity, diedAt = -Infinity, goneAt = -Infinity } = entry;
    const wasCollected = goneAt - diedAt >= this.#options.intervalMillis;
    const wasKilled = diedAt - killedAt < killMillis;
    return !wasCollected && !wasKilled && this.#wentLately(entry);
  }

  #wentLately({ goneAt = -Infinity }: Entry): boolean {
    const { clock, intervalMillis } = this.#options;
    return clock.monotonic() - goneAt < Math.max(leastLingerMillis, 2 * intervalMillis);
  }
}

/** Lets events be counted as they are heard. */
export function countEvents(counting: EventCounting): EventObserver {
  return {
    listening: (_engine, isListening) => {
      if (isListening) counting.begin();
    },
    eventHeard: (_engine, event) => counting.count(event),
    eventsMissed: () => undefined,
  };
}

const nothing = new EventTally();

/** Of those that are gone the first, beyond so many. */
function tooMany(entries: Iterable<Counted>): readonly Counted[] {
  return [...entries].filter(([, { goneAt }]) => goneAt !== undefined).slice(0, -mostGone);
}

function since(began: number, { actions, health, exits, exitCodes }: EventTally): EventCountsSince {
  return { since: began, actions, health, exits, exitCodes };
}

function departed(
  engine: EngineDescription,
  known: Known,
  now: number,
  events: EventCountsSince,
): ContainerSnapshot {
  return {
    ...known,
    engine,
    state: {},
    limits: {},
    stateAt: now,
    givesNoUsage: false,
    starts: { of: () => events.since },
    failures: 0,
    trackedSince: events.since,
    published: false,
    events,
  };
}
