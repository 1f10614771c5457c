import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Resource } from '@opentelemetry/resources';
import type { MetricData, ResourceMetrics, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import { Slices } from '../../concurrency/slices.ts';
import { AttributeLabels, labelAnonymous, ScopesLabels } from './labels.ts';
import type { IdentityLabels, ScopeLabels } from './labels.ts';
import { FamilyLines, Lines, sampleLine } from './sample-lines.ts';
import type { SampleOptions } from './sample-lines.ts';
import { headLines, headOf, kindOf } from './text-format.ts';
import type { Family, FamilyHead, LiteralNames, ExpositionFormat } from './text-format.ts';

/** About 1 ms of work: twenty scrapes at once still leave the event loop turning. */
const charactersPerTurn = 48 * 1024;

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
  const lines = new Lines();
  lines.add(targetLines(input.resourceMetrics.resource, format));
  for (const family of await familiesOf(input, options)) {
    const written = new FamilyLines(lines, family, options);
    for (const part of family.parts) {
      written.add(part);
      if (lines.length < charactersPerTurn) continue;
      yield lines.take();
      await nextTurn();
    }
  }
  if (format === 'openmetrics') lines.add('# EOF\n');
  yield lines.take();
}

async function familiesOf(
  { resourceMetrics, labelsOf, identityLabels, literal }: ExpositionInput,
  { format, onConflict }: ExpositionOptions,
): Promise<Families> {
  const { scopeMetrics } = resourceMetrics;
  const families = new Families({ literal, format, onConflict });
  families.reserve(targetHead(format));
  const slices = new Slices();
  const labels = new ScopesLabels(labelsOf, identityLabels);
  for (const scope of scopeMetrics) {
    labels.add(scope);
    if (slices.step()) await slices.next();
  }
  for (const scope of scopeMetrics) {
    families.add(scope, labels.of(scope));
    if (slices.step()) await slices.next();
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
  return labels === '' ? '' : headLines(targetHead(format), format) + sampleLine(sampleName, labels, '1');
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
