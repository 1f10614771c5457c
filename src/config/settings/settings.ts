import { isDeepStrictEqual } from 'node:util';
import { address, hostPart, metricsPath, portPart, urlPath } from '../types/address.ts';
import { oneOf } from '../types/one-of.ts';
import { boolean, text } from '../types/scalars.ts';
import { dockerSettings, probeSettings, selectionSettings, usageSettings } from './containers.ts';
import { exportSettings, otlpSettings } from './export.ts';
import { nameSettings } from './setting.ts';
import type { SettingTable, Values } from './setting.ts';

/** Settings of scrapes by Prometheus. */
const prometheusSettings = {
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
  prepareScrapes: {
    type: boolean(),
    default: 'true',
    group: 'Prometheus',
    help: 'Make the page of a scraper that comes at a steady period shortly before it comes (docs/prometheus.md)',
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

/** The agent as a process. */
const agentSettings = {
  config: {
    type: text('a file').optional(),
    defaultText: 'none',
    group: 'Agent',
    help: 'YAML file with any of these settings; read again on SIGHUP',
    example: '/etc/tidegauge/tidegauge.yaml',
    isOutsideFile: true,
  },
  logLevel: {
    type: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
      aliases: { none: 'silent', verbose: 'trace', all: 'trace', warning: 'warn' },
    }),
    default: 'info',
    group: 'Agent',
    help: 'Least level that is logged: trace, debug, info, warn, error, fatal, silent',
    example: 'warn',
    otelVariables: [{ name: 'OTEL_LOG_LEVEL' }],
  },
  verbose: {
    type: boolean(),
    default: 'false',
    group: 'Agent',
    help: 'Log at level debug at least',
    example: 'true',
  },
  selfAudit: {
    type: boolean(),
    default: 'false',
    group: 'Agent',
    help: "Check one random container per probe against the docker command's arithmetic, over the same responses",
    example: 'true',
  },
  sdkDisabled: {
    type: boolean(),
    default: 'false',
    group: 'Agent',
    help: 'Measure and export nothing',
    example: 'true',
    otelVariables: [{ name: 'OTEL_SDK_DISABLED' }],
  },
} as const satisfies SettingTable;

/** The one table of settings; flags, variables, the file, the help and the documents are made from it. */
export const settings = {
  ...dockerSettings,
  ...usageSettings,
  ...selectionSettings,
  ...probeSettings,
  ...exportSettings,
  ...otlpSettings,
  ...prometheusSettings,
  ...agentSettings,
} as const;

/** The settled configuration: frozen, every value checked. */
export type Config = Values<typeof settings>;

/** The table as a list, each setting with all its names. */
export const namedSettings = nameSettings(settings);

/** Settings with a command-line flag. */
export const flaggedSettings = namedSettings.filter(({ isFileOnly }) => !isFileOnly);

/** Types leave their own values unchanged, so values that all stay as they are must have come from them. */
export function isConfig(values: Readonly<Record<string, unknown>>): values is Config {
  return namedSettings.every(({ key, type }) => {
    const again = type.safeParse(values[key]);
    return again.success && isDeepStrictEqual(again.data, values[key]);
  });
}
