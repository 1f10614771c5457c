import { hostname } from 'node:os';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/settings/settings.ts';
import { instanceId } from '../attributes/instance-id.ts';
import { otlpOptions } from './otlp.ts';
import type { TelemetryOptions } from '../export/telemetry.ts';

/** Dependencies of telemetry beside the configuration. */
interface TelemetryDependencies {
  readonly clock: Clock;
  readonly environment: NodeJS.ProcessEnv;
  readonly version: string;
}

/** What a configuration says of the readers. Throws a ConfigError for certificates that cannot be used. */
export function telemetryOptions(
  config: Config,
  { clock, environment, version }: TelemetryDependencies,
): TelemetryOptions {
  const host = hostname();
  const isOn = (name: 'otlp' | 'prometheus' | 'console'): boolean =>
    !config.sdkDisabled && config.exporter.includes(name);
  return {
    resource: {
      'service.instance.id': instanceId(`${host} ${config.serviceName}`),
      'service.version': version,
      ...config.resourceAttributes,
      'service.name': config.serviceName,
    },
    otlp: isOn('otlp') ? otlpOptions(config, environment, clock) : undefined,
    console: isOn('console'),
    prometheus: isOn('prometheus'),
    intervalMillis: config.interval,
    exportTimeoutMillis: config.exportTimeout,
    hostName: host,
    now: clock.now(),
  };
}
