import { compileAttributeRule } from '../config/types/attribute-rule.ts';
import type { Config } from '../config/settings/settings.ts';
import type { Log } from '../log.ts';
import { AttributeClaims } from '../attributes/attribute-rules.ts';
import type { AttributeRule } from '../attributes/attribute-rules.ts';
import { AttributeMapper } from '../attributes/attribute-mapper.ts';
import type { Catalogue } from '../metrics/catalogue.ts';
import { presetRules } from '../attributes/presets.ts';
import { ValueCap } from '../attributes/cardinality-limit.ts';
import type { IdentityMapper } from '../model/identity-mapper.ts';
import { takenLabels } from './taken-labels.ts';

/** The conventions' names for a container's labels, and for the environment of its process. */
const prefixes = { label: 'container.label.', environment: 'process.environment_variable.' } as const;

/** What a configuration makes of labels and environment: a mapper for each engine, under one cap for all. */
export function attributeMappers(config: Config, catalogue: Catalogue, log: Log): () => IdentityMapper {
  const { attributeValueLimit: limit } = config;
  const presets = config.preset.filter((name) => name !== 'none');
  // The receiver's resource has what somebody asked for and no more: its dashboards may not change by themselves.
  const isReceiverAlone = config.profile.every((name) => name === 'docker_stats');
  const options = {
    claims: new AttributeClaims(rulesOf(config), presetRules(isReceiverAlone ? [] : presets)),
    cap: new ValueCap(limit, (attribute) =>
      log.warn({ attribute, limit }, 'attribute has too many values: further ones are left out'),
    ),
    isTaken: takenLabels(catalogue),
    hasImageVersion: presets.includes('oci'),
  };
  return () => new AttributeMapper(options);
}

function rulesOf(config: Config): AttributeRule[] {
  const { labelAttribute, labelPointAttribute, envAttribute, envPointAttribute } = config;
  return [
    ...compiled(labelAttribute, 'label', 'resource'),
    ...compiled(labelPointAttribute, 'label', 'point'),
    ...compiled(envAttribute, 'environment', 'resource'),
    ...compiled(envPointAttribute, 'environment', 'point'),
  ];
}

function compiled(
  rules: readonly string[] | undefined,
  from: AttributeRule['from'],
  to: AttributeRule['to'],
): AttributeRule[] {
  return (rules ?? []).map((rule) => ({ from, to, ...compileAttributeRule(rule, prefixes[from]) }));
}
