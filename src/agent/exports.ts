import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { createSecureContext } from 'node:tls';
import { instanceId } from '../attributes/attribute-mapper.ts';
import type { Clock } from '../clock.ts';
import { ConfigError } from '../config/config-error.ts';
import { chooseProxy } from '../config/proxy-variables.ts';
import type { Config } from '../config/settings/settings.ts';
import type { OtlpExporterOptions } from '../export/otlp/otlp-exporter.ts';
import type { OtlpTransportOptions } from '../export/otlp/transport.ts';
import type { TelemetryOptions } from '../export/telemetry.ts';
import type { Log } from '../log.ts';

/** Exporters of a configuration with their settings resolved; certificates are read once. */
export interface ResolvedExports {
  readonly telemetry: TelemetryOptions;
  /** Transport of event logs; undefined when they are off. */
  readonly eventLogs: OtlpTransportOptions | undefined;
}

/** Dependencies of exports beside the configuration. */
interface ExportDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly environment: NodeJS.ProcessEnv;
  readonly version: string;
}

const metricsPath = /\/v1\/metrics$/;

/**
 * Resolves a configuration for exporting; logs a proxy that is named and cannot be used. Throws a ConfigError for certificates that cannot be used, and for
 * event logs without an endpoint.
 */
export function resolveExports(config: Config, dependencies: ExportDependencies): ResolvedExports {
  const { clock, version } = dependencies;
  const host = hostname();
  const isOn = (name: 'otlp' | 'prometheus' | 'console'): boolean =>
    !config.sdkDisabled && config.exporter.includes(name);
  const sendsLogs = config.eventLogs && !config.sdkDisabled;
  const options = isOn('otlp') || sendsLogs ? otlpOptions(config, dependencies) : undefined;
  const eventLogs = sendsLogs && options ? logsOptions(config, options, dependencies.environment) : undefined;
  warnOfProxies(
    [...(isOn('otlp') && options ? [options] : []), ...(eventLogs ? [eventLogs] : [])],
    dependencies.log,
  );
  return {
    telemetry: {
      resource: {
        'service.instance.id': instanceId(`${host} ${config.serviceName}`),
        'service.version': version,
        ...config.resourceAttributes,
        'service.name': config.serviceName,
      },
      otlp: isOn('otlp') ? options : undefined,
      console: isOn('console'),
      prometheus: isOn('prometheus'),
      intervalMillis: config.intervalMillis,
      exportTimeoutMillis: config.exportTimeoutMillis,
      hostName: host,
      now: clock.now(),
    },
    eventLogs,
  };
}

function otlpOptions(
  config: Config,
  { environment, clock, version }: ExportDependencies,
): Omit<OtlpExporterOptions, 'observer'> {
  return {
    url: config.otlpEndpoint.href,
    protocol: config.otlpProtocol,
    headers: config.otlpHeaders,
    compression: config.otlpCompression,
    requestTimeoutMillis: config.otlpTimeoutMillis,
    exportTimeoutMillis: Math.min(config.exportTimeoutMillis, config.intervalMillis),
    temporality: config.otlpTemporality,
    histogramAggregation: config.otlpHistogramAggregation,
    layout: config.otlpResource,
    tls: readCertificates(config),
    proxy: chooseProxy(config.otlpEndpoint, environment),
    userAgent: `tidegauge/${version}`,
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
  };
}

function readCertificates(config: Config): OtlpTransportOptions['tls'] {
  const files = {
    ca: config.otlpCertificate,
    cert: config.otlpClientCertificate,
    key: config.otlpClientKey,
  };
  const given = Object.entries(files).flatMap(([name, file]) => (file === undefined ? [] : [{ name, file }]));
  try {
    const tls = Object.fromEntries(given.map(({ name, file }) => [name, readFileSync(file, 'utf8')]));
    createSecureContext(tls);
    return tls;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const names = given.map(({ file }) => file).join(', ');
    throw new ConfigError([`certificates of --otlp-endpoint, ${names}: cannot be used: ${reason}`]);
  }
}

function logsOptions(
  config: Config,
  options: OtlpTransportOptions,
  environment: NodeJS.ProcessEnv,
): OtlpTransportOptions {
  const url = logsUrl(config);
  return { ...options, url: url.href, proxy: chooseProxy(url, environment) };
}

/** Each variable once, with all that is reached without it. */
function warnOfProxies(options: readonly OtlpTransportOptions[], log: Log): void {
  const ignored = options.filter(({ proxy }) => proxy.ignored !== undefined);
  for (const [reason, those] of Map.groupBy(ignored, ({ proxy }) => proxy.ignored)) {
    const hosts = new Set(those.map(({ url }) => new URL(url).host));
    log.warn({}, `${reason}; reached directly instead: ${[...hosts].join(', ')}`);
  }
}

/** The path beside that of the metrics, unless one is given. */
function logsUrl({ otlpLogsEndpoint, otlpEndpoint }: Config): URL {
  if (otlpLogsEndpoint) return otlpLogsEndpoint;
  const url = new URL(otlpEndpoint);
  if (!metricsPath.test(url.pathname)) {
    const why = "the metrics' endpoint does not end in /v1/metrics, so that of logs is not known";
    throw new ConfigError([`--event-logs: ${why}; give --otlp-logs-endpoint`]);
  }
  url.pathname = url.pathname.replace(metricsPath, '/v1/logs');
  return url;
}
