import { ByteBudget } from '../concurrency/shared-bytes.ts';
import { readDuration } from '../config/types/duration.ts';
import type { Config } from '../config/settings/settings.ts';
import { PreparedScrapes, preparedOutcomes } from '../export/prometheus/prepared-scrapes.ts';
import { ScrapeSource } from '../export/prometheus/scrape-source.ts';
import type { Telemetry } from '../export/telemetry.ts';
import { createHttpServer } from '../http/http-server.ts';
import type { HttpServer } from '../http/http-server.ts';
import { refusalReasons } from '../http/refusals.ts';
import { EventFeed } from '../live/event-feed.ts';
import { Live } from '../live/live.ts';
import type { Catalogue } from '../metrics/catalogue.ts';
import { PreparedScrapeInstruments, RefusalInstruments } from '../self-metrics/part-instruments.ts';
import type { Trackers } from '../tracker/trackers.ts';
import type { AgentDependencies } from './resolve.ts';
import type { AgentSignals } from './signals.ts';

/** Parts of an agent that its server shows. */
export interface ServedAgent {
  readonly config: Config;
  readonly catalogue: Catalogue;
  readonly telemetry: Telemetry;
  readonly trackers: Trackers;
  readonly signals: AgentSignals;
  /** Nothing is measured: then there is nothing to wait for. */
  readonly isIdle: boolean;
}

/** Makes the server of an agent: the exposition, its health, and the API where it is on. */
export function createServer(agent: ServedAgent, { clock, log }: AgentDependencies): HttpServer {
  const { config, telemetry, trackers } = agent;
  const budget = new ByteBudget();
  const live = config.api && !config.sdkDisabled ? createLive(agent, budget, { clock, log }) : undefined;
  const refusals = new RefusalInstruments(telemetry.meter, refusalReasons);
  const { inlineTimeoutMillis, openmetricsCreated: created } = config;
  const source = new ScrapeSource(telemetry, agent.catalogue, { inlineTimeoutMillis, created, budget });
  const prepared = config.prepareScrapes ? prepareScrapes(source, telemetry, clock) : undefined;
  const server = createHttpServer({
    metrics: prepared ?? source,
    readiness: { missing: () => (agent.isIdle ? [] : trackers.notYetProbed()) },
    api: live,
    log,
    metricsPath: config.metricsPath,
    pathPrefix: config.pathPrefix,
    onRefused: (reason) => refusals.requestRefused(reason),
  });
  return {
    listen: (host, port) => server.listen(host, port),
    async close() {
      live?.close();
      prepared?.close();
      await server.close();
    },
  };
}

function prepareScrapes(
  source: ScrapeSource,
  { meter }: Telemetry,
  clock: AgentDependencies['clock'],
): PreparedScrapes {
  const instruments = new PreparedScrapeInstruments(meter, preparedOutcomes);
  return new PreparedScrapes(source, { clock, onPrepared: (outcome) => instruments.ended(outcome) });
}

function createLive(
  { trackers, signals }: ServedAgent,
  budget: ByteBudget,
  { clock, log }: Pick<AgentDependencies, 'clock' | 'log'>,
): Live {
  const feed = new EventFeed();
  signals.events.subscribe(feed);
  return new Live(trackers, feed, { clock, log, readInterval: readDuration, budget });
}
