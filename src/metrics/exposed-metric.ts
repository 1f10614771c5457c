import type { Instrument } from '../model/instrument.ts';
import { prometheusLabel, prometheusName } from './prometheus-names.ts';

/** What of an instrument decides how Prometheus sees it. */
export type Exposable = Pick<Instrument<never>, 'name' | 'kind' | 'unit' | 'attributes' | 'literal'>;

/** An instrument as Prometheus sees it. */
export interface ExposedMetric {
  /** As the text format shows it: a counter's with `_total`. */
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  /** In Prometheus' words; empty where the name does not end with it. */
  readonly unit: string;
  /** Those of its own, in order; the container's identity is no part of them. */
  readonly labels: readonly string[];
}

/** Translates an instrument, or takes it literally where it wants that. */
export function exposedMetric({ name, kind, unit, attributes, literal }: Exposable): ExposedMetric {
  if (literal) return { name, type: literal.type, unit: '', labels: attributes.toSorted() };
  return {
    ...prometheusName({ name, kind, unit }),
    type: kind === 'counter' ? 'counter' : 'gauge',
    labels: attributes.map(prometheusLabel).toSorted(),
  };
}

/** Of instruments that are exposed under one name, the first. */
export function firstOfEachName<T extends Exposable>(instruments: readonly T[]): readonly T[] {
  const first = new Map<string, T>();
  for (const instrument of instruments) {
    const { name } = exposedMetric(instrument);
    if (!first.has(name)) first.set(name, instrument);
  }
  return [...first.values()];
}
