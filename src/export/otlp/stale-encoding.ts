import type { Attributes, HrTime } from '@opentelemetry/api';
import { AggregationTemporality, DataPointType } from '@opentelemetry/sdk-metrics';
import type { MetricData, ResourceMetrics, ScopeMetrics } from '@opentelemetry/sdk-metrics';

/** OTLP's flag of a point: from now on there is no value. The stock serializers write no flags. */
const NO_RECORDED_VALUE = 1;

/** A Resource whose points are stale markers: their values are not sent. */
export class StaleMarkers implements ResourceMetrics {
  readonly resource: ResourceMetrics['resource'];
  readonly scopeMetrics: ScopeMetrics[];

  constructor({ resource, scopeMetrics }: ResourceMetrics) {
    this.resource = resource;
    this.scopeMetrics = scopeMetrics;
  }
}

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
    // A metric for each point: the Collector's Prometheus exporter ignores all points after a marker.
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

/** Enough for most requests; doubled when it is not. */
const firstBytes = 64 * 1024;

const wire = { varint: 0, fixed64: 1, bytes: 2 } as const;

/**
 * Writes a protobuf message from its end to its beginning, so that the length of a nested message is known when
 * it is written. The first field is therefore written last.
 */
export class ProtobufWriter {
  #buffer = Buffer.allocUnsafe(firstBytes);
  /** Position of the last written byte. */
  #at = firstBytes;

  /** A field with an integer, an enumeration or a boolean. */
  varint(field: number, value: number | bigint): void {
    this.#rawVarint(value);
    this.#tag(field, wire.varint);
  }

  /** A field with a time. */
  fixed64(field: number, value: bigint): void {
    const at = this.#reserve(8);
    this.#buffer.writeBigUInt64LE(value, at);
    this.#tag(field, wire.fixed64);
  }

  /** A field with a floating-point number. */
  double(field: number, value: number): void {
    const at = this.#reserve(8);
    this.#buffer.writeDoubleLE(value, at);
    this.#tag(field, wire.fixed64);
  }

  /** A field with a text. */
  text(field: number, value: string): void {
    const length = Buffer.byteLength(value);
    const at = this.#reserve(length);
    this.#buffer.write(value, at);
    this.#rawVarint(length);
    this.#tag(field, wire.bytes);
  }

  /** A field with a message, which `write` writes: from its end, too. */
  message(field: number, write: () => void): void {
    const end = this.#buffer.length - this.#at;
    write();
    this.#rawVarint(this.#buffer.length - this.#at - end);
    this.#tag(field, wire.bytes);
  }

  /** The bytes written so far. */
  finish(): Uint8Array {
    return this.#buffer.subarray(this.#at);
  }

  #tag(field: number, type: number): void {
    this.#rawVarint(field * 8 + type);
  }

  #rawVarint(value: number | bigint): void {
    // Nearly all tags and lengths: without it the whole takes twice the time.
    if (value >= 0 && value < 0x80) {
      const only = this.#reserve(1);
      this.#buffer[only] = Number(value);
      return;
    }
    const bytes: number[] = [];
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
    bytes.push(Number(rest));
    const at = this.#reserve(bytes.length);
    this.#buffer.set(bytes, at);
  }

  /** Makes room before what is written already; the buffer may be another one afterwards. */
  #reserve(length: number): number {
    if (length > this.#at) {
      const larger = Buffer.allocUnsafe(2 * this.#buffer.length + length);
      const written = this.finish();
      larger.set(written, larger.length - written.length);
      this.#at = larger.length - written.length;
      this.#buffer = larger;
    }
    this.#at -= length;
    return this.#at;
  }
}
