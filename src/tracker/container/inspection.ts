import { agentTime } from '../../model/runtime.ts';
import type { ContainerIdentity, LimitName } from '../../model/container.ts';
import type { InspectedContainer, ListedContainer } from '../../sources/container-source.ts';
import { parseImageReference } from '../../sources/image-reference.ts';

/** Maximum age of an inspect without events: limits may change without a new revision. */
const maxAgeMillis = 60_000;

/**
 * Change of a container since its last update, by its events; `unknown` where events are unreliable or absent.
 */
export type ChangeKnowledge = 'changed' | 'unchanged' | 'unknown';

/** One item of a list, the time of the list, and its change by events. */
export interface ListedChange {
  readonly listed: ListedContainer;
  /** Time of the response, in milliseconds since the epoch. */
  readonly now: number;
  readonly change: ChangeKnowledge;
}

/** The last inspect of a container, and whether it still holds. */
export class Inspection {
  #inspected: InspectedContainer | undefined;
  #inspectedAt = 0;
  /** The list item that led to it. */
  #listed: ListedContainer | undefined;

  /** Undefined before the first inspect. */
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

  /** @param startedAt start of the known run by the agent's clock, in milliseconds since the epoch. */
  isOutdated({ listed, now, change }: ListedChange, startedAt: number): boolean {
    if (change === 'changed' || this.#isListedAnew(listed)) return true;
    const isAged = now - this.#inspectedAt >= maxAgeMillis || now < this.#inspectedAt;
    // A start that fails has no event and leaves the list as it was.
    if (isAged && listed.status === 'created') return true;
    if (change === 'unchanged') return this.#missedChange(listed, now, startedAt);
    // A run that began within the last minute may be another one than a moment ago, under the same revision.
    return isAged || listed.changedRecently;
  }

  /** True when the list item differs from the one that led to the last inspect. */
  #isListedAnew({ name, status, health, revision }: ListedContainer): boolean {
    const known = this.#listed;
    if (!known) return true;
    return (
      known.name !== name || known.status !== status || known.health !== health || known.revision !== revision
    );
  }

  /** The list dates a start or an end within the last minute, and the last one known is twice as long ago. */
  #missedChange({ changedRecently }: ListedContainer, now: number, startedAt: number): boolean {
    const { finishedAt = 0 } = this.#inspected?.state ?? {};
    const lastChange = Math.max(startedAt, agentTime(finishedAt, this.#inspected ?? {}));
    return changedRecently && now - lastChange > 2 * maxAgeMillis;
  }
}

/** Limits that only an inspect shows. */
const unknownLimits: readonly LimitName[] = [
  'cpus',
  'nanoCpus',
  'cpuset',
  'cpuShares',
  'cpuQuotaMicros',
  'cpuPeriodMicros',
  'memoryBytes',
  'memoryReservationBytes',
  'memorySwapBytes',
  'pids',
];

/** A container's identity as far as the list has it. */
export function listedIdentity({ id, name, image }: ListedContainer): ContainerIdentity {
  const reference = parseImageReference(image, undefined);
  return { id, name, image: reference, labels: {}, environment: [], command: [] };
}

/**
 * State and limits of a container as far as the list has them: nothing of an earlier inspect holds for certain.
 */
export function listedParts({
  status,
  health,
}: ListedContainer): Pick<InspectedContainer, 'state' | 'limits'> {
  const state = { ...(status && { status }), ...(health && { health }) };
  return { state, limits: { unknown: unknownLimits } };
}

/** True for the states that begin without an event: their end has one. */
export function isBeingRemoved({ status }: ListedContainer): boolean {
  return status === 'removing' || status === 'dead';
}
