import type { Attributes } from '@opentelemetry/api';
import type { ScopeMetrics } from '@opentelemetry/sdk-metrics';
import { prometheusLabel } from '../../metrics/prometheus-names.ts';
import { Kept } from '../../model/kept.ts';

const special = /[\\\n"]/;

/** A label's value between its quotes. */
export function escapeLabelValue(value: string): string {
  const legal = wellFormed(value);
  return special.test(legal) ? escapeLines(legal).replaceAll('"', '\\"') : legal;
}

/** Text on one line: backslashes and line ends escaped. */
export function escapeLines(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

/** A lone surrogate has no UTF-8: it becomes U+FFFD. */
export function wellFormed(text: string): string {
  return text.isWellFormed() ? text : text.toWellFormed();
}

/** One label of a set of attributes: several keys when they translate to the same name. */
interface Label {
  readonly start: string;
  readonly keys: readonly string[];
}

/** A set of attributes as labels. */
export interface Pairs {
  /** Each label as `name="value"`. */
  readonly each: readonly string[];
  /** The same joined by commas. */
  readonly text: string;
  /** See {@link sortedText}. */
  sorted?: string;
}

const noPairs: Pairs = { each: [], text: '', sorted: '' };

/** Equal for equal labels in whatever order they stand; made once. */
export function sortedText(pairs: Pairs): string {
  return (pairs.sorted ??= pairs.each.toSorted().join());
}

/** Labels of a sequence of attribute keys; one node per key, so that a look-up needs no joined string. */
interface Shape {
  readonly next: Map<string, Shape>;
  labels?: readonly Label[];
}

/**
 * Writes attributes as labels, in the order of their names, so that equal sets give equal text. Keys are translated
 * once per sequence of keys. Empty values are left out: to Prometheus they are absent labels. For one exposition, as it
 * keeps what it writes.
 */
export class AttributeLabels {
  readonly #taken: ReadonlySet<string>;
  readonly #shapes: Shape = { next: new Map() };
  /** Many containers share a set of attributes, such as one state's: it is written once. */
  readonly #written = new Map<Attributes, Pairs>();

  readonly #translate: (key: string) => string;

  /**
   * @param taken names that attributes may not have, because the series has them already.
   * @param translate what makes a label's name of a key.
   */
  constructor(taken: Iterable<string> = [], translate = prometheusLabel) {
    this.#taken = new Set(taken);
    this.#translate = translate;
  }

  /** The labels of one set, written once per object. */
  of(attributes: Attributes): Pairs {
    if (isEmpty(attributes)) return noPairs;
    const known = this.#written.get(attributes);
    if (known) return known;
    const each = this.#pairs(attributes);
    const pairs = { each, text: each.length === 1 ? (each[0] ?? '') : each.join(',') };
    this.#written.set(attributes, pairs);
    return pairs;
  }

  #pairs(attributes: Attributes): string[] {
    const pairs: string[] = [];
    const keys = Object.keys(attributes);
    for (const {
      start,
      keys: [key = '', ...others],
    } of this.#labelsOf(keys)) {
      const value =
        others.length === 0
          ? textOf(attributes[key])
          : [key, ...others].map((each) => textOf(attributes[each])).join(';');
      if (value !== '') pairs.push(`${start}${escapeLabelValue(value)}"`);
    }
    return pairs;
  }

  #labelsOf(keys: readonly string[]): readonly Label[] {
    let shape = this.#shapes;
    for (const key of keys) {
      let next = shape.next.get(key);
      if (!next) shape.next.set(key, (next = { next: new Map() }));
      shape = next;
    }
    return (shape.labels ??= this.#labelled(keys));
  }

  #labelled(keys: readonly string[]): Label[] {
    const byName = Map.groupBy(keys.toSorted(), this.#translate);
    const free = [...byName].filter(([name]) => !this.#taken.has(name));
    const ordered = free.toSorted(([a], [b]) => (a < b ? -1 : 1));
    return ordered.map(([name, sameName]) => ({ start: `${name}="`, keys: sameName }));
  }
}

function isEmpty(attributes: Attributes): boolean {
  for (const _ in attributes) return false;
  return true;
}

/** Strings as they are, all else as JSON, as the specification requires; empty for values without JSON. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint') return `${value}`;
  return JSON.stringify(value) ?? '';
}

/** The labels that all series of a scope share, written once. */
export interface Identity {
  readonly names: readonly string[];
  /** Each label as `name="value"`. */
  readonly pairs: readonly string[];
  /** The pairs joined by commas. */
  readonly text: string;
  /** The same before further labels. */
  readonly lead: string;
}

/** The identity of series that have none. */
const anonymous: Identity = { names: [], pairs: [], text: '', lead: '' };

/** Writes identity labels, once per object: between two scrapes hardly a container changes. */
export class IdentityLabels {
  readonly #written = new Kept<Readonly<Record<string, string>>, Identity>();

  /** Begins an exposition: labels that are in none any more are let go by and by. */
  round(): void {
    this.#written.round();
  }

  /** The identity that these labels are. */
  of(labels: Readonly<Record<string, string>>): Identity {
    const known = this.#written.get(labels);
    if (known) return known;
    const present = Object.entries(labels).filter(([, value]) => value !== '');
    const pairs = present.map(([name, value]) => `${name}="${escapeLabelValue(value)}"`);
    const text = pairs.join(',');
    const lead = text === '' ? '' : `${text},`;
    const identity = { names: present.map(([name]) => name), pairs, text, lead };
    this.#written.set(labels, identity);
    return identity;
  }
}

/** Labels of the series of one scope. */
export interface ScopeLabels {
  readonly identity: Identity;
  readonly attributes: AttributeLabels;
  /** A histogram's: its buckets have a label of their own. */
  readonly histogramAttributes: AttributeLabels;
  /** Another scope has the same identity, so that two scopes may hold the same series. */
  readonly isShared: boolean;
}

type LabelsOf = (scope: ScopeMetrics) => Readonly<Record<string, string>> | undefined;
type Writers = Pick<ScopeLabels, 'attributes' | 'histogramAttributes'>;

/** The labels of the scopes of one exposition. Scopes whose identities have the same label names share their writers. */
export class ScopesLabels {
  readonly #labelsOf: LabelsOf;
  readonly #identityLabels: IdentityLabels;
  readonly #writers = new Map<string, Writers>();
  /** Number of scopes by identity. */
  readonly #uses = new Map<string, number>();

  constructor(labelsOf: LabelsOf, identityLabels: IdentityLabels) {
    this.#labelsOf = labelsOf;
    this.#identityLabels = identityLabels;
    identityLabels.round();
  }

  /** Counts a scope; all of them are counted before the labels of the first are asked for. */
  add(scope: ScopeMetrics): void {
    const { text } = this.#identityOf(scope);
    this.#uses.set(text, (this.#uses.get(text) ?? 0) + 1);
  }

  of(scope: ScopeMetrics): ScopeLabels {
    const identity = this.#identityOf(scope);
    const isShared = (this.#uses.get(identity.text) ?? 0) > 1;
    return { identity, ...writersOf(this.#writers, identity.names), isShared };
  }

  #identityOf(scope: ScopeMetrics): Identity {
    const labels = this.#labelsOf(scope);
    return labels ? this.#identityLabels.of(labels) : anonymous;
  }
}

/** The labels of literal metrics: all their series share an identity that is empty, and their keys are names of labels already. */
export function labelAnonymous(): ScopeLabels {
  const attributes = new AttributeLabels([], (key) => key);
  return { identity: anonymous, attributes, histogramAttributes: attributes, isShared: true };
}

function writersOf(known: Map<string, Writers>, names: readonly string[]): Writers {
  const key = names.join();
  const writers = known.get(key) ?? {
    attributes: new AttributeLabels(names),
    histogramAttributes: new AttributeLabels([...names, 'le']),
  };
  known.set(key, writers);
  return writers;
}
