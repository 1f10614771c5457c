import { createHash } from 'node:crypto';
import type { ContainerIdentity, MappedAttributes } from '../model/container.ts';
import type { DroppedAttributes, IdentityMapper } from '../model/identity-mapper.ts';
import type { AttributeRules, AttributeTarget } from './attribute-rules.ts';
import type { CardinalityLimit } from './cardinality-limit.ts';
import { imageVersionLabel } from './presets.ts';

/** Options of an {@link AttributeMapper}; all may be shared between runtimes. */
interface AttributeMapperOptions {
  readonly claims: AttributeRules;
  readonly cap: CardinalityLimit;
  /** True when a name belongs to the identity or to a metric, so that no attribute may have it. */
  isTaken(attribute: string, target: AttributeTarget): boolean;
  /** A named service gets its version from the image. */
  readonly hasImageVersion: boolean;
}

/** One container's attributes: its values under the cardinality limit, and the number of dropped ones. */
interface Held {
  readonly taken: readonly (readonly [attribute: string, value: string])[];
  readonly cut: DroppedAttributes;
}

type Attributes = Record<string, string>;

/** The mapper of one runtime's containers. */
export class AttributeMapper implements IdentityMapper {
  readonly #options: AttributeMapperOptions;
  readonly #held = new Map<string, Held>();

  constructor(options: AttributeMapperOptions) {
    this.#options = options;
  }

  map(identity: ContainerIdentity): MappedAttributes {
    const claims = this.#options.claims.of(identity);
    const accepting = new Accepting(this.#options);
    const resource = accepting.all('resource', claims.resource);
    const point = accepting.all('point', claims.point);
    const version = this.#options.hasImageVersion ? identity.labels[imageVersionLabel] : undefined;
    if (resource['service.name'] !== undefined) {
      resource['service.instance.id'] ??= instanceId(identity.id);
      if (version && resource['service.version'] === undefined)
        Object.assign(resource, accepting.all('resource', new Map([['service.version', version]])));
    }
    const { taken, cut } = accepting;
    // Released only now: values that this container keeps must not go to another one.
    this.forget(identity.id);
    this.#held.set(identity.id, { taken, cut });
    return { resource, point };
  }

  forget(id: string): void {
    for (const [attribute, value] of this.#held.get(id)?.taken ?? [])
      this.#options.cap.release(attribute, value);
    this.#held.delete(id);
  }

  dropped(): DroppedAttributes {
    const sum = { too_many_values: 0, name_taken: 0 };
    for (const { cut } of this.#held.values()) {
      sum.too_many_values += cut.too_many_values;
      sum.name_taken += cut.name_taken;
    }
    return sum;
  }
}

/** Goes through what one container claims. */
class Accepting {
  readonly taken: [attribute: string, value: string][] = [];
  readonly cut = { too_many_values: 0, name_taken: 0 };
  readonly #options: AttributeMapperOptions;

  constructor(options: AttributeMapperOptions) {
    this.#options = options;
  }

  all(target: AttributeTarget, claims: ReadonlyMap<string, string>): Attributes {
    const accepted = [...claims].filter(([attribute, value]) => this.#accepts(target, attribute, value));
    return Object.fromEntries(accepted);
  }

  #accepts(target: AttributeTarget, attribute: string, value: string): boolean {
    if (this.#options.isTaken(attribute, target)) {
      this.cut.name_taken += 1;
      return false;
    }
    if (!this.#options.cap.take(attribute, value)) {
      this.cut.too_many_values += 1;
      return false;
    }
    this.taken.push([attribute, value]);
    return true;
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
