// One piece, because the lines of a series depend on the other series of its family: one stream renders both.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Attributes, HrTime } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import { DataPointType } from '@opentelemetry/sdk-metrics';
import type {
  DataPoint,
  Histogram,
  MetricData,
  ResourceMetrics,
  ScopeMetrics,
} from '@opentelemetry/sdk-metrics';
import { AttributeLabels, labelAnonymous, labelScopes } from './labels.ts';
import type { Identity, IdentityLabels, ScopeLabels } from './labels.ts';
import { headLines, headOf, kindOf, formatValue } from './text-format.ts';
import type { Family, FamilyHead, LiteralNames, ExpositionFormat } from './text-format.ts';

/** About 1 ms of work: twenty scrapes at once still leave the event loop turning. */
const charactersPerTurn = 48 * 1024;
const scopesPerTurn = 200;

/** Content of an exposition. */
export interface ExpositionInput {
  /** Container-major: one ScopeMetrics per container, and the agent's own. Its resource becomes `target_info`. */
  readonly resourceMetrics: ResourceMetrics;
  /** Identity labels of a container's or a runtime's scope, as Prometheus names them; undefined for the agent's own scopes. */
  readonly labelsOf: (scope: ScopeMetrics) => Readonly<Record<string, string>> | undefined;
  /** Keeps what it has written of those labels for the next exposition. */
  readonly identityLabels: IdentityLabels;
  /** Metrics exposed verbatim: no suffixes, the type as given, no identity labels. */
  readonly literal: LiteralNames;
}

/** Format of an exposition. */
export interface ExpositionOptions extends SampleOptions {
  /** Called with the name of each family that is left out because another one has its name already. */
  readonly onConflict?: (name: string) => void;
}

/**
 * Renders an exposition, family by family, in chunks of some tens of KB, and lets the event loop turn after each.
 * Each chunk is rendered on demand, so a slow reader holds the rendering back and one that leaves ends it.
 */
export async function* renderExposition(
  input: ExpositionInput,
  options: ExpositionOptions,
): AsyncGenerator<string> {
  const { format } = options;
  let chunk = targetLines(input.resourceMetrics.resource, format);
  for (const family of await familiesOf(input, options)) {
    let head = headLines(family.head, format);
    for (const lines of partsOf(family, options)) {
      if (lines === '') continue;
      chunk += head + lines;
      head = '';
      if (chunk.length < charactersPerTurn) continue;
      yield chunk;
      chunk = '';
      await nextTurn();
    }
  }
  yield format === 'openmetrics' ? `${chunk}# EOF\n` : chunk;
}

async function familiesOf(
  { resourceMetrics, labelsOf, identityLabels, literal }: ExpositionInput,
  { format, onConflict }: ExpositionOptions,
): Promise<Families> {
  const { scopeMetrics } = resourceMetrics;
  const families = new Families({ literal, format, onConflict });
  families.reserve(targetHead(format));
  const labels = labelScopes(scopeMetrics, labelsOf, identityLabels);
  for (const [index, scope] of scopeMetrics.entries()) {
    const scopeLabels = labels[index];
    if (scopeLabels) families.add(scope, scopeLabels);
    if (index % scopesPerTurn === scopesPerTurn - 1) await nextTurn();
  }
  return families;
}

const sampleName = 'target_info';
const described = { sampleName, unit: '', help: 'Target metadata' };

/** The family `target_info`: OpenMetrics has a type of its own for it. */
function targetHead(format: ExpositionFormat): FamilyHead {
  if (format === 'text') return { ...described, name: sampleName, type: 'gauge' };
  return { ...described, name: 'target', type: 'info' };
}

/** The agent's own resource as labels; nothing for an empty resource. OpenMetrics requires it first. */
function targetLines({ attributes }: Resource, format: ExpositionFormat): string {
  const labels = new AttributeLabels().of(attributes).text;
  return labels === '' ? '' : headLines(targetHead(format), format) + sample(sampleName, labels, '1');
}

/** Options of the translation of metrics to families. */
interface FamiliesOptions {
  readonly literal: LiteralNames;
  readonly format: ExpositionFormat;
  /** Called with the name of each family that was left out because another one has its name. */
  readonly onConflict?: ((name: string) => void) | undefined;
}

