import { chosenMetrics } from './catalogue.ts';
import { attributeMappers } from './attributes.ts';
import type { Clock } from '../clock.ts';
import { ConfigError } from '../config/config-error.ts';
import { selectionOf } from './selection.ts';
import type { Config } from '../config/settings/settings.ts';
import type { Log } from '../log.ts';
import { profiles } from '../metrics/catalogue.ts';
import type { EventObserver, ProbeObserver, StatsObserver } from '../model/observers.ts';
import { shownUrl } from '../sources/docker/address.ts';
import type { EngineEndpoint } from '../sources/docker/address.ts';
import { hostContext, engineEndpoints } from '../sources/docker/discovery.ts';
import { DockerSource } from '../sources/docker/docker-source.ts';
import { TrackerSet } from '../tracker/tracker-set.ts';
import { Trackers } from '../tracker/trackers.ts';

/** The runtimes that a configuration names, or those found here. Throws a ConfigError that names what is wrong. */
export function findEndpoints(config: Config, environment: NodeJS.ProcessEnv): readonly EngineEndpoint[] {
  const endpoints = orConfigError(() => engineEndpoints(endpointSettings(config), hostContext(environment)));
  const narrow = config.profile.find((name) => profiles[name].oneRuntimeOnly);
  if (narrow !== undefined && endpoints.length > 1) {
    const urls = endpoints.map(({ url }) => shownUrl(url)).join(', ');
    throw new ConfigError([
      `--profile ${narrow}: its names leave room for one runtime, but there are ${endpoints.length}: ${urls}`,
    ]);
  }
  return endpoints;
}

function endpointSettings(config: Config): Parameters<typeof engineEndpoints>[0] {
  return {
    urls: config.dockerUrl,
    caFile: config.dockerTlsCa,
    certFile: config.dockerTlsCert,
    keyFile: config.dockerTlsKey,
    verify: config.dockerTlsVerify,
  };
}

/** What is wrong with the surroundings is wrong with the configuration: it is told as such. */
function orConfigError<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new ConfigError([error instanceof Error ? error.message : String(error)]);
  }
}

/** Dependencies of trackers beside the configuration. */
interface TrackerDependencies {
  readonly clock: Clock;
  readonly log: Log;
}

/** Observers of trackers: probes always, events where a stream is to be opened, stats responses where they are checked. */
export interface TrackerObservers {
  readonly probes: ProbeObserver;
  readonly events?: EventObserver;
  readonly stats?: StatsObserver;
}

/** The trackers of all runtimes, each runtime behind its own update lock. */
export function createTrackers(
  config: Config,
  endpoints: readonly EngineEndpoint[],
  { probes: observer, events, stats }: TrackerObservers,
  { clock, log }: TrackerDependencies,
): Trackers {
  const { dockerApiVersion: apiVersion, callTimeout: callTimeoutMillis } = config;
  const selection = selectionOf(config);
  const mapperOfRuntime = attributeMappers(config, chosenMetrics(config), log);
  const sets = endpoints.map((endpoint) => {
    const source = new DockerSource({
      endpoint,
      callTimeoutMillis,
      now: () => clock.now(),
      ...(apiVersion !== undefined && { apiVersion }),
      ...(stats && { onStats: (id, text) => stats.statsReceived(id, text) }),
    });
    return new TrackerSet({
      source,
      observer,
      clock,
      log,
      selection,
      mapper: mapperOfRuntime(),
      ...(events && { events }),
      collectMillis: config.interval,
      minProbeIntervalMillis: config.minProbeInterval,
      probeTimeoutMillis: config.probeTimeout,
      diskUsageIntervalMillis: config.diskUsageInterval,
    });
  });
  return new Trackers(sets, config.inlineTimeout, observer);
}
