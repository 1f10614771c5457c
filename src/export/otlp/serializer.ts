import { JsonMetricsSerializer, ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer';
import type { IExportMetricsServiceResponse, ISerializer } from '@opentelemetry/otlp-transformer';
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { OtlpProtocol } from './transport.ts';
import { staleJson, StaleMarkers, staleProtobuf } from './stale-encoding.ts';

/** A serializer of many Resources in one request. */
export type RequestSerializer = ISerializer<ResourceMetrics[], IExportMetricsServiceResponse>;

/** One request with one ResourceMetrics per entity; the stock serializers take only one. */
export function requestSerializer(protocol: OtlpProtocol): RequestSerializer {
  return protocol === 'http/json' ? jsonSerializer : protobufSerializer;
}

/** Serialised protobuf messages concatenate: a repeated field of the one goes on in the other. */
const protobufSerializer: RequestSerializer = {
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
