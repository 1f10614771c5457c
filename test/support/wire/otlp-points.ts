import type { OtlpAttribute, OtlpMetric, OtlpPoint, OtlpRequest } from '../real/collector.ts';

type Attributes = Readonly<Record<string, unknown>>;

/** One data point with all that it stands under. */
export interface Point {
  readonly resource: Attributes;
  readonly name: string;
  readonly unit: string;
  readonly kind: 'gauge' | 'counter' | 'updowncounter' | 'histogram';
  readonly attributes: Attributes;
  /** A histogram's is its count. */
  readonly value: number;
  readonly startNanos: bigint;
  readonly nanos: bigint;
  /** A stale marker, whose value is none. */
  readonly isMarker: boolean;
}

/** Every data point of a request that has a value. */
export function pointsOf(request: OtlpRequest): Point[] {
  return allPointsOf(request).filter(({ isMarker }) => !isMarker);
}

/** The stale markers of a request: points that say that their series end. */
export function markersOf(request: OtlpRequest): Point[] {
  return allPointsOf(request).filter(({ isMarker }) => isMarker);
}

function allPointsOf(request: OtlpRequest): Point[] {
  return (request.resourceMetrics ?? []).flatMap(({ resource, scopeMetrics = [] }) => {
    const attributes = plain(resource?.attributes);
    const metrics = scopeMetrics.flatMap((scope) => scope.metrics ?? []);
    return metrics.flatMap((metric) => pointsOfMetric(metric, attributes));
  });
}

/** The data points about one container, of a request in the layout with one resource per container. */
export function containerPoints(request: OtlpRequest, container: string): Point[] {
  return pointsOf(request).filter(({ resource }) => resource['container.name'] === container);
}

/** The points of a container's metric. */
export function pointsNamed(request: OtlpRequest, container: string, name: string): Point[] {
  return containerPoints(request, container).filter((point) => point.name === name);
}

/** The only value of the agent's own metric in a request; a histogram's is its count. */
export function agentValue(request: OtlpRequest, name: string): number | undefined {
  return pointsOf(request).find((point) => point.name === name)?.value;
}

function pointsOfMetric(metric: OtlpMetric, resource: Attributes): Point[] {
  const { name, unit = '', gauge, sum, histogram } = metric;
  const points = (gauge ?? sum ?? histogram)?.dataPoints ?? [];
  return points.map((point) => ({
    resource,
    name,
    unit,
    kind: kindOf(metric),
    attributes: plain(point.attributes),
    value: valueOf(point),
    startNanos: BigInt(point.startTimeUnixNano ?? 0),
    nanos: BigInt(point.timeUnixNano ?? 0),
    isMarker: point.flags === 1,
  }));
}

function kindOf({ gauge, sum }: OtlpMetric): Point['kind'] {
  if (gauge) return 'gauge';
  if (!sum) return 'histogram';
  return sum.isMonotonic === true ? 'counter' : 'updowncounter';
}

function valueOf({ asInt, asDouble, count }: OtlpPoint): number {
  return Number(asDouble ?? asInt ?? count ?? 0);
}

function plain(attributes: readonly OtlpAttribute[] = []): Attributes {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, plainValue(value)]));
}

function plainValue(value: OtlpAttribute['value']): unknown {
  const { stringValue, intValue, doubleValue, boolValue, arrayValue } = value ?? {};
  if (arrayValue) return (arrayValue.values ?? []).map(plainValue);
  return stringValue ?? (intValue === undefined ? undefined : Number(intValue)) ?? doubleValue ?? boolValue;
}
