import type { Attributes, HrTime } from '@opentelemetry/api';
import { AggregationTemporality, DataPointType } from '@opentelemetry/sdk-metrics';
import type { MetricData, ResourceMetrics, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import { ProtobufWriter } from './protobuf-writer.ts';

/** OTLP's flag of a point that says: from now on there is no value. The stock serializers write no flags. */
const NO_RECORDED_VALUE = 1;

/** Resources whose points are stale markers: their values are not sent. */
export const staleMarkers = new WeakSet<ResourceMetrics>();

/** A request of protobuf with one Resource of stale markers. */
export function staleProtobuf({ resource, scopeMetrics }: ResourceMetrics): Uint8Array {
  const writer = new ProtobufWriter();
  writer.message(1, () => {
    for (const scope of scopeMetrics.toReversed()) writer.message(2, () => writeScope(writer, scope));
    writer.message(1, () => writeAttributes(writer, 1, resource.attributes));
  });
  return writer.finish();
}

/** The same as an element of a JSON request's list. */
export function staleJson({ resource, scopeMetrics }: ResourceMetrics): string {
  return JSON.stringify({
    resource: { attributes: jsonAttributes(resource.attributes) },
    scopeMetrics: scopeMetrics.map(({ scope, metrics }) => ({
      scope: { name: scope.name, version: scope.version },
      metrics: metrics.flatMap((metric) => metric.dataPoints.map((point) => jsonMetric(metric, point))),
    })),
  });
}

type Point = MetricData['dataPoints'][number];
type Value = Attributes[string];

function writeScope(writer: ProtobufWriter, { scope, metrics }: ScopeMetrics): void {
  for (const metric of metrics.toReversed())
    // A metric for each point: the Collector's Prometheus exporter looks at no further point after a marker.
    for (const point of metric.dataPoints.toReversed())
      writer.message(2, () => writeMetric(writer, metric, point));
  writer.message(1, () => {
    if (scope.version !== undefined) writer.text(2, scope.version);
    writer.text(1, scope.name);
  });
}

function writeMetric(writer: ProtobufWriter, metric: MetricData, point: Point): void {
  const isSum = metric.dataPointType === DataPointType.SUM;
  writer.message(isSum ? 7 : 5, () => {
    if (isSum && metric.isMonotonic) writer.varint(3, 1);
    if (isSum) writer.varint(2, temporalityOf(metric));
    writer.message(1, () => writePoint(writer, point));
  });
  const { name, description, unit } = metric.descriptor;
  writer.text(3, unit);
  writer.text(2, description);
  writer.text(1, name);
}

function writePoint(writer: ProtobufWriter, { attributes, endTime }: Point): void {
  writer.varint(8, NO_RECORDED_VALUE);
  writeAttributes(writer, 7, attributes);
  writer.fixed64(3, nanosOf(endTime));
}

function writeAttributes(writer: ProtobufWriter, field: number, attributes: Attributes): void {
  for (const [key, value] of Object.entries(attributes).toReversed())
    writer.message(field, () => {
      writer.message(2, () => writeValue(writer, value));
      writer.text(1, key);
    });
}

function writeValue(writer: ProtobufWriter, value: Value): void {
  if (typeof value === 'string') writer.text(1, value);
  else if (typeof value === 'boolean') writer.varint(2, value ? 1 : 0);
  else if (typeof value === 'number' && Number.isInteger(value)) writer.varint(3, value);
  else if (typeof value === 'number') writer.double(4, value);
  else if (Array.isArray(value))
    writer.message(5, () => {
      for (const each of value.toReversed()) writer.message(1, () => writeValue(writer, each ?? undefined));
    });
}

function jsonMetric(metric: MetricData, { attributes, endTime }: Point): object {
  const { name, description, unit } = metric.descriptor;
  const point = {
    attributes: jsonAttributes(attributes),
    timeUnixNano: String(nanosOf(endTime)),
    flags: NO_RECORDED_VALUE,
  };
  if (metric.dataPointType !== DataPointType.SUM)
    return { name, description, unit, gauge: { dataPoints: [point] } };
  const aggregationTemporality = temporalityOf(metric);
  const { isMonotonic } = metric;
  return { name, description, unit, sum: { aggregationTemporality, isMonotonic, dataPoints: [point] } };
}

function jsonAttributes(attributes: Attributes): object[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: jsonValue(value) }));
}

function jsonValue(value: Value): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number')
    return Number.isInteger(value) ? { intValue: value } : { doubleValue: value };
  return Array.isArray(value)
    ? { arrayValue: { values: value.map((each) => jsonValue(each ?? undefined)) } }
    : {};
}

function temporalityOf({ aggregationTemporality }: MetricData): number {
  return aggregationTemporality === AggregationTemporality.DELTA ? 1 : 2;
}

function nanosOf([seconds, nanos]: HrTime): bigint {
  return BigInt(seconds) * 1_000_000_000n + BigInt(nanos);
}
