import { duration } from '../types/duration.ts';
import { headers } from '../types/key-values.ts';
import { oneOf } from '../types/one-of.ts';
import { otlpBaseUrl, otlpUrl } from '../types/otlp-url.ts';
import type { OtelVariable, SettingTable } from './setting.ts';
import { text } from '../types/scalars.ts';

/** How metrics are pushed. */
export const otlpSettings = {
  otlpEndpoint: {
    type: otlpBaseUrl(),
    default: 'http://localhost:4318',
    group: 'OTLP',
    help: "Collector's base URL, to which /v1/metrics is added",
    example: 'https://collector.example:4318',
    otelVariables: [
      { name: 'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT', type: otlpUrl() },
      { name: 'OTEL_EXPORTER_OTLP_ENDPOINT' },
    ],
  },
  otlpLogsEndpoint: {
    type: otlpUrl().optional(),
    defaultText: 'the endpoint, with /v1/logs for its /v1/metrics',
    group: 'OTLP',
    help: 'Whole URL that --event-logs are sent to',
    example: 'https://collector.example:4318/v1/logs',
    otelVariables: [{ name: 'OTEL_EXPORTER_OTLP_LOGS_ENDPOINT' }],
  },
  otlpProtocol: {
    type: oneOf(['http/protobuf', 'http/json'], {
      hints: { grpc: 'gRPC is not supported: send to the HTTP port of the collector, usually 4318' },
    }),
    default: 'http/protobuf',
    group: 'OTLP',
    help: 'http/protobuf or http/json',
    example: 'http/json',
    otelVariables: bothVariables('PROTOCOL'),
  },
  otlpHeaders: {
    type: headers(),
    default: '',
    defaultText: 'none',
    group: 'OTLP',
    help: 'Headers of each request (percent-encoded); better in a variable or the file than in a flag',
    example: 'api-key=secret,x-tenant=a%20b',
    otelVariables: bothVariables('HEADERS'),
    combined: true,
    isRepeatable: true,
    isSecret: true,
  },
  otlpTimeout: {
    type: duration(100),
    default: '10s',
    group: 'OTLP',
    help: 'A request is given up after this, retries included',
    example: '5s',
    otelVariables: bothVariables('TIMEOUT'),
    atMost: 'exportTimeout',
  },
  otlpCompression: {
    type: oneOf(['gzip', 'none']),
    default: 'gzip',
    group: 'OTLP',
    help: 'gzip or none',
    example: 'none',
    otelVariables: bothVariables('COMPRESSION'),
  },
  otlpCertificate: {
    type: text('a file').optional(),
    defaultText: "Node's certificate authorities",
    group: 'OTLP',
    help: "Certificate authority of the collector's certificate",
    example: '/etc/tidegauge/otlp-ca.pem',
    otelVariables: bothVariables('CERTIFICATE'),
    isPem: true,
  },
  otlpClientCertificate: {
    type: text('a file').optional(),
    defaultText: 'none',
    group: 'OTLP',
    help: 'Client certificate shown to the collector',
    example: '/etc/tidegauge/otlp-cert.pem',
    otelVariables: bothVariables('CLIENT_CERTIFICATE'),
    isPem: true,
  },
  otlpClientKey: {
    type: text('a file').optional(),
    defaultText: 'none',
    group: 'OTLP',
    help: 'Key of that client certificate',
    example: '/etc/tidegauge/otlp-key.pem',
    otelVariables: bothVariables('CLIENT_KEY'),
    isPem: true,
  },
  otlpTemporality: {
    type: oneOf(['cumulative', 'delta', 'lowmemory']),
    default: 'cumulative',
    group: 'OTLP',
    help: 'What counters tell: cumulative, delta or lowmemory',
    example: 'delta',
    otelVariables: [{ name: 'OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE' }],
  },
  otlpHistogramAggregation: {
    type: oneOf(['explicit_bucket_histogram', 'base2_exponential_bucket_histogram']),
    default: 'explicit_bucket_histogram',
    group: 'OTLP',
    help: 'How durations are pushed: explicit_bucket_histogram or base2_exponential_bucket_histogram',
    example: 'base2_exponential_bucket_histogram',
    otelVariables: [{ name: 'OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION' }],
  },
  otlpResource: {
    type: oneOf(['container', 'flat']),
    default: 'container',
    group: 'OTLP',
    help: 'One resource per container, or flat: one for all and the identity on each data point',
    example: 'flat',
  },
} as const satisfies SettingTable;

/** The specification lets the variable of the signal win over the one for all signals. */
function bothVariables(name: string): readonly OtelVariable[] {
  return [{ name: `OTEL_EXPORTER_OTLP_METRICS_${name}` }, { name: `OTEL_EXPORTER_OTLP_${name}` }];
}
