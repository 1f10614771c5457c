import type { Instrument, InstrumentKind, RuntimeInstrument } from '../model/instrument.ts';

/** Properties of an instrument that determine its exposed name. */
export interface NamedInstrument {
  readonly name: string;
  readonly kind: InstrumentKind | 'histogram';
  /** UCUM, as OpenTelemetry uses it. */
  readonly unit: string;
}

/** A family's name by the OTel–Prometheus compatibility specification. */
export interface PrometheusName {
  /** As the text format 0.0.4 shows it: a counter's with `_total`. */
  readonly name: string;
  /** The unit in Prometheus' words, when the name (without `_total`) ends with it; else empty. */
  readonly unit: string;
}

const total = '_total';

/** Translates an instrument's name: valid characters, the unit as suffix, `_total` on counters. */
export function prometheusName({ name, kind, unit }: NamedInstrument): PrometheusName {
  const suffix = unitSuffix(unit, kind === 'gauge');
  const valid = legalName(name);
  const isCounter = kind === 'counter';
  const base = isCounter && valid !== total && valid.endsWith(total) ? valid.slice(0, -total.length) : valid;
  // Anywhere in the name, as the Collector's exporter has it.
  const hasUnit = suffix === '' || `_${base}_`.includes(`_${suffix}_`);
  const named = hasUnit ? base : collapsed(`${base}_${suffix}`);
  return {
    name: isCounter ? collapsed(`${named}${total}`) : named,
    unit: suffix !== '' && named.endsWith(`_${suffix}`) ? suffix : '',
  };
}

/** An attribute's key as a label's name. */
export function prometheusLabel(key: string): string {
  return legalName(key);
}

/** The Collector's Prometheus exporter makes these of a Resource that names a service. */
const labelsOfService: Readonly<Record<string, string>> = {
  'service.name': 'job',
  'service.instance.id': 'instance',
};

/**
 * The labels under which an attribute's key may be shown: ours, and those of the Collector's Prometheus exporter. Empty
 * for a key without a letter or digit, and for one that comes to a name of Prometheus' own (`__name__`): that exporter
 * refuses the whole series.
 */
export function shownLabels(key: string): readonly string[] {
  const kept = key.replaceAll(/[^a-zA-Z0-9_]/g, '_');
  if (kept.startsWith('__') || !/[a-zA-Z0-9]/.test(kept)) return [];
  const beforeDigit = /^[0-9]/.test(kept) ? [collapsed(`key_${kept}`)] : [];
  const ofService = Object.hasOwn(labelsOfService, key) ? [labelsOfService[key] ?? ''] : [];
  return [prometheusLabel(key), ...beforeDigit, ...ofService];
}

/** Colons are legal in a metric's name, but kept for recording rules; in a label's they are not legal. */
function legalName(name: string): string {
  const legal = collapsed(name.replaceAll(/[^a-zA-Z0-9_]/g, '_'));
  return legal === '' || /^[0-9]/.test(legal) ? `_${legal}` : legal;
}

function collapsed(name: string): string {
  return name.replaceAll(/__+/g, '_');
}

/** UCUM codes and Prometheus' units, as the OTel–Prometheus compatibility specification spells them. */
const words: ReadonlyMap<string, string> = new Map([
  ['d', 'days'],
  ['h', 'hours'],
  ['min', 'minutes'],
  ['s', 'seconds'],
  ['ms', 'milliseconds'],
  ['us', 'microseconds'],
  ['ns', 'nanoseconds'],
  ['By', 'bytes'],
  ['KiBy', 'kibibytes'],
  ['MiBy', 'mebibytes'],
  ['GiBy', 'gibibytes'],
  ['TiBy', 'tebibytes'],
  ['KBy', 'kilobytes'],
  ['kBy', 'kilobytes'],
  ['MBy', 'megabytes'],
  ['GBy', 'gigabytes'],
  ['TBy', 'terabytes'],
  ['m', 'meters'],
  ['V', 'volts'],
  ['A', 'amperes'],
  ['J', 'joules'],
  ['W', 'watts'],
  ['g', 'grams'],
  ['Cel', 'celsius'],
  ['Hz', 'hertz'],
  ['%', 'percent'],
  ['1', ''],
]);

/** The same below a fraction line, where Prometheus counts in the singular. */
const wordsBelow: ReadonlyMap<string, string> = new Map([
  ['s', 'second'],
  ['m', 'minute'],
  ['min', 'minute'],
  ['h', 'hour'],
  ['d', 'day'],
  ['w', 'week'],
  ['mo', 'month'],
  ['y', 'year'],
]);

const annotations = /\{[^}]*\}/g;

/** A UCUM unit's suffix without its underscore; empty where Prometheus names have no unit. */
function unitSuffix(unit: string, isGauge: boolean): string {
  if (unit === '1') return isGauge ? 'ratio' : '';
  const [above = '', ...rest] = unit.replaceAll(annotations, '').split('/');
  const numerator = wordOf(words, above);
  const denominator = wordOf(wordsBelow, rest.join('_per_'));
  return [numerator, denominator && `per_${denominator}`].filter((part) => part !== '').join('_');
}

/** Codes without a word stay as they are, as far as a name may hold them. */
function wordOf(table: ReadonlyMap<string, string>, code: string): string {
  const trimmed = code.trim();
  return (table.get(trimmed) ?? trimmed).replaceAll(/[^a-zA-Z0-9]+/g, '_').replaceAll(/^_+|_+$/g, '');
}

/** Properties of an instrument that determine its exposition in Prometheus. */
export type Exposable = Pick<Instrument<never>, 'name' | 'kind' | 'unit' | 'attributes' | 'literal'>;

/** An instrument as Prometheus sees it. */
export interface ExposedMetric {
  /** As the text format shows it: a counter's with `_total`. */
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  /** In Prometheus' words; empty where the name does not end with it. */
  readonly unit: string;
  /** Its own labels in order, without the container's identity. */
  readonly labels: readonly string[];
}

/** Translates an instrument; one that is `literal` keeps its name. */
export function exposedMetric({ name, kind, unit, attributes, literal }: Exposable): ExposedMetric {
  if (literal) return { name, type: literal.type, unit: '', labels: attributes.toSorted() };
  return {
    ...prometheusName({ name, kind, unit }),
    type: kind === 'counter' ? 'counter' : 'gauge',
    labels: attributes.map(prometheusLabel).toSorted(),
  };
}

/** The first of each group of instruments with one exposed name. */
export function firstOfEachName<T extends Exposable>(instruments: readonly T[]): readonly T[] {
  const first = new Map<string, T>();
  for (const instrument of instruments) {
    const { name } = exposedMetric(instrument);
    if (!first.has(name)) first.set(name, instrument);
  }
  return [...first.values()];
}

/** A peer's gauge, whose name Prometheus sees as it stands; without a unit, an attribute and a source. */
export function literalGauge(
  name: string,
  description: string,
): Omit<RuntimeInstrument, 'observe' | 'source'> {
  return {
    name,
    kind: 'gauge',
    unit: '',
    description,
    attributes: [],
    stability: 'peer',
    literal: { type: 'gauge' },
  };
}
