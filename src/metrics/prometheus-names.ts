import type { InstrumentKind } from '../model/instrument.ts';
import { unitSuffix } from './prometheus-units.ts';

/** What of an instrument decides its exposed name. */
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

/** Colons are legal in a metric's name, but kept for recording rules; in a label's they are not legal. */
function legalName(name: string): string {
  const legal = collapsed(name.replaceAll(/[^a-zA-Z0-9_]/g, '_'));
  return legal === '' || /^[0-9]/.test(legal) ? `_${legal}` : legal;
}

function collapsed(name: string): string {
  return name.replaceAll(/__+/g, '_');
}
