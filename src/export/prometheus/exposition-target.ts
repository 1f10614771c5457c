import type { Resource } from '@opentelemetry/resources';
import type { FamilyHead } from './family.ts';
import type { ExpositionFormat } from './exposition-format.ts';
import { headLines } from './exposition-head.ts';
import { AttributeLabels } from './labels.ts';
import { sample } from './exposition-series.ts';

const sampleName = 'target_info';
const described = { sampleName, unit: '', help: 'Target metadata' };

/** The family that tells who is scraped: OpenMetrics has a type of its own for it. */
export function targetHead(format: ExpositionFormat): FamilyHead {
  if (format === 'text') return { ...described, name: sampleName, type: 'gauge' };
  return { ...described, name: 'target', type: 'info' };
}

/** The agent's own resource as labels; nothing for an empty resource. OpenMetrics wants it before all others. */
export function targetLines({ attributes }: Resource, format: ExpositionFormat): string {
  const labels = new AttributeLabels().of(attributes).text;
  return labels === '' ? '' : headLines(targetHead(format), format) + sample(sampleName, labels, '1');
}
