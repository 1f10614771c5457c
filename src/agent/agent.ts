import { chosenMetrics, chosenResource } from './catalogue.ts';
import { selfAudit } from './self-audit.ts';
import { AgentSignals } from './signals.ts';
import type { Clock } from '../clock.ts';
import { ConfigError } from '../config/config-error.ts';
import { readDuration } from '../config/types/duration.ts';
import { shownOtlpUrl } from '../config/types/otlp-url.ts';
import type { Config } from '../config/settings/settings.ts';
import { createEventLogs } from './event-logs.ts';
import { createTrackers, findEndpoints } from './trackers.ts';
import { createHttpServer } from '../http/http-server.ts';
import type { HttpServer } from '../http/http-server.ts';
import { Live } from '../live/live.ts';
import type { Log } from '../log.ts';
import { AgentInstruments } from '../self-metrics/agent-instruments.ts';
import type { Catalogue } from '../metrics/catalogue.ts';
import { DockerExporterInstruments } from '../self-metrics/docker-exporter-instruments.ts';
import { EventLoopDelay } from '../self-metrics/event-loop-delay.ts';
import { observeProcess } from '../self-metrics/process-instruments.ts';
import type { EventObserver } from '../model/observers.ts';
import type { EventLogs } from '../export/logs/event-logs.ts';
import { loggedExports } from '../export/otlp/export-log.ts';
import { logSdk } from '../export/sdk-diagnostics.ts';
import { ScrapeSource } from '../export/prometheus/scrape-source.ts';
import { Telemetry } from '../export/telemetry.ts';
import { EventFeed } from '../live/event-feed.ts';
import { firstProbe } from '../tracker/first-probe.ts';
import { telemetryOptions } from './telemetry.ts';
import type { TrackerSet } from '../tracker/tracker-set.ts';
import type { Trackers } from '../tracker/trackers.ts';

/** The last collection and export may take this long; the process ends within 5 s. */
const lastExportMillis = 4000;

/**
 * The agent's own metrics wait this long for what the probe under way records. Readers in a hurry would otherwise give
 * up on them beside a runtime that hangs.
 */
const ownMetricsWaitMillis = 400;

/** Dependencies of an {@link Agent} beside its configuration. */
export interface AgentDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly environment: NodeJS.ProcessEnv;
  readonly version: string;
}

/**
 * The running agent: trackers, two readers, and the server that is scraped. `start` then `stop`, once each. A runtime
 * that is away, at the start or later, never ends it.
 */
export class Agent {
  readonly #config: Config;
  readonly #dependencies: AgentDependencies;
  readonly #telemetry: Telemetry;
  readonly #trackers: Trackers;
  readonly #eventLogs: EventLogs | undefined;
  readonly #server: HttpServer;
  readonly #live: Live | undefined;
  readonly #showsDiskUsage: boolean;
  readonly #loopDelay = new EventLoopDelay();
  readonly #stopped = new AbortController();

  constructor(config: Config, dependencies: AgentDependencies) {
    this.#config = config;
    this.#dependencies = dependencies;
    const { clock, log, environment, version } = dependencies;
    logSdk(log, () => clock.monotonic());
    const catalogue = chosenMetrics(config);
    this.#showsDiskUsage = catalogue.runtime.some(({ source }) => source === 'disk usage');
    const endpoints = findEndpoints(config, environment);
    const signals = new AgentSignals();
    this.#telemetry = new Telemetry(telemetryOptions(config, dependencies), signals.exports);
    const { meter } = this.#telemetry;
    const observers = {
      probes: signals.probes,
      events: signals.events,
      ...(config.selfAudit && { stats: signals.stats }),
    };
    this.#trackers = createTrackers(config, endpoints, observers, dependencies);
    const entities = {
      containerIdLabel: config.containerIdLabel,
      runtimeLabel: endpoints.length > 1,
      resourceOf: chosenResource(config),
    };
    this.#eventLogs = createEventLogs(config, entities, { ...dependencies, meter });
    const feed = new EventFeed();
    this.#subscribe(signals, [feed, ...(this.#eventLogs ? [this.#eventLogs] : [])]);
    this.#telemetry.observe(this.#trackers, catalogue, entities);
    const waitMillis = Math.min(ownMetricsWaitMillis, config.interval / 4);
    const settled = (): Promise<void> => this.#trackers.update({ isEcho: true, waitMillis });
    observeProcess(meter, { version }, this.#loopDelay, settled);
    if (config.api && !config.sdkDisabled)
      this.#live = new Live(this.#trackers, feed, { clock, log, readInterval: readDuration });
    this.#server = this.#createServer(catalogue);
  }

  /** Listens, and begins to probe; resolves with the address once it listens. Rejects when it cannot listen. */
  async start(): Promise<{ address: string }> {
    const { host, port } = this.#config.listen;
    const { address } = await this.#server.listen(host, port).catch((error: unknown) => {
      this.#discard();
      throw new ConfigError([`--listen: ${error instanceof Error ? error.message : String(error)}`]);
    });
    this.#telemetry.begin();
    if (!this.#isIdle) for (const set of this.#trackers.sets) void this.#prime(set);
    return { address };
  }

