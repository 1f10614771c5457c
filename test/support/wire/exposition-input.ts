import { ValueType, type Attributes, type HrTime } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AggregationTemporality, DataPointType } from '@opentelemetry/sdk-metrics';
import type { MetricData, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import {
  renderExposition,
  type ExpositionInput,
  type ExpositionOptions,
} from '../../../src/export/prometheus/exposition.ts';
import { IdentityLabels } from '../../../src/export/prometheus/labels.ts';

const startTime: HrTime = [1_700_000_000, 500_000_000];
const endTime: HrTime = [1_800_000_000, 0];
const aggregationTemporality = AggregationTemporality.CUMULATIVE;

/** A point's value and attributes. */
export type Point = readonly [value: number, attributes?: Attributes];

/** A metric's name, unit and description. */
export interface Described {
  readonly name: string;
  readonly unit?: string;
  readonly description?: string;
}

/** A metric of a kind of instrument, made by hand. */
export function metric(
  kind: 'counter' | 'updowncounter' | 'gauge',
  { name, unit = '', description = '' }: Described,
  points: readonly Point[],
): MetricData {
  const descriptor = { name, unit, description, valueType: ValueType.DOUBLE };
  const dataPoints = points.map(([value, attributes = {}]) => ({ value, attributes, startTime, endTime }));
  if (kind === 'gauge')
    return { descriptor, aggregationTemporality, dataPointType: DataPointType.GAUGE, dataPoints };
  const isMonotonic = kind === 'counter';
  return { descriptor, aggregationTemporality, dataPointType: DataPointType.SUM, isMonotonic, dataPoints };
}

/** Boundaries, the count of each bucket, and the sum. */
export interface Buckets {
  readonly boundaries: number[];
  readonly counts: number[];
  readonly sum?: number;
  readonly attributes?: Attributes;
}

/** A histogram, made by hand. */
export function histogram(
  { name, unit = '', description = '' }: Described,
  points: readonly Buckets[],
): MetricData {
  const descriptor = { name, unit, description, valueType: ValueType.DOUBLE };
  const dataPoints = points.map(({ boundaries, counts, sum, attributes = {} }) => ({
    value: {
      buckets: { boundaries, counts },
      ...(sum !== undefined && { sum }),
      count: counts.reduce((all, count) => all + count, 0),
    },
    attributes,
    startTime,
    endTime,
  }));
  return { descriptor, aggregationTemporality, dataPointType: DataPointType.HISTOGRAM, dataPoints };
}

/** Scopes of containers by their identity labels; of the agent itself where there are none. */
export interface HandMade {
  readonly scopes: readonly (readonly [
    labels: Record<string, string> | undefined,
    ...metrics: MetricData[],
  ])[];
  readonly resource?: Attributes;
  readonly literal?: ExpositionInput['literal'];
}

/** Makes what is rendered. */
export function inputOf({ scopes, resource = {}, literal = new Map() }: HandMade): ExpositionInput {
  const labels = new Map<ScopeMetrics, Record<string, string> | undefined>();
  const scopeMetrics = scopes.map(([identity, ...metrics]) => {
    const scope = { scope: { name: 'test' }, metrics };
    labels.set(scope, identity);
    return scope;
  });
  const resourceMetrics = { resource: resourceFromAttributes(resource), scopeMetrics };
  return {
    resourceMetrics,
    labelsOf: (scope) => labels.get(scope),
    identityLabels: new IdentityLabels(),
    literal,
  };
}

/** The whole exposition, in text 0.0.4 by default. */
export async function rendered(
  handMade: HandMade,
  options: Partial<ExpositionOptions> = {},
): Promise<string> {
  const chunks = renderExposition(inputOf(handMade), { format: 'text', created: false, ...options });
  let exposition = '';
  for await (const chunk of chunks) exposition += chunk;
  return exposition;
}
