import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { Clock } from '../clock.ts';
import { ConfigError } from '../config/config-error.ts';
import type { Config } from '../config/settings/settings.ts';
import type { OtlpExporterOptions } from '../export/otlp/otlp-exporter.ts';

/** What the configuration says of the OTLP exporter. Throws a ConfigError for certificates that cannot be used. */
export function otlpOptions(
  config: Config,
  environment: NodeJS.ProcessEnv,
  clock: Clock,
): Omit<OtlpExporterOptions, 'observer'> {
  return {
    url: config.otlpEndpoint.href,
    protocol: config.otlpProtocol,
    headers: config.otlpHeaders,
    compression: config.otlpCompression,
    requestTimeoutMillis: config.otlpTimeout,
    exportTimeoutMillis: Math.min(config.exportTimeout, config.interval),
    temporality: config.otlpTemporality,
    histogramAggregation: config.otlpHistogramAggregation,
    layout: config.otlpResource,
    tls: readCertificates(config),
    environment,
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
  };
}

function readCertificates(config: Config): OtlpExporterOptions['tls'] {
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
