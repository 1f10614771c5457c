import { containerStatuses, healthStatuses } from '../../model/container.ts';
import type { ContainerStatus, HealthStatus } from '../../model/container.ts';
import type { ListedContainer } from '../container-source.ts';
import type { JsonItem } from '../item-reader.ts';
import type { Refusal } from '../response-limits.ts';
import { objectOf, present, textOf, textsOf } from '../json.ts';
import type { Fields } from '../json.ts';
import { SourceError } from '../source-error.ts';

/** Engines use 64 hexadecimal digits; whatever else an id may be, it goes into the path of the next requests. */
const writtenId = /^[\w.-]{1,256}$/;

/** An item of a list that is not measured. */
export interface RefusedContainer {
  /** Beginning of its name, else of its id, as far as it is known. */
  readonly name?: string;
  readonly reason: Refusal | 'malformed';
  /** The field that is beyond the limits. */
  readonly field?: string;
}

/** Names of refused items that are kept: more of them, and longer ones, only cost memory. */
const [maxKeptNames, maxNameCharacters] = [1000, 256];

/** The containers of a list, and what of it is not measured. */
export interface ContainerListing {
  readonly listed: readonly ListedContainer[];
  readonly refused: readonly RefusedContainer[];
}

/**
 * Collects `GET /containers/json` item by item, each as Moby's `container.Summary` gives it. An item that is beyond the
 * limits, is no JSON, or has no id that a path could hold, is refused alone.
 */
export class ContainerListReader {
  readonly #listed: ListedContainer[] = [];
  readonly #refused: RefusedContainer[] = [];
  #isJson = false;

  /** Takes the next item. */
  take({ text, refused }: JsonItem): void {
    const fields = objectOf(this.#parse(text)) ?? {};
    const id = textOf(fields['Id']) ?? '';
    if (writtenId.test(id) && !refused) {
      this.#listed.push(listedContainer(id, fields));
      return;
    }
    const isNamed = this.#refused.length < maxKeptNames;
    const name = (isNamed && copyOf(displayName(textsOf(fields['Names']), id))) || undefined;
    const { reason, field } = refused ?? { reason: 'malformed' };
    this.#refused.push(present<RefusedContainer>({ name, reason, field }));
  }

  /** Throws {@link SourceError} `bad-response` when nothing of it was JSON. */
  end(): ContainerListing {
    if (!this.#isJson && this.#refused.length > 0)
      throw new SourceError('bad-response', 'list of containers: not JSON, begins with "["');
    return { listed: this.#listed, refused: this.#refused };
  }

  #parse(text: string): unknown {
    try {
      const item: unknown = JSON.parse(text);
      this.#isJson = true;
      return item;
    } catch {
      // Refused, as what is no object.
      return undefined;
    }
  }
}

/** The beginning of a name, without the memory of all of it: a slice would hold it. */
function copyOf(name: string): string {
  return Buffer.from(name.slice(0, maxNameCharacters)).toString();
}

/**
 * The name to show without its slash, else the full id. Of a container that others link to the engine lists `/web/db`
 * for each link beside its own `/db`, in no order: its own has no further slash.
 */
export function displayName(names: readonly string[], id: string): string {
  const bare = names.map((name) => name.replace(/^\/+/, '').trim()).filter((name) => name !== '');
  return bare.find((name) => !name.includes('/')) ?? bare[0] ?? id;
}

/** The engine's word for a state, or undefined for an unknown one. */
export function statusOf(value: unknown): ContainerStatus | undefined {
  return containerStatuses.find((status) => status === value);
}

/** The health, absent for `none` and the empty text of containers without a check; recordings differ in capitals. */
export function healthOf(value: unknown): HealthStatus | undefined {
  const text = textOf(value)?.toLowerCase();
  return healthStatuses.find((status) => status === text);
}

/**
 * Docker ends the checks of a container that is stopped or paused, and reports `unhealthy` from then on
 * although none failed: a health is current only while it runs.
 */
export function currentHealth(
  health: HealthStatus | undefined,
  status: ContainerStatus | undefined,
): HealthStatus | undefined {
  return status === undefined || status === 'running' ? health : undefined;
}

function listedContainer(id: string, fields: Fields): ListedContainer {
  const statusText = textOf(fields['Status']) ?? '';
  const status = statusOf(fields['State']);
  const health = healthOf(objectOf(fields['Health'])?.['Status']) ?? healthInText(statusText);
  return present<ListedContainer>({
    id,
    name: displayName(textsOf(fields['Names']), id),
    status,
    revision: revisionOf(statusText),
    changedRecently: isRecent(statusText),
    health: currentHealth(health, status),
    image: textOf(fields['Image']),
    labels: objectOf(fields['Labels']),
  });
}

/** Engines before API 1.52 have the health only inside the text: `Up 2 hours (unhealthy)`. */
function healthInText(text: string): HealthStatus | undefined {
  const inside = /\((?:health: )?(starting|healthy|unhealthy)\)/.exec(text);
  return healthOf(inside?.[1]);
}

const unit = '(?:second|minute|hour|day|week|month|year)';
const elapsed = new RegExp(` (?:Less than a|About an?|\\d+) ${unit}s?(?: ago)?`);
const elapsedSeconds = / (?:Less than a|\d+) seconds?\b/;

/**
 * The engine's status text without the elapsed time, which changes by itself: `Up 5 minutes (healthy)` →
 * `Up (healthy)`, `Exited (137) 2 hours ago` → `Exited (137)`.
 */
export function revisionOf(statusText: string): string {
  return statusText.replace(elapsed, '');
}

/**
 * True when the status text dates the last start or end in seconds. go-units' HumanDuration rounds down, so a text in
 * minutes describes nothing that happened after an inspect of the last minute.
 */
export function isRecent(statusText: string): boolean {
  return elapsedSeconds.test(statusText);
}
