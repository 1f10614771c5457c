import type { Meter } from '@opentelemetry/api';
import type { Clock } from '../clock.ts';
import { ConfigError } from '../config/config-error.ts';
import { shownOtlpUrl } from '../config/types/otlp-url.ts';
import type { Config } from '../config/settings/settings.ts';
import type { Log } from '../log.ts';
import { EventLogInstruments } from '../self-metrics/agent-instruments.ts';
import { otlpOptions } from './otlp.ts';
import type { EntityOptions } from '../export/entity.ts';
import { EventLogs } from '../export/logs/event-logs.ts';
import { loggedExports } from '../export/otlp/export-log.ts';

/** Dependencies of event logs beside the configuration. */
interface EventLogDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly environment: NodeJS.ProcessEnv;
  readonly version: string;
  /** For the instruments of what is exported and dropped. */
  readonly meter: Meter;
}

const metricsPath = /\/v1\/metrics$/;

/**
 * The export of events as logs: sent as the metrics are, but to another path; undefined when it is not wanted.
 * Throws a ConfigError when it is not known where to.
 */
export function createEventLogs(
  config: Config,
  entities: EntityOptions,
  { clock, log, environment, version, meter }: EventLogDependencies,
): EventLogs | undefined {
  if (!config.eventLogs || config.sdkDisabled) return undefined;
  const url = logsUrl(config);
  const instruments = new EventLogInstruments(meter);
  instruments.begin();
  return new EventLogs({
    transport: { ...otlpOptions(config, environment, clock), url: url.href },
    entities,
    instruments,
    exports: loggedExports(log, shownOtlpUrl(url), 'log records'),
    version,
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
  });
}

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
