import { boolean, text } from '../types/scalars.ts';
import { dockerStatsBlock } from '../receiver/block.ts';
import { duration } from '../types/duration.ts';
import { keyValues } from '../types/key-values.ts';
import { listOf } from '../types/list-of.ts';
import { oneOf } from '../types/one-of.ts';
import { profileNames } from './names.ts';
import type { KnownValues, SettingTable } from './setting.ts';

/** What is exported and by which ways. */
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
  exportTimeout: {
    type: duration(100),
    default: '30s',
    group: 'Export',
    help: 'An export is given up after this',
    example: '5s',
    otelVariables: [{ name: 'OTEL_METRIC_EXPORT_TIMEOUT' }],
    atMost: 'interval',
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
