import { AttributeMapper } from '../attributes/attribute-mapper.ts';
import { AttributeRules } from '../attributes/attribute-rules.ts';
import type { AttributeRule, AttributeTarget } from '../attributes/attribute-rules.ts';
import { CardinalityLimit } from '../attributes/cardinality-limit.ts';
import { presetAttributes, presetRules } from '../attributes/presets.ts';
import { identityKeys } from '../attributes/resource.ts';
import type { Config } from '../config/settings/settings.ts';
import { compileAttributeRule } from '../config/types/attribute-rule.ts';
import type { Log } from '../log.ts';
import type { Catalogue } from '../metrics/catalogue.ts';
import { prometheusLabel } from '../metrics/prometheus-names.ts';
import type { IdentityMapper } from '../model/identity-mapper.ts';

/** The conventions' names for a container's labels, and for the environment of its process. */
const prefixes = { label: 'container.label.', environment: 'process.environment_variable.' } as const;

/** What a configuration makes of labels and environment: a mapper for each runtime, under one cap for all. */
export function attributeMappers(config: Config, catalogue: Catalogue, log: Log): () => IdentityMapper {
  const { attributeValueLimit: limit } = config;
  const presets = config.preset.filter((name) => name !== 'none');
  // The receiver's resource has what somebody asked for and no more: its dashboards may not change by themselves.
  const isReceiverAlone = config.profile.every((name) => name === 'docker_stats');
  const options = {
    claims: new AttributeRules(rulesOf(config), presetRules(isReceiverAlone ? [] : presets)),
    cap: new CardinalityLimit(limit, (attribute) =>
      log.warn({ attribute, limit }, 'attribute has too many values: further ones are left out'),
    ),
    isTaken: reservedLabels(catalogue),
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

/** Identity labels of Prometheus that are no attributes, and the label of a histogram's buckets. */
const labels = ['container_id', 'container_runtime_endpoint', 'le'];

/**
 * Tells which names an attribute made of labels or environment may not have, judged by how Prometheus shows them:
 * those of the container's own identity, and on data points those of every metric.
 */
export function reservedLabels({
  containers,
}: Catalogue): (attribute: string, target: AttributeTarget) => boolean {
  const ofIdentity = [...labels, ...identityKeys.map(prometheusLabel)];
  const free = new Set(presetAttributes);
  const ofMetrics = containers.flatMap(({ attributes }) => attributes.filter((key) => !free.has(key)));
  const taken = {
    resource: new Set(ofIdentity),
    point: new Set([...ofIdentity, ...ofMetrics.map(prometheusLabel)]),
  };
  return (attribute, target) => taken[target].has(prometheusLabel(attribute));
}
