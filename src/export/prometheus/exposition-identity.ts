import { escapeLabelValue } from './text-format.ts';

/** The labels that all series of a scope share, written once. */
export interface Identity {
  readonly names: readonly string[];
  /** Each label as `name="value"`. */
  readonly pairs: readonly string[];
  /** The pairs joined by commas. */
  readonly text: string;
}

/** The identity of series that have none. */
export const anonymous: Identity = { names: [], pairs: [], text: '' };

const written = new WeakMap<Readonly<Record<string, string>>, Identity>();

/** Writes identity labels, once per object: between two scrapes hardly a container changes. */
export function identityOf(labels: Readonly<Record<string, string>>): Identity {
  const known = written.get(labels);
  if (known) return known;
  const present = Object.entries(labels).filter(([, value]) => value !== '');
  const pairs = present.map(([name, value]) => `${name}="${escapeLabelValue(value)}"`);
  const identity = { names: present.map(([name]) => name), pairs, text: pairs.join(',') };
  written.set(labels, identity);
  return identity;
}
