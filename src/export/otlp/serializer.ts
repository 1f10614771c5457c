import { JsonMetricsSerializer, ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer';
import type { IExportMetricsServiceResponse, ISerializer } from '@opentelemetry/otlp-transformer';
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { staleJson, staleMarkers, staleProtobuf } from './stale-encoding.ts';

/** The two encodings of OTLP over HTTP. */
export type OtlpProtocol = 'http/protobuf' | 'http/json';

/** A serializer of many Resources in one request. */
export type RequestSerializer = ISerializer<ResourceMetrics[], IExportMetricsServiceResponse>;

/** Content type of each encoding. */
export const contentTypes: Readonly<Record<OtlpProtocol, string>> = {
  'http/protobuf': 'application/x-protobuf',
  'http/json': 'application/json',
};

/** One request with one ResourceMetrics per subject; the stock serializers take only one. */
export function requestSerializer(protocol: OtlpProtocol): RequestSerializer {
  return protocol === 'http/json' ? jsonSerializer : protobufSerializer;
}

/** Serialised protobuf messages concatenate: a repeated field of the one goes on in the other. */
const protobufSerializer: RequestSerializer = {
  serializeRequest: (all) =>
    Buffer.concat(
      all.map((one) =>
        staleMarkers.has(one)
          ? staleProtobuf(one)
          : (ProtobufMetricsSerializer.serializeRequest(one) ?? new Uint8Array()),
      ),
    ),
  deserializeResponse: (data) => ProtobufMetricsSerializer.deserializeResponse(data),
};

const jsonSerializer: RequestSerializer = {
  serializeRequest: (all) => {
    const resources = all.flatMap((one) =>
      staleMarkers.has(one) ? staleJson(one) : (innerOf(JsonMetricsSerializer.serializeRequest(one)) ?? []),
    );
    return new TextEncoder().encode(`${jsonHead}${resources.join(',')}]}`);
  },
  deserializeResponse: (data) => JsonMetricsSerializer.deserializeResponse(data),
};

const jsonHead = '{"resourceMetrics":[';

/** What stands inside the list of a request with one resource. */
function innerOf(request: Uint8Array | undefined): string | undefined {
  return request && new TextDecoder().decode(request).slice(jsonHead.length, -2);
}

/** What one export sent, and what the collector refused of it while it answered 200. */
export interface Tally {
  bytes: number;
  rejected: number;
}

/**
 * Counts what goes out and what is refused.
 * @param rejectedIn what an answer refuses, under the name that its signal has for it.
 */
export function tallying<Request, Response>(
  serializer: ISerializer<Request, Response>,
  tally: Tally,
  rejectedIn: (response: Response) => number | string | undefined,
): ISerializer<Request, Response> {
  return {
    serializeRequest(request) {
      const bytes = serializer.serializeRequest(request);
      tally.bytes += bytes?.length ?? 0;
      return bytes;
    },
    deserializeResponse(data) {
      const response = serializer.deserializeResponse(data);
      tally.rejected += Number(rejectedIn(response) ?? 0);
      return response;
    },
  };
}
