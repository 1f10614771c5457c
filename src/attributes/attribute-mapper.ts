import { createHash } from 'node:crypto';
import type { ContainerIdentity, MappedAttributes } from '../model/container.ts';
import { dropReasons } from '../model/identity-mapper.ts';
import type { DroppedAttributes, DropReason, IdentityMapper } from '../model/identity-mapper.ts';
import type { AttributeRules } from './attribute-rules.ts';
import type { CardinalityLimit } from './cardinality-limit.ts';
import { imageVersionLabel, presetAttributes } from './presets.ts';

/** Options of an {@link AttributeMapper}; all may be shared between runtimes. */
interface AttributeMapperOptions {
  readonly rules: AttributeRules;
  readonly limit: CardinalityLimit;
  /** The labels under which Prometheus, or a Collector that feeds it, shows an attribute; none when it cannot. */
  labelsOf(attribute: string): readonly string[];
  /** Labels of the identity and of metrics. */
  readonly reserved: Pick<ReadonlySet<string>, 'has'>;
  /** A named service gets its version from the image. */
  readonly hasImageVersion: boolean;
}

type Attribute = readonly [name: string, value: string];

/** One container's attributes: its values under the cardinality limit, and the number of dropped ones. */
interface Admitted {
  readonly values: readonly Attribute[];
  readonly dropped: DroppedAttributes;
}

/** The first of these that comes to a label has it: what is ours, then a service, whose name becomes `job`. */
const preferred: ReadonlySet<string> = new Set([
  ...presetAttributes,
  'service.name',
  'service.instance.id',
  'service.version',
]);

/**
 * The mapper of one runtime's containers. No two attributes of a container have one label in Prometheus, wherever they
 * stand: a Collector that makes labels of both resource and point would lose the series, and others with it.
 */
export class AttributeMapper implements IdentityMapper {
  readonly #options: AttributeMapperOptions;
  readonly #admitted = new Map<string, Admitted>();

  constructor(options: AttributeMapperOptions) {
    this.#options = options;
  }

  map(identity: ContainerIdentity): MappedAttributes {
    const candidates = this.#options.rules.of(identity);
    const admission = new Admission(this.#options);
    const [first, others] = split(candidates.resource);
    const resource = admission.all(first);
    const version = this.#options.hasImageVersion ? identity.labels[imageVersionLabel] : undefined;
    if (resource['service.name'] !== undefined) {
      resource['service.instance.id'] ??= instanceId(identity.id);
      admission.claim('service.instance.id');
      if (version && resource['service.version'] === undefined)
        Object.assign(resource, admission.all([['service.version', version]]));
    }
    Object.assign(resource, admission.all(others));
    const point = admission.all(split(candidates.point).flat());
    const { values, dropped } = admission;
    // Released only now: values that this container keeps must not go to another one.
    this.forget(identity.id);
    this.#admitted.set(identity.id, { values, dropped });
    return { resource, point };
  }

  forget(id: string): void {
    for (const [attribute, value] of this.#admitted.get(id)?.values ?? [])
      this.#options.limit.release(attribute, value);
    this.#admitted.delete(id);
  }

  dropped(): DroppedAttributes {
    const sum = noneDropped();
    for (const { dropped } of this.#admitted.values())
      for (const reason of dropReasons) sum[reason] += dropped[reason];
    return sum;
  }
}

/** Preferred candidates, and all others. */
function split(candidates: ReadonlyMap<string, string>): [first: Attribute[], others: Attribute[]] {
  const first = [...candidates].filter(([name]) => preferred.has(name));
  return [first, [...candidates].filter(([name]) => !preferred.has(name))];
}

function noneDropped(): Record<DropReason, number> {
  return { too_many_values: 0, name_taken: 0, name_repeated: 0, name_invalid: 0 };
}

/** Decides which attributes one container gets. */
class Admission {
  readonly values: Attribute[] = [];
  readonly dropped = noneDropped();
  readonly #options: AttributeMapperOptions;
  /** The attribute of each label. */
  readonly #owners = new Map<string, string>();

  constructor(options: AttributeMapperOptions) {
    this.#options = options;
  }

  /** Those of the candidates that are admitted. */
  all(candidates: readonly Attribute[]): Record<string, string> {
    return Object.fromEntries(candidates.filter(([attribute, value]) => this.#admits(attribute, value)));
  }

  /** Keeps the labels of an attribute from all that come later. */
  claim(attribute: string): void {
    for (const label of this.#options.labelsOf(attribute)) this.#owners.set(label, attribute);
  }

  #admits(attribute: string, value: string): boolean {
    const reason = this.#reasonAgainst(attribute, value);
    if (reason !== undefined) {
      this.dropped[reason] += 1;
      return false;
    }
    this.claim(attribute);
    this.values.push([attribute, value]);
    return true;
  }

  #reasonAgainst(attribute: string, value: string): DropReason | undefined {
    const { reserved, limit } = this.#options;
    const labels = this.#options.labelsOf(attribute);
    if (labels.length === 0) return 'name_invalid';
    if (labels.some((label) => reserved.has(label))) return 'name_taken';
    const owners = labels.map((label) => this.#owners.get(label) ?? attribute);
    if (owners.some((owner) => owner !== attribute)) return 'name_repeated';
    return limit.take(attribute, value) ? undefined : 'too_many_values';
  }
}

/** The conventions' namespace for `service.instance.id`. */
const namespace = Buffer.from('4d63009a8d0f11eeaad74c796ed8e320', 'hex');

/** A UUID version 5: the same text gives the same id at each start (semantic conventions, `service.instance.id`). */
export function instanceId(text: string): string {
  const hash = createHash('sha1').update(namespace).update(text).digest();
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = hash.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  );
}
