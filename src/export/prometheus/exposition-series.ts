import type { Attributes } from '@opentelemetry/api';
import type { Identity } from './exposition-identity.ts';
import type { AttributeLabels } from './labels.ts';

/** The labels of one part's series, each once. */
export class SeriesLabels {
  readonly #identity: Identity;
  readonly #attributes: AttributeLabels;
  readonly #acrossParts: Set<string> | undefined;
  readonly #within: Set<string> | undefined;

  /** @param acrossParts what came before in this family, where another part may hold the same series. */
  constructor(
    identity: Identity,
    attributes: AttributeLabels,
    points: number,
    acrossParts: Set<string> | undefined,
  ) {
    this.#identity = identity;
    this.#attributes = attributes;
    this.#acrossParts = acrossParts;
    // Alone in its part, and no other part can hold it: nothing to compare with.
    this.#within = acrossParts === undefined && points > 1 ? new Set() : undefined;
  }

  /** The labels as they stand between the braces; undefined when this series came before. */
  next(attributes: Attributes): string | undefined {
    const { each, text: own } = this.#attributes.of(attributes);
    if (this.#isRepeated(each, own)) return undefined;
    const identity = this.#identity.text;
    if (identity === '' || own === '') return identity + own;
    return `${identity},${own}`;
  }

  #isRepeated(pairs: readonly string[], own: string): boolean {
    if (this.#within) return !added(this.#within, own);
    // Identities of different label names may have the same label in another place.
    return (
      this.#acrossParts !== undefined &&
      !added(this.#acrossParts, [...this.#identity.pairs, ...pairs].toSorted().join())
    );
  }
}

/** One line of a series. */
export function sample(name: string, labels: string, value: string): string {
  return labels === '' ? `${name} ${value}\n` : `${name}{${labels}} ${value}\n`;
}

function added(seen: Set<string>, series: string): boolean {
  const before = seen.size;
  return seen.add(series).size > before;
}
