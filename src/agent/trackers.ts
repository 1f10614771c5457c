import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { catalogueOf, diskUsageNeeds, hostNeeds, neededParts } from '../metrics/catalogue.ts';
import type { Catalogue } from '../metrics/catalogue.ts';
import type { EventObserver, ProbeObserver, StatsObserver } from '../model/observers.ts';
import { shownUrl } from '../sources/docker/address.ts';
import type { ContainerSource, UsageSource } from '../sources/container-source.ts';
import { DockerSource } from '../sources/docker/docker-source.ts';
import type { RefusedPart } from '../sources/response-limits.ts';
import type { RefusedContainer } from '../sources/docker/list.ts';
import { TrackerSet } from '../tracker/tracker-set.ts';
import { Trackers } from '../tracker/trackers.ts';
import type { ResolvedContainers } from './containers.ts';
import { bracketedUsage, kernelUsage } from './usage.ts';
import type { KernelFiles, KernelUsageOptions } from './usage.ts';

/** Dependencies of trackers beside the configuration. */
interface TrackerDependencies {
  readonly clock: Clock;
  readonly log: Log;
  /** Receives whether runtimes answer, where the log does not. */
  readonly reachabilityLog?: Log;
}

/** Observers of trackers: probes always, events where a stream is to be opened, stats responses where they are checked. */
export interface TrackerObservers {
  readonly probes: ProbeObserver;
  readonly events?: EventObserver;
  readonly stats?: StatsObserver;
}

/** The trackers of all runtimes, each runtime behind its own update lock. */
export function createTrackers(
  { config, catalogue, endpoints, kernelFiles, selection, createMapper }: ResolvedContainers,
  { probes: observer, events, stats }: TrackerObservers,
  { clock, log, reachabilityLog = log }: TrackerDependencies,
): Trackers {
  const { dockerApiVersion: apiVersion, callTimeoutMillis } = config;
  const sourceCount = endpoints.length;
  const sets = endpoints.map((endpoint) => {
    const source = new DockerSource({
      endpoint,
      callTimeoutMillis,
      now: () => clock.now(),
      ...(apiVersion !== undefined && { apiVersion }),
      onRefused: refusalsOf(shownUrl(endpoint.url), observer, log),
      onPartRefused: partRefusalsOf(shownUrl(endpoint.url), log),
      ...(stats && { onStats: (id, text) => stats.statsReceived(id, text) }),
    });
    const needs = {
      parts: neededParts(config.api ? withApi(catalogue) : catalogue),
      hostNeeds: hostNeeds(catalogue, config.cgroupRows),
    };
    const usage = kernelFiles && usageOf(source, kernelFiles, { stats, clock, sourceCount, ...needs });
    return new TrackerSet({
      source,
      ...(usage && { usage }),
      observer,
      clock,
      log,
      reachabilityLog,
      selection,
      mapper: createMapper(),
      ...(events && { events }),
      collectMillis: config.intervalMillis,
      minProbeIntervalMillis: config.minProbeIntervalMillis,
      probeTimeoutMillis: config.probeTimeoutMillis,
      diskUsageIntervalMillis: config.diskUsageIntervalMillis,
      diskUsageNeeds: diskUsageNeeds(catalogue),
    });
  });
  return new Trackers(sets, config.inlineTimeoutMillis, observer);
}

/** The API shows the metrics of the conventions, whatever profiles are exported. */
function withApi({ containers, runtime }: Catalogue): Catalogue {
  return { containers: [...containers, ...catalogueOf(['semconv']).containers], runtime };
}

/** By the kernel's files, unless responses of the runtime are compared with ours: then they are what is shown. */
function usageOf(
  source: ContainerSource,
  files: KernelFiles,
  { stats, hostNeeds: needs, ...rest }: KernelUsageOptions & { readonly stats: StatsObserver | undefined },
): UsageSource | undefined {
  if (!stats) return kernelUsage(files, source, { ...rest, ...(needs && { hostNeeds: needs }) });
  if (!stats.kernelRead) return undefined;
  const beside = kernelUsage({ ...files, hasFallback: false }, source, rest);
  return bracketedUsage(source, beside, (id, around) => stats.kernelRead?.(id, around));
}

/** Maximum number of refused containers of one list that are logged by name. */
const maxLoggedRefusals = 20;

/** Counts each refused container of each list, and logs it once for as long as lists have it. */
function refusalsOf(
  runtime: string,
  observer: ProbeObserver,
  log: Log,
): (refused: readonly RefusedContainer[]) => void {
  let logged: ReadonlySet<string> = new Set();
  return (refused) => {
    const current = new Set<string>();
    for (const { name = 'without a name', reason, field } of refused) {
      observer.containerRefused?.(runtime, reason);
      const key = `${reason} ${name}`;
      if (current.size >= maxLoggedRefusals || current.has(key)) continue;
      current.add(key);
      const fields = { runtime, container: name, reason, ...(field !== undefined && { field }) };
      if (!logged.has(key)) log.warn(fields, 'container is left out');
    }
    logged = current;
  };
}

/** Logs once per call that a part of what the runtime says of itself is left out. */
function partRefusalsOf(runtime: string, log: Log): (what: string, part: RefusedPart) => void {
  const logged = new Set<string>();
  return (what, { reason, field }) => {
    if (logged.has(what)) return;
    logged.add(what);
    log.warn(
      { runtime, call: what, reason, ...(field !== undefined && { field }) },
      'part of the response is left out',
    );
  };
}
