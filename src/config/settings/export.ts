import { dockerStatsBlock } from '../receiver/block.ts';
import { duration } from '../types/duration.ts';
import { listOf } from '../types/list-of.ts';
import { oneOf } from '../types/one-of.ts';
import { otlpBaseUrl, otlpUrl } from '../types/otlp-url.ts';
import { headers, keyValues, boolean, text } from '../types/scalars.ts';
import { cadvisorGroupNames, cgroupRows, profileNames } from './names.ts';
import type { KnownValues, OtelVariable, SettingTable } from './setting.ts';

const aloneError = 'all and none exclude every other name';

/** `all` and `none` stand alone. */
function isAlone(names: readonly string[]): boolean {
  return names.length === 1 || !names.some((name) => name === 'all' || name === 'none');
}

/** Settings of exporters and of their content. */
export const exportSettings = {
  exporter: {
    type: listOf(oneOf(['otlp', 'prometheus', 'console', 'none'])).refine(
      (names) => names.length === 1 || !names.includes('none'),
      { error: 'none excludes every other exporter' },
    ),
    default: 'otlp,prometheus',
    group: 'Export',
    help: 'Ways out: otlp, prometheus, console, none',
    example: 'prometheus',
    isRepeatable: true,
    otelVariables: [{ name: 'OTEL_METRICS_EXPORTER' }],
  },
  exportTimeoutMillis: {
    type: duration(100),
    default: '30s',
    group: 'Export',
    help: 'An export is given up after this',
    example: '5s',
    otelVariables: [{ name: 'OTEL_METRIC_EXPORT_TIMEOUT' }],
    maxKey: 'intervalMillis',
  },
  profile: {
    type: listOf(oneOf(profileNames)),
    default: 'semconv',
    group: 'Export',
    help: `Sets of metric names: ${profileNames.join(', ')}`,
    example: 'semconv,docker_exporter',
    isRepeatable: true,
  },
  metric: {
    type: listOf(text('a metric')).optional(),
    defaultText: 'as the tables of metrics say',
    group: 'Export',
    help: 'Metrics to switch on by NAME, or off by !NAME; may be repeated',
    example: 'container.paging.faults,!container.uptime',
    isRepeatable: true,
  },
  cadvisorGroup: {
    type: listOf(oneOf([...cadvisorGroupNames, 'all', 'none'])).refine(isAlone, { error: aloneError }),
    default: 'all',
    group: 'Export',
    help: 'Groups of metrics of profile cadvisor, as cAdvisor names them (docs/migration/cadvisor.md); all, or none of them',
    example: 'cpu,memory,network',
    ofProfile: 'cadvisor',
    isRepeatable: true,
  },
  cgroupRows: {
    type: oneOf(cgroupRows),
    default: 'root',
    group: 'Export',
    help: 'Cgroups besides containers in profile cadvisor: none, the root (id="/"), or slices: what is directly below it, and slices of systemd',
    example: 'slices',
    ofProfile: 'cadvisor',
  },
  cadvisorLabel: {
    type: listOf(text('a label')).refine(isAlone, { error: aloneError }),
    default: 'all',
    group: 'Export',
    help: 'Labels of a container that become container_label_* in profile cadvisor: these, all, or none',
    example: 'com.docker.compose.service,team',
    ofProfile: 'cadvisor',
    isRepeatable: true,
  },
  cadvisorEnv: {
    type: listOf(text('a name')).optional(),
    defaultText: 'none',
    group: 'Export',
    help: 'Environment variables whose names begin so become container_env_* in profile cadvisor',
    example: 'APP_VERSION,STAGE',
    ofProfile: 'cadvisor',
    isRepeatable: true,
  },
  dockerStats: {
    type: dockerStatsBlock.optional(),
    defaultText: 'none',
    group: 'Export',
    help: "The block of a Collector's docker_stats receiver, pasted, for the profile of that name",
    example: '{metrics: {container.uptime: {enabled: true}}}',
    isFileOnly: true,
  },
  eventLogs: {
    type: boolean(),
    default: 'false',
    group: 'Export',
    help: "Export each event of a container as an OTLP log record under the container's resource",
    example: 'true',
  },
  resourceAttributes: {
    type: keyValues(),
    default: '',
    defaultText: 'none',
    group: 'Export',
    help: "Attributes of the agent's own resource",
    example: 'deployment.environment.name=staging',
    isRepeatable: true,
    otelVariables: [{ name: 'OTEL_RESOURCE_ATTRIBUTES' }],
  },
  serviceName: {
    type: text('a name'),
    default: nameInResource,
    defaultText: 'tidegauge',
    group: 'Export',
    help: "Name of the agent's own service",
    example: 'tidegauge-staging',
    otelVariables: [{ name: 'OTEL_SERVICE_NAME' }],
  },
} as const satisfies SettingTable;

/** The specification ranks `OTEL_SERVICE_NAME` above `service.name` among the attributes, and that above nothing. */
function nameInResource({ resourceAttributes }: KnownValues): string {
  return resourceAttributes['service.name'] || 'tidegauge';
}

/** Settings of pushes over OTLP. */
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
  otlpTimeoutMillis: {
    type: duration(100),
    default: '10s',
    group: 'OTLP',
    help: 'A request is given up after this, retries included',
    example: '5s',
    otelVariables: bothVariables('TIMEOUT'),
    maxKey: 'exportTimeoutMillis',
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
    help: 'What counters report: cumulative, delta or lowmemory',
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
