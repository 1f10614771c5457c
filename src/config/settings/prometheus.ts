import { address, hostPart, metricsPath, portPart, urlPath } from '../types/address.ts';
import { boolean } from '../types/scalars.ts';
import type { SettingTable } from './setting.ts';

/** Settings of scrapes by Prometheus. */
export const prometheusSettings = {
  listen: {
    type: address(),
    default: '127.0.0.1:9417',
    group: 'Prometheus',
    help: 'Address of the metrics; :9417 is every interface, port 0 any free one',
    example: '0.0.0.0:9417',
    otelVariables: [
      { name: 'OTEL_EXPORTER_PROMETHEUS_HOST', type: hostPart() },
      { name: 'OTEL_EXPORTER_PROMETHEUS_PORT', type: portPart() },
    ],
    combined: true,
  },
  metricsPath: {
    type: metricsPath(),
    default: '/metrics',
    group: 'Prometheus',
    help: 'Path of the metrics',
    example: '/container-metrics',
  },
  pathPrefix: {
    type: urlPath().optional(),
    defaultText: 'none',
    group: 'Prometheus',
    help: 'Path before every path that is served, for a proxy that passes it on; /healthz and /readyz are served without it too',
    example: '/tidegauge',
  },
  api: {
    type: boolean(),
    default: 'true',
    group: 'Prometheus',
    help: 'Serve containers, their samples and their events at /api/v1 too (docs/api.md)',
    example: 'false',
  },
  containerIdLabel: {
    type: boolean(),
    default: 'true',
    group: 'Prometheus',
    help: 'Label container_id, the whole id as in OTLP, on each series',
    example: 'false',
  },
  openmetricsCreated: {
    type: boolean(),
    default: 'false',
    group: 'Prometheus',
    help: 'Series _created for each counter, in OpenMetrics',
    example: 'true',
  },
} as const satisfies SettingTable;