interface Resolved {
  readonly kind: ReturnType<typeof kindOf>;
  readonly family: Family | undefined;
  readonly isLiteral: boolean;
}

const suffixes = {
  text: { counter: [], gauge: [], unknown: [], info: [], histogram: ['_bucket', '_sum', '_count'] },
  openmetrics: {
    counter: ['_total', '_created'],
    gauge: [],
    unknown: [],
    info: ['_info'],
    histogram: ['_bucket', '_sum', '_count', '_created'],
  },
} as const satisfies Record<ExpositionFormat, Record<FamilyHead['type'], readonly string[]>>;

/** Gathers metrics of many scopes into families, in the order in which they first appear. */
class Families {
  readonly #options: FamiliesOptions;
  readonly #families = new Map<string, Family>();
  /** Names of families and samples; a name means one family only. */
  readonly #taken = new Set<string>();
  readonly #refused = new Set<string>();
  readonly #resolved = new Map<MetricData['descriptor'], Resolved>();
  readonly #anonymous = labelAnonymous();

  constructor(options: FamiliesOptions) {
    this.#options = options;
  }

  /** Keeps a name, as the target's own family needs it. */
  reserve(head: Pick<FamilyHead, 'name' | 'type'>): void {
    for (const taken of this.#namesOf(head)) this.#taken.add(taken);
  }

  /** Adds what one scope holds. */
  add({ metrics }: ScopeMetrics, labels: ScopeLabels): void {
    for (const metric of metrics) {
      const { family, isLiteral } = this.#resolve(metric);
      if (family) addPart(family, metric, isLiteral ? this.#anonymous : labels);
    }
  }

  [Symbol.iterator](): Iterator<Family> {
    return this.#families.values();
  }

  /** A meter hands over the same descriptor for each container: names are translated once per descriptor. */
  #resolve(metric: MetricData): Resolved {
    const known = this.#resolved.get(metric.descriptor);
    const kind = kindOf(metric);
    if (known?.kind === kind && known) return known;
    const isLiteral = kind !== 'histogram' && this.#options.literal.has(metric.descriptor.name);
    const family = kind && this.#familyOf(headOf(metric, kind, this.#options.literal, this.#options.format));
    const resolved = { kind, family, isLiteral };
    this.#resolved.set(metric.descriptor, resolved);
    return resolved;
  }

  #familyOf(head: FamilyHead): Family | undefined {
    const known = this.#families.get(head.name);
    if (known?.head.type === head.type) return known;
    const names = this.#namesOf(head);
    if (names.some((name) => this.#taken.has(name))) {
      this.#refuse(head.sampleName);
      return undefined;
    }
    for (const name of names) this.#taken.add(name);
    const family = { head, parts: [], mayRepeat: false };
    this.#families.set(head.name, family);
    return family;
  }

  #refuse(name: string): void {
    if (this.#refused.has(name)) return;
    this.#refused.add(name);
    this.#options.onConflict?.(name);
  }

  #namesOf({ name, type }: Pick<FamilyHead, 'name' | 'type'>): string[] {
    return [name, ...suffixes[this.#options.format][type].map((suffix) => `${name}${suffix}`)];
  }
}

/** Series can meet again only where two parts have the same identity, or identities of different label names. */
function addPart(family: Family, metric: MetricData, labels: ScopeLabels): void {
  const last = family.parts.at(-1);
  const meets =
    last !== undefined && (last.labels === labels || last.labels.attributes !== labels.attributes);
  if (labels.isShared || meets) family.mayRepeat = true;
  family.parts.push({ metric, labels });
}

/** Options of sample lines. */
interface SampleOptions {
  readonly format: ExpositionFormat;
  /** True for `_created` lines; the text format 0.0.4 has none. */
  readonly created: boolean;
}

/** The lines of each part of a family, in turn. No series comes twice: of equal ones the first. */
function* partsOf({ head, parts, mayRepeat }: Family, options: SampleOptions): Generator<string> {
  const acrossParts = mayRepeat ? new Set<string>() : undefined;
  for (const { metric, labels } of parts) {
    const { identity, attributes, histogramAttributes } = labels;
    const isHistogram = metric.dataPointType === DataPointType.HISTOGRAM;
    const writer = isHistogram ? histogramAttributes : attributes;
    yield partLines(
      head,
      metric,
      options,
      new SeriesLabels(identity, writer, metric.dataPoints.length, acrossParts),
    );
  }
}

function partLines(
  head: FamilyHead,
  metric: MetricData,
  options: SampleOptions,
  series: SeriesLabels,
): string {
  let lines = '';
  switch (metric.dataPointType) {
    case DataPointType.SUM:
    case DataPointType.GAUGE:
      for (const point of metric.dataPoints) lines += numberLines(head, point, options, series);
      break;
    case DataPointType.HISTOGRAM:
      for (const point of metric.dataPoints) lines += bucketLines(head, point, options, series);
      break;
    case DataPointType.EXPONENTIAL_HISTOGRAM:
  }
  return lines;
}

function bucketLines(
  head: FamilyHead,
  { attributes, value, startTime }: DataPoint<Histogram>,
  options: SampleOptions,
  series: SeriesLabels,
): string {
  const labels = series.next(attributes);
  if (labels === undefined) return '';
  return (
    histogramLines(head.name, labels, value, options.format) + createdLine(head, labels, startTime, options)
  );
}

function numberLines(
  head: FamilyHead,
  { attributes, value, startTime }: DataPoint<number>,
  options: SampleOptions,
  series: SeriesLabels,
): string {
  if (!isLegal(head, value, options)) return '';
  const labels = series.next(attributes);
  if (labels === undefined) return '';
  const line = sample(head.sampleName, labels, formatValue(value));
  return head.type === 'counter' ? line + createdLine(head, labels, startTime, options) : line;
}

/** OpenMetrics has no counter that is negative or no number. */
function isLegal({ type }: FamilyHead, value: number, { format }: SampleOptions): boolean {
  return type !== 'counter' || format === 'text' || value >= 0;
}

/** The counter's start in Unix time; empty where it is unknown. */
function createdLine(
  { name }: FamilyHead,
  labels: string,
  [seconds, nanos]: HrTime,
  options: SampleOptions,
): string {
  if (!options.created || options.format === 'text' || seconds <= 0) return '';
  return sample(`${name}_created`, labels, formatValue(seconds + nanos / 1e9));
}

/** The labels of one part's series, each once. */
class SeriesLabels {
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
function sample(name: string, labels: string, value: string): string {
  return labels === '' ? `${name} ${value}\n` : `${name}{${labels}} ${value}\n`;
}

function added(seen: Set<string>, series: string): boolean {
  const before = seen.size;
  return seen.add(series).size > before;
}

/** The lines of one histogram: cumulative buckets, then sum and count. */
function histogramLines(
  name: string,
  labels: string,
  { buckets, sum }: Histogram,
  format: ExpositionFormat,
): string {
  const { boundaries, counts } = buckets;
  const before = labels === '' ? '' : `${labels},`;
  const bucket = (le: string, count: number) =>
    sample(`${name}_bucket`, `${before}le="${le}"`, formatValue(count));
  let lines = '';
  let total = 0;
  for (const [index, count] of counts.entries()) {
    const boundary = boundaries[index] ?? Infinity;
    total += count;
    if (boundary !== Infinity) lines += bucket(formatBoundary(boundary, format), total);
  }
  lines += bucket('+Inf', total);
  const showsSum = isMonotonic(sum, boundaries);
  if (showsSum) lines += sample(`${name}_sum`, labels, formatValue(sum));
  // OpenMetrics requires sum and count together or not at all.
  return showsSum || format === 'text' ? lines + sample(`${name}_count`, labels, formatValue(total)) : lines;
}

/** A sum that could fall is no counter, and the specification leaves it out. */
function isMonotonic(sum: number | undefined, [lowest = 0]: readonly number[]): sum is number {
  return sum !== undefined && sum >= 0 && lowest >= 0;
}

/** OpenMetrics spells whole numbers with a fraction here: 1.0. */
function formatBoundary(boundary: number, format: ExpositionFormat): string {
  const text = formatValue(boundary);
  return format === 'openmetrics' && /^-?\d+$/.test(text) ? `${text}.0` : text;
}
