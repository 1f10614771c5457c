import type { AttributeTarget } from '../attributes/attribute-rules.ts';
import type { Catalogue } from '../metrics/catalogue.ts';
import { identityKeys } from '../attributes/resource.ts';
import { presetAttributes } from '../attributes/presets.ts';
import { prometheusLabel } from '../metrics/prometheus-names.ts';

/** Identity labels of Prometheus that are no attributes, and the label of a histogram's buckets. */
const labels = ['container_id', 'engine', 'le'];

/**
 * Tells which names an attribute made of labels or environment may not have, judged by how Prometheus shows them:
 * those of the container's own identity, and on data points those of every metric.
 */
export function takenLabels({
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
