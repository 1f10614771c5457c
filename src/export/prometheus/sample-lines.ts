import type { Attributes, HrTime } from '@opentelemetry/api';
import { DataPointType } from '@opentelemetry/sdk-metrics';
import type { DataPoint, Histogram } from '@opentelemetry/sdk-metrics';
import { sortedText } from './labels.ts';
import type { AttributeLabels, Pairs, ScopeLabels } from './labels.ts';
import { formatValue, headLines } from './text-format.ts';
import type { ExpositionFormat, Family, FamilyHead, FamilyPart } from './text-format.ts';

/** Text that grows by small pieces: they are joined once, as strings that are added to each other make a tree of them all. */
export class Lines {
  readonly #pieces: string[] = [];
  #count = 0;
  #length = 0;

  /** Characters so far. */
  get length(): number {
    return this.#length;
  }

  add(piece: string): void {
    this.#pieces[this.#count] = piece;
    this.#count += 1;
    this.#length += piece.length;
  }

  /** The text, which then begins anew in the room of this one. */
  take(): string {
    const text = this.#pieces.fill('', this.#count).join('');
    this.#count = 0;
    this.#length = 0;
    return text;
  }
}

/** Options of sample lines. */
export interface SampleOptions {
  readonly format: ExpositionFormat;
  /** True for `_created` lines; the text format 0.0.4 has none. */
  readonly created: boolean;
}

/** Writes the lines of one family, part by part. No series comes twice: of equal ones the first. */
export class FamilyLines {
  readonly #lines: Lines;
  readonly #head: FamilyHead;
  readonly #options: SampleOptions;
  readonly #open: string;
  /** What came before in this family, where another part may hold the same series. */
  readonly #acrossParts: Set<string> | undefined;
  readonly #within = new PartSeries();
  #labels: ScopeLabels | undefined;
  #isAlone = false;
  #hasHead = false;

  constructor(lines: Lines, { head, mayRepeat }: Omit<Family, 'parts'>, options: SampleOptions) {
    this.#lines = lines;
    this.#head = head;
    this.#options = options;
    this.#open = `${head.sampleName}{`;
    this.#acrossParts = mayRepeat ? new Set() : undefined;
  }

  /** Writes the series of one part. */
  add({ metric, labels }: FamilyPart): void {
    this.#labels = labels;
    this.#isAlone = metric.dataPoints.length === 1;
    this.#within.restart();
    switch (metric.dataPointType) {
      case DataPointType.SUM:
      case DataPointType.GAUGE:
        for (const point of metric.dataPoints) this.#addNumber(point, labels);
        break;
      case DataPointType.HISTOGRAM:
        for (const point of metric.dataPoints) this.#addHistogram(point, labels);
        break;
      case DataPointType.EXPONENTIAL_HISTOGRAM:
    }
  }

  #addNumber(
    { attributes, value, startTime }: DataPoint<number>,
    { identity, attributes: writer }: ScopeLabels,
  ): void {
    if (!isLegal(this.#head, value, this.#options)) return;
    const own = this.#next(writer, attributes);
    if (!own) return;
    const lines = this.#lines;
    if (identity.text === '' && own.text === '') lines.add(`${this.#head.sampleName} `);
    else {
      lines.add(this.#open);
      lines.add(own.text === '' ? identity.text : identity.lead);
      lines.add(own.text);
      lines.add('} ');
    }
    lines.add(formatValue(value));
    lines.add('\n');
    if (this.#head.type === 'counter') this.#addCreated(own, startTime, identity);
  }

  #addHistogram({ attributes, value, startTime }: DataPoint<Histogram>, labels: ScopeLabels): void {
    const own = this.#next(labels.histogramAttributes, attributes);
    if (!own) return;
    this.#lines.add(histogramLines(this.#head.name, joined(labels, own), value, this.#options.format));
    this.#addCreated(own, startTime, labels.identity);
  }

  /** The counter's start in Unix time; nothing where it is unknown. */
  #addCreated(own: Pairs, startTime: HrTime, identity: ScopeLabels['identity']): void {
    if (!this.#options.created || this.#options.format === 'text') return;
    const [seconds, nanos] = startTime;
    if (seconds <= 0) return;
    const created = formatValue(seconds + nanos / 1e9);
    this.#lines.add(sampleLine(`${this.#head.name}_created`, joined({ identity }, own), created));
  }

  /** The labels of the next series; undefined when it came before. The first has the family's head above it. */
  #next(writer: AttributeLabels, attributes: Attributes): Pairs | undefined {
    const own = writer.of(attributes);
    if (this.#isRepeated(own)) return undefined;
    if (!this.#hasHead) this.#lines.add(headLines(this.#head, this.#options.format));
    this.#hasHead = true;
    return own;
  }

  #isRepeated(own: Pairs): boolean {
    const { identity } = this.#labels ?? {};
    if (this.#acrossParts === undefined || !identity) return !this.#isAlone && !this.#within.add(own.text);
    // Identities of different label names may have the same label in another place.
    const key =
      identity.pairs.length === 0 ? sortedText(own) : [...identity.pairs, ...own.each].toSorted().join();
    const before = this.#acrossParts.size;
    return this.#acrossParts.add(key).size === before;
  }
}

/** Up to so many are compared one by one, without the room that a set takes for each part. */
const fewSeries = 32;

/** The own labels of one part's series. */
class PartSeries {
  readonly #few: string[] = [];
  #count = 0;
  #many: Set<string> | undefined;

  restart(): void {
    this.#count = 0;
    this.#many = undefined;
  }

  /** False for one that is there already. */
  add(text: string): boolean {
    if (this.#many) return this.#many.size < this.#many.add(text).size;
    for (let index = 0; index < this.#count; index += 1) if (this.#few[index] === text) return false;
    this.#few[this.#count] = text;
    this.#count += 1;
    if (this.#count === fewSeries) this.#many = new Set(this.#few.slice(0, fewSeries));
    return true;
  }
}

/** OpenMetrics has no counter that is negative or no number. */
function isLegal({ type }: FamilyHead, value: number, { format }: SampleOptions): boolean {
  return type !== 'counter' || format === 'text' || value >= 0;
}

function joined({ identity }: Pick<ScopeLabels, 'identity'>, own: Pairs): string {
  return own.text === '' ? identity.text : identity.lead + own.text;
}

/** One line of a series. */
export function sampleLine(name: string, labels: string, value: string): string {
  return labels === '' ? `${name} ${value}\n` : `${name}{${labels}} ${value}\n`;
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
    sampleLine(`${name}_bucket`, `${before}le="${le}"`, formatValue(count));
  let lines = '';
  let total = 0;
  for (const [index, count] of counts.entries()) {
    const boundary = boundaries[index] ?? Infinity;
    total += count;
    if (boundary !== Infinity) lines += bucket(formatBoundary(boundary, format), total);
  }
  lines += bucket('+Inf', total);
  const showsSum = isMonotonic(sum, boundaries);
  if (showsSum) lines += sampleLine(`${name}_sum`, labels, formatValue(sum));
  // OpenMetrics requires sum and count together or not at all.
  return showsSum || format === 'text'
    ? lines + sampleLine(`${name}_count`, labels, formatValue(total))
    : lines;
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
