import { isDeepStrictEqual } from 'node:util';

/** OTLP as JSON or YAML has it, as far as it is compared. */
export interface ComparedRequest {
  readonly resourceMetrics: readonly ComparedResource[];
}

interface ComparedResource {
  readonly resource: { readonly attributes: readonly ComparedAttribute[] };
  readonly scopeMetrics: readonly { readonly metrics: readonly ComparedMetric[] }[];
}

interface ComparedAttribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string };
}

interface ComparedMetric {
  readonly name: string;
  readonly unit?: string;
  readonly description?: string;
  readonly gauge?: ComparedData;
  readonly sum?: ComparedData;
}

interface ComparedData {
  readonly dataPoints: readonly ComparedPoint[];
  readonly aggregationTemporality?: number;
  readonly isMonotonic?: boolean;
}

interface ComparedPoint {
  readonly attributes?: readonly ComparedAttribute[];
  readonly asInt?: string | number;
  readonly asDouble?: number;
}

/**
 * Differences between two requests, a line each, by container. Order, times, the value of the uptime and
 * resources without a container do not count.
 */
export function receiverDifferencesOf(found: ComparedRequest, expected: ComparedRequest): string[] {
  const [ours, theirs] = [containersOf(found), containersOf(expected)];
  const ids = new Set([...ours.keys(), ...theirs.keys()]);
  return [...ids].flatMap((id) => {
    const [our, their] = [ours.get(id), theirs.get(id)];
    if (!our || !their) return [`${id}: ${our ? 'not expected' : 'missing'}`];
    const names = new Set([...our.keys(), ...their.keys()]);
    return [...names].flatMap((name) => difference(name, our.get(name), their.get(name)));
  });
}

function difference(name: string, found: unknown, expected: unknown): string[] {
  if (isDeepStrictEqual(found, expected)) return [];
  if (found === undefined) return [`${name} is absent: expected ${JSON.stringify(expected)}`];
  return [`${name} is ${JSON.stringify(found)}: expected ${JSON.stringify(expected)}`];
}

/** By container the resource's attributes, and its metrics by name. */
function containersOf({ resourceMetrics }: ComparedRequest): Map<string, Map<string, unknown>> {
  return new Map(
    resourceMetrics.flatMap(({ resource, scopeMetrics }) => {
      const attributes = plain(resource.attributes);
      const id = attributes['container.id'];
      if (id === undefined) return [];
      const metrics = scopeMetrics.flatMap((scope) => scope.metrics);
      const parts = metrics.map((metric) => [metric.name, shapeOf(metric)] as const);
      return [[id, new Map<string, unknown>([['resource', attributes], ...parts])] as const];
    }),
  );
}

function shapeOf({ name, unit, description, gauge, sum }: ComparedMetric): unknown {
  const { dataPoints = [], isMonotonic = false, aggregationTemporality } = gauge ?? sum ?? {};
  const points = dataPoints.map(({ attributes = [], asInt, asDouble }) => ({
    attributes: plain(attributes),
    type: asInt === undefined ? 'double' : 'int',
    value: name === 'container.uptime' ? 'ignored' : Number(asInt ?? asDouble),
  }));
  const ordered = points.map((point) => JSON.stringify(point)).toSorted();
  return { unit, description, kind: gauge ? 'gauge' : 'sum', isMonotonic, aggregationTemporality, ordered };
}

function plain(attributes: readonly ComparedAttribute[]): Record<string, string | undefined> {
  const sorted = attributes.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  return Object.fromEntries(sorted.map(({ key, value }) => [key, value.stringValue]));
}
