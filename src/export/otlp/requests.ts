import type { ResourceMetrics, ScopeMetrics, MetricData } from '@opentelemetry/sdk-metrics';
import { JsonMetricsSerializer, ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer';
import type { IExportMetricsServiceResponse, ISerializer } from '@opentelemetry/otlp-transformer';
import { observedIn } from '../container-producer.ts';
import { staleJson, StaleMarkers, staleProtobuf } from './stale-encoding.ts';
import type { OtlpProtocol } from './transport.ts';

/** Layout of requests: a Resource per container, or the host's with the identity on each point. */
export type OtlpLayout = 'container' | 'flat';

/** Encoded in 20 ms or so. */
const pointsPerRequest = 5000;
/** The same in the flat layout; and far under the Collector's 20 MiB, however long names and labels are. */
const charactersPerRequest = 2 * 1024 * 1024;
/** Size of a point without the identity: its times, value and own attributes. */
const charactersPerPoint = 150;

/**
 * Cuts a collection into requests of whole containers. The agent's own metrics come first, under the agent's
 * Resource; no container ever carries it.
 */
export function* requestsOf(collected: ResourceMetrics, layout: OtlpLayout): Generator<ResourceMetrics[]> {
  const own = collected.scopeMetrics.filter((scope) => observedIn(scope) === undefined);
  const entities = collected.scopeMetrics.filter(
    (scope) => observedIn(scope) !== undefined && scope.metrics.length > 0,
  );
  const agent = own.length > 0 ? [{ resource: collected.resource, scopeMetrics: own }] : [];
  let first = agent;
  for (const part of partsOf(entities, layout)) {
    yield [...first, ...laidOut(part, layout)];
    first = [];
  }
  if (first.length > 0) yield first;
}

/** Cuts entities into parts that are small enough for a request. */
export function* partsOf(
  entities: Iterable<ScopeMetrics>,
  layout: OtlpLayout,
): Generator<readonly ScopeMetrics[]> {
  let part: ScopeMetrics[] = [];
  let [points, characters] = [0, 0];
  for (const scope of entities) {
    const count = scope.metrics.reduce((sum, { dataPoints }) => sum + dataPoints.length, 0);
    // The Resource's attributes stand on `container.info`, too.
    const identities = layout === 'flat' ? count : 2;
    const size = count * (charactersPerPoint + pointLength(scope)) + identities * identityLength(scope);
    if (part.length > 0 && (points + count > pointsPerRequest || characters + size > charactersPerRequest)) {
      yield part;
      part = [];
      [points, characters] = [0, 0];
    }
    part.push(scope);
    points += count;
    characters += size;
  }
  if (part.length > 0) yield part;
}

function identityLength(scope: ScopeMetrics): number {
  return lengthOf(observedIn(scope)?.entity.resource.attributes ?? {});
}

function pointLength(scope: ScopeMetrics): number {
  return lengthOf(observedIn(scope)?.entity.point ?? {});
}

function lengthOf(attributes: object): number {
  return Object.entries(attributes).reduce((sum, [key, value]) => sum + key.length + String(value).length, 0);
}

function withResource(scope: ScopeMetrics): ResourceMetrics[] {
  const observed = observedIn(scope);
  if (!observed) return [];
  const { resource, point } = observed.entity;
  return [{ resource, scopeMetrics: [point ? withPoint(scope, point) : scope] }];
}

function withPoint({ scope, metrics }: ScopeMetrics, point: ScopeAttributes): ScopeMetrics {
  return { scope, metrics: metrics.map((metric) => withAttributes(metric, point)) };
}

/** Entities under the Resources that the layout gives them. */
export function laidOut(part: readonly ScopeMetrics[], layout: OtlpLayout): ResourceMetrics[] {
  return layout === 'flat' ? flat(part) : part.flatMap(withResource);
}

/** One Resource per host; the metrics of its containers joined by name. */
function flat(scopes: readonly ScopeMetrics[]): ResourceMetrics[] {
  const hosts = Map.groupBy(scopes, (scope) => observedIn(scope)?.entity.host);
  return [...hosts].flatMap(([resource, part]) => {
    const [first] = part;
    if (!resource || !first) return [];
    const metrics = Map.groupBy(part.flatMap(flattened), ({ descriptor }) => descriptor.name);
    return [
      { resource, scopeMetrics: [{ scope: first.scope, metrics: [...metrics.values()].flatMap(joined) }] },
    ];
  });
}

/** Each point with the container's attributes; the host's stay on the Resource. */
function flattened(scope: ScopeMetrics): MetricData[] {
  const entity = observedIn(scope)?.entity;
  if (!entity) return [];
  const identity = Object.entries(entity.resource.attributes).filter(
    ([key]) => !(key in entity.host.attributes),
  );
  const attributes = { ...Object.fromEntries(identity), ...entity.point };
  return scope.metrics.map((metric) => withAttributes(metric, attributes));
}

function withAttributes<T extends MetricData>(metric: T, attributes: ScopeAttributes): T {
  const dataPoints = metric.dataPoints.map((point) => ({
    ...point,
    attributes: { ...attributes, ...point.attributes },
  }));
  return { ...metric, dataPoints };
}

type ScopeAttributes = MetricData['dataPoints'][number]['attributes'];

function joined(metrics: readonly MetricData[]): MetricData[] {
  const [first] = metrics;
  if (!first) return [];
  return [Object.assign({ ...first }, { dataPoints: metrics.flatMap(({ dataPoints }) => [...dataPoints]) })];
}

/** A serializer of many Resources in one request. */
export interface RequestSerializer extends ISerializer<ResourceMetrics[], IExportMetricsServiceResponse> {
  /** Requests of single Resources, one after the other, are the request of them all. */
  readonly isConcatenable: boolean;
}

/** One request with one ResourceMetrics per entity; the stock serializers take only one. */
export function requestSerializer(protocol: OtlpProtocol): RequestSerializer {
  return protocol === 'http/json' ? jsonSerializer : protobufSerializer;
}

/** Serialised protobuf messages concatenate: a repeated field of the one goes on in the other. */
const protobufSerializer: RequestSerializer = {
  isConcatenable: true,
  serializeRequest: (all) =>
    Buffer.concat(
      all.map((one) =>
        one instanceof StaleMarkers
          ? staleProtobuf(one)
          : (ProtobufMetricsSerializer.serializeRequest(one) ?? new Uint8Array()),
      ),
    ),
  deserializeResponse: (data) => ProtobufMetricsSerializer.deserializeResponse(data),
};

const jsonSerializer: RequestSerializer = {
  isConcatenable: false,
  serializeRequest: (all) => {
    const resources = all.flatMap((one) =>
      one instanceof StaleMarkers
        ? staleJson(one)
        : (innerOf(JsonMetricsSerializer.serializeRequest(one)) ?? []),
    );
    return new TextEncoder().encode(`${jsonHead}${resources.join(',')}]}`);
  },
  deserializeResponse: (data) => JsonMetricsSerializer.deserializeResponse(data),
};

const jsonHead = '{"resourceMetrics":[';

/** The text inside the list of a request with one resource. */
function innerOf(request: Uint8Array | undefined): string | undefined {
  return request && new TextDecoder().decode(request).slice(jsonHead.length, -2);
}
