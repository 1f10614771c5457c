import { compileAttributeRule } from '../../../src/config/types/attribute-rule.ts';
import { AttributeRules } from '../../../src/attributes/attribute-rules.ts';
import type { AttributeRule } from '../../../src/attributes/attribute-rules.ts';
import { AttributeMapper } from '../../../src/attributes/attribute-mapper.ts';
import { catalogueOf } from '../../../src/metrics/catalogue.ts';
import { shownLabels } from '../../../src/metrics/prometheus-names.ts';
import { presetRules, type PresetName } from '../../../src/attributes/presets.ts';
import { CardinalityLimit } from '../../../src/attributes/cardinality-limit.ts';
import { reservedLabels } from '../../../src/agent/containers.ts';

/** Settings of a test's mapper; all presets are on by default. */
export interface MapperSettings {
  readonly rules?: readonly AttributeRule[];
  readonly presets?: readonly PresetName[];
  readonly limit?: number;
  readonly onFull?: (attribute: string) => void;
}

/** A rule as its user writes it. */
export function ruleOf(
  text: string,
  from: AttributeRule['from'],
  to: AttributeRule['to'] = 'resource',
): AttributeRule {
  return { from, to, ...compileAttributeRule(text, from === 'label' ? 'container.label.' : 'env.') };
}

/** A mapper made by hand. */
export function mapperWith(settings: MapperSettings = {}): AttributeMapper {
  const { rules = [], presets = ['compose', 'swarm', 'kubernetes', 'oci'], limit = 1000 } = settings;
  return new AttributeMapper({
    rules: new AttributeRules(rules, presetRules(presets)),
    limit: new CardinalityLimit(limit, settings.onFull ?? (() => undefined)),
    labelsOf: shownLabels,
    reserved: reservedLabels(catalogueOf(['semconv', 'docker_exporter'])),
    hasImageVersion: presets.includes('oci'),
  });
}
