import type { InspectedContainer, ListedContainer } from '../../sources/container-source.ts';
import { lastingText, tellsSeconds } from './uptime-text.ts';

/** Limits may change without a word in the list: inspect is at least this fresh. Not more: see {@link tellsSeconds}. */
const maxAgeMillis = 60_000;

/** What the runtime's events say of a container since the last update; `unheard` where they are not heard. */
export type Heard = 'changed' | 'unchanged' | 'unheard';

/** A container as last inspected, and whether that still holds. */
export class Inspection {
  #inspected: InspectedContainer | undefined;
  #inspectedAt = 0;
  /** What the list said then. */
  #listed: ListedContainer | undefined;

  /** Undefined as long as it was never inspected. */
  get inspected(): InspectedContainer | undefined {
    return this.#inspected;
  }

  /** @param now when the runtime gave the list, in milliseconds since the epoch. */
  accept(inspected: InspectedContainer, listed: ListedContainer, now: number): InspectedContainer {
    // The list's first name is the one to show; inspect may give another of them.
    const identity = { ...inspected.identity, name: listed.name };
    this.#inspected = { ...inspected, identity };
    this.#listed = listed;
    this.#inspectedAt = now;
    return this.#inspected;
  }

  /** @param startedAt of the run that we know of, in milliseconds since the epoch. */
  isOutdated(listed: ListedContainer, now: number, heard: Heard, startedAt: number): boolean {
    const known = this.#listed;
    if (!known || heard === 'changed') return true;
    if (known.name !== listed.name || known.status !== listed.status || known.health !== listed.health)
      return true;
    if (lastingText(known.statusText) !== lastingText(listed.statusText)) return true;
    if (heard === 'unchanged') return this.#mayHaveGoneUnheard(listed, now, startedAt);
    if (now - this.#inspectedAt >= maxAgeMillis || now < this.#inspectedAt) return true;
    // A run that is told in seconds may be another one than a moment ago, under the same text.
    return tellsSeconds(listed.statusText);
  }

  /** The list tells of a start or an end within the last minute; what we know of is twice as long ago. */
  #mayHaveGoneUnheard({ statusText }: ListedContainer, now: number, startedAt: number): boolean {
    const lastChange = Math.max(startedAt, this.#inspected?.state.finishedAt ?? 0);
    return tellsSeconds(statusText) && now - lastChange > 2 * maxAgeMillis;
  }
}
