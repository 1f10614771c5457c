import { ConfigError } from '../config/config-error.ts';
import type { Config } from '../config/settings/settings.ts';
import type { EventLogs } from '../export/logs/event-logs.ts';
import { logSdk, Telemetry } from '../export/telemetry.ts';
import type { HttpServer } from '../http/http-server.ts';
import { diskUsageNeeds } from '../metrics/catalogue.ts';
import { EventLoopDelay } from '../self-metrics/process.ts';
import type { TrackerSet } from '../tracker/tracker-set.ts';
import { firstProbe } from '../tracker/trackers.ts';
import type { Trackers } from '../tracker/trackers.ts';
import { resolveConfig } from './resolve.ts';
import type { AgentDependencies } from './resolve.ts';
import { createEventLogs, observeAgent } from './self-observation.ts';
import { createServer } from './server.ts';
import { AgentSignals } from './signals.ts';
import { createTrackers } from './trackers.ts';

/** The last collection and export may take this long; the process ends within 5 s. */
const lastExportMillis = 4000;

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
  readonly #showsDiskUsage: boolean;
  readonly #loopDelay = new EventLoopDelay();
  readonly #stopped = new AbortController();

  /** Throws a ConfigError with every mistake that resolving the configuration finds. */
  constructor(config: Config, dependencies: AgentDependencies) {
    const { clock, log } = dependencies;
    this.#config = config;
    this.#dependencies = dependencies;
    logSdk(log, () => clock.monotonic());
    const resolved = resolveConfig(config, dependencies);
    const { catalogue, entities } = resolved.containers;
    const signals = new AgentSignals();
    this.#telemetry = new Telemetry(resolved.exports.telemetry, signals.exports);
    const { meter } = this.#telemetry;
    const { probes, events, stats } = signals;
    this.#trackers = createTrackers(
      resolved.containers,
      { probes, events, ...(config.selfAudit && { stats }) },
      dependencies,
    );
    this.#telemetry.observe(this.#trackers, catalogue, entities);
    observeAgent(
      { config, meter, signals, trackers: this.#trackers, loopDelay: this.#loopDelay },
      dependencies,
    );
    this.#eventLogs = createEventLogs(resolved, meter, dependencies);
    if (this.#eventLogs) events.subscribe(this.#eventLogs);
    const { sums, containers } = diskUsageNeeds(catalogue);
    this.#showsDiskUsage = sums || containers;
    this.#server = createServer(
      {
        config,
        catalogue,
        telemetry: this.#telemetry,
        trackers: this.#trackers,
        signals,
        isIdle: this.#isIdle,
      },
      dependencies,
    );
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

  /**
   * A last collection and export, then the end, within 5 s; within 1 s when neither runtime nor collector answers. Never
   * rejects.
   */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#trackers.closeUnanswering();
    await Promise.allSettled([
      this.#server.close(),
      this.#telemetry.shutdown(lastExportMillis),
      this.#eventLogs?.shutdown(lastExportMillis),
    ]);
    this.#discard();
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

  /** Exports as soon as the runtime's first probe has succeeded: not an interval later, without waiting for others. */
  async #prime(set: TrackerSet): Promise<void> {
    const { intervalMillis, minProbeIntervalMillis, inlineTimeoutMillis } = this.#config;
    const answered = await firstProbe(set, {
      clock: this.#dependencies.clock,
      signal: this.#stopped.signal,
      waitMillis: inlineTimeoutMillis,
      pauseMillis: Math.max(250, minProbeIntervalMillis),
      maxPauseMillis: intervalMillis,
    });
    if (!answered) return;
    if (this.#showsDiskUsage) set.beginDiskUsage();
    await this.#telemetry.flush();
  }
}
