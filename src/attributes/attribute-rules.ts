import type { ContainerIdentity } from '../model/container.ts';

/** Target of an attribute: the container's resource, or each data point. */
export type AttributeTarget = 'resource' | 'point';

/** A rule for labels or variables that become attributes, and their names. */
export interface AttributeRule {
  readonly from: 'label' | 'environment';
  readonly to: AttributeTarget;
  /** The attribute's name for this key; undefined when the rule is not for it. */
  nameFor(key: string): string | undefined;
}

/** Attributes by name, of each target. */
type CandidateAttributes = Readonly<Record<AttributeTarget, ReadonlyMap<string, string>>>;

/** Names found once are kept: containers share their keys. Hostile ones may not fill the memory. */
const maxKeys = 10_000;

/**
 * Maps a container's labels and environment by rules and presets, before anything is left out. Of the rules for
 * one target the first match names a key; presets come after all rules. Of two keys with the same name the
 * first wins.
 */
export class AttributeRules {
  readonly #labels: KeyNames;
  readonly #environment: KeyNames;
  readonly #hasEnvironment: boolean;

  constructor(rules: readonly AttributeRule[], presets: ReadonlyMap<string, string>) {
    const environment = rules.filter(({ from }) => from === 'environment');
    this.#hasEnvironment = environment.length > 0;
    this.#labels = new KeyNames(
      rules.filter(({ from }) => from === 'label'),
      presets,
    );
    this.#environment = new KeyNames(environment, new Map());
  }

  of({ labels, environment }: ContainerIdentity): CandidateAttributes {
    const candidates = { resource: new Map<string, string>(), point: new Map<string, string>() };
    const byLabels = Object.entries(labels).map(([key, value]) => ({ ...this.#labels.of(key), value }));
    const byVariables = (this.#hasEnvironment ? variablesOf(environment) : []).map(([key, value]) => ({
      ...this.#environment.of(key),
      value,
    }));
    for (const { value, resource, point } of [...byLabels, ...byVariables]) {
      add(candidates.resource, resource, value);
      add(candidates.point, point, value);
    }
    for (const { value, preset } of byLabels) add(candidates.resource, preset, value);
    return candidates;
  }
}

/** Names of a key as an attribute of the resource, of points, and by a preset. */
interface Names {
  readonly resource: string | undefined;
  readonly point: string | undefined;
  readonly preset: string | undefined;
}

class KeyNames {
  readonly #rules: readonly AttributeRule[];
  readonly #presets: ReadonlyMap<string, string>;
  readonly #known = new Map<string, Names>();

  constructor(rules: readonly AttributeRule[], presets: ReadonlyMap<string, string>) {
    this.#rules = rules;
    this.#presets = presets;
  }

  of(key: string): Names {
    const known = this.#known.get(key);
    if (known) return known;
    const names = {
      resource: this.#nameFor(key, 'resource'),
      point: this.#nameFor(key, 'point'),
      preset: this.#presets.get(key),
    };
    if (this.#known.size >= maxKeys) this.#known.clear();
    this.#known.set(key, names);
    return names;
  }

  #nameFor(key: string, target: AttributeTarget): string | undefined {
    for (const rule of this.#rules) {
      const name = rule.to === target ? rule.nameFor(key) : undefined;
      if (name !== undefined) return name;
    }
    return undefined;
  }
}

/** Skips empty values: to Prometheus an empty label is absent. */
function add(candidates: Map<string, string>, name: string | undefined, value: string): void {
  if (name !== undefined && value !== '' && !candidates.has(name)) candidates.set(name, value);
}

/** Values may hold `=` themselves. */
function variablesOf(environment: readonly string[]): [key: string, value: string][] {
  return environment.flatMap((entry): [string, string][] => {
    const equals = entry.indexOf('=');
    return equals < 0 ? [] : [[entry.slice(0, equals), entry.slice(equals + 1)]];
  });
}
