import type { MetricData, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import { headOf, kindOf, type Family, type FamilyHead, type LiteralNames } from './family.ts';
import type { ExpositionFormat } from './text-format.ts';
import { labelAnonymous, type ScopeLabels } from './labels.ts';

/** What decides how metrics become families. */
export interface FamiliesOptions {
  readonly literal: LiteralNames;
  readonly format: ExpositionFormat;
  /** Hears the name of each family that was left out because another one has its name. */
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
export class Families {
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