  /** A last collection and export, then the end, within 5 s. Never rejects. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#live?.close();
    await Promise.allSettled([
      this.#server.close(),
      this.#telemetry.shutdown(lastExportMillis),
      this.#eventLogs?.shutdown(lastExportMillis),
    ]);
    this.#discard();
  }

  #createServer(catalogue: Catalogue): HttpServer {
    const { inlineTimeout: inlineTimeoutMillis, openmetricsCreated: created } = this.#config;
    const metrics = new ScrapeSource(this.#telemetry, catalogue, { inlineTimeoutMillis, created });
    const readiness = { missing: () => (this.#isIdle ? [] : this.#trackers.notYetProbed()) };
    return createHttpServer({ metrics, readiness, api: this.#live, log: this.#dependencies.log });
  }

  /** Subscribes the agent's own instruments, its log and the given receivers of events. */
  #subscribe(signals: AgentSignals, eventObservers: readonly EventObserver[]): void {
    const { clock, log } = this.#dependencies;
    const { meter } = this.#telemetry;
    const instruments = new AgentInstruments(meter, () => clock.now());
    signals.exports.subscribe(instruments);
    signals.exports.subscribe(loggedExports(log, shownOtlpUrl(this.#config.otlpEndpoint)));
    signals.probes.subscribe(instruments);
    signals.probes.subscribe(this.#loopDelay);
    if (this.#config.profile.includes('docker_exporter'))
      signals.probes.subscribe(new DockerExporterInstruments(meter));
    for (const observer of [instruments, ...eventObservers]) signals.events.subscribe(observer);
    const auditor = this.#config.selfAudit ? selfAudit(meter, log, this.#trackers) : undefined;
    if (auditor) {
      signals.probes.subscribe(auditor);
      signals.stats.subscribe(auditor);
    }
    for (const { runtime } of this.#trackers.sets) {
      instruments.begin(runtime.name);
      auditor?.begin(runtime.name);
    }
  }

  /** Lets go of what an agent holds that exports nothing any more, or never did. */
  #discard(): void {
    this.#loopDelay.end();
    this.#trackers.close();
  }

  /** Nothing leaves: then nothing is measured. */
  get #isIdle(): boolean {
    const { sdkDisabled, exporter, eventLogs } = this.#config;
    return sdkDisabled || (exporter.includes('none') && !eventLogs);
  }

  /** Exports as soon as the runtime has answered once: not an interval later, and whatever the others do. */
  async #prime(set: TrackerSet): Promise<void> {
    const { interval, minProbeInterval, inlineTimeout } = this.#config;
    const answered = await firstProbe(set, {
      clock: this.#dependencies.clock,
      signal: this.#stopped.signal,
      waitMillis: inlineTimeout,
      pauseMillis: Math.max(250, minProbeInterval),
      maxPauseMillis: interval,
    });
    if (!answered) return;
    if (this.#showsDiskUsage) set.beginDiskUsage();
    await this.#telemetry.flush();
  }
}
