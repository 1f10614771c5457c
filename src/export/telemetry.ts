// One piece, because the SDK is set up here and nowhere else: its provider, its push reader, its diagnostics.
import { createHash } from 'node:crypto';
import { diag, DiagLogLevel } from '@opentelemetry/api';
import type { Meter } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  ConsoleMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import type {
  MetricProducer,
  MetricReader,
  PeriodicExportingMetricReaderOptions,
  PushMetricExporter,
  ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import { setGlobalErrorHandler } from '@opentelemetry/core';
import type { Log } from '../log.ts';
import type { Catalogue } from '../metrics/catalogue.ts';
import type { ExportObserver } from '../model/observers.ts';
import type { Trackers } from '../tracker/trackers.ts';
import { ContainerMeter, ObservationError } from './container-producer.ts';
import { Entities } from './entity.ts';
import type { EntityOptions } from './entity.ts';
import { observeContainers } from './observe-containers.ts';
import { DeltaProducer } from './otlp/delta-producer.ts';
import { OtlpExporter } from './otlp/otlp-exporter.ts';
import type { OtlpExporterOptions } from './otlp/otlp-exporter.ts';
import { Points } from './points.ts';

/** A scrape waits this long for the agent's own observable instruments. */
const ownTimeoutMillis = 2000;
/** An agent that was not scraped for this long keeps no points for scrapes. */
const keptPointsMillis = 5 * 60_000;

/** Options of the readers. */
export interface TelemetryOptions {
  readonly resource: Readonly<Record<string, string>>;
  readonly otlp: Omit<OtlpExporterOptions, 'observer'> | undefined;
  readonly console: boolean;
  readonly prometheus: boolean;
  readonly intervalMillis: number;
  readonly exportTimeoutMillis: number;
  /** Seed of this host's phase. */
  readonly hostName: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The MeterProvider with its readers, all of which read the agent's own instruments and the container meter. */
export class Telemetry {
  /** For the agent's own instruments. */
  readonly meter: Meter;
  readonly #containers = new ContainerMeter();
  readonly #provider: MeterProvider;
  readonly #otlp: OtlpExporter | undefined;
  readonly #push: readonly PhasedReader[];
  readonly #pull: PrometheusExporter | undefined;
  /** Of scrapes: taken again by each. */
  readonly #points = new Points();
  #pointsKept: NodeJS.Timeout | undefined;
  #trackers: Trackers | undefined;

  constructor(options: TelemetryOptions, observer: ExportObserver) {
    this.#otlp = options.otlp && new OtlpExporter({ ...options.otlp, observer });
    this.#push = this.#pushReaders(options);
    const metricProducers = [{ collect: () => this.#containers.collect({ timeoutMillis: 0 }, this.#points) }];
    this.#pull = options.prometheus
      ? new PrometheusExporter({ preventServerStart: true, metricProducers })
      : undefined;
    const readers: MetricReader[] = [...this.#push, ...(this.#pull ? [this.#pull] : [])];
    this.#provider = new MeterProvider({
      resource: resourceFromAttributes({ ...options.resource }),
      readers,
    });
    this.meter = this.#provider.getMeter('tidegauge');
  }

  /** Puts the trackers before the readers: from now on a collection updates and observes them. */
  observe(trackers: Trackers, catalogue: Catalogue, entities: EntityOptions): void {
    this.#trackers = trackers;
    observeContainers(this.#containers, trackers, catalogue, new Entities(entities));
  }

  /** Begins to export by the interval. */
  begin(): void {
    for (const reader of this.#push) reader.begin();
  }

  /**
   * Exports now, whatever the phase and whatever a runtime still hangs in: the first export follows the first probe.
   * Never rejects.
   */
  async flush(): Promise<void> {
    await Promise.allSettled(this.#push.map((reader) => reader.exportNow()));
  }

  /** Makes the trackers as fresh as the update lock allows, for a scrape that then collects. Never throws. */
  async probe(waitMillis: number): Promise<void> {
    await this.#trackers?.update({ waitMillis });
  }

  /** Grows whenever containers come, go or change. */
  get revision(): number {
    return this.#trackers?.revision ?? 0;
  }

  /**
   * One collection for scrapes, of what there is: it waits for no probe, and holds until the next one begins. Rejects with
   * the ObservationError when containers are missing from it.
   */
  async collect(): Promise<ResourceMetrics> {
    if (!this.#pull) throw new Error('the exporter prometheus is not on');
    clearTimeout(this.#pointsKept);
    this.#pointsKept = setTimeout(() => this.#points.clear(), keptPointsMillis).unref();
    const { resourceMetrics, errors } = await this.#pull.collect({ timeoutMillis: ownTimeoutMillis });
    const failure = errors.find((error) => error instanceof ObservationError);
    if (failure) throw failure;
    // Single metrics of the agent's own that did not come in time: the rest is worth showing.
    if (errors.length > 0) diag.warn('collection errors in a scrape', ...errors);
    return resourceMetrics;
  }

  /** A last collection and export, then the end. Rejects after that time, when the end has not come yet. */
  async shutdown(timeoutMillis: number): Promise<void> {
    this.#otlp?.beginShutdown();
    await this.#provider.shutdown({ timeoutMillis });
  }

  #pushReaders(options: TelemetryOptions): PhasedReader[] {
    const { otlp, console, now } = options;
    // Asynchronous counters stay cumulative where `lowmemory` is preferred, as the specification has it.
    const producer =
      otlp?.temporality === 'delta' ? new DeltaProducer(this.#containers, now) : this.#containers;
    const readers = this.#otlp ? [pushReader(options, this.#otlp, producer)] : [];
    return console
      ? [...readers, pushReader(options, new ConsoleMetricExporter(), this.#containers)]
      : readers;
  }
}

function pushReader(
  options: TelemetryOptions,
  exporter: PushMetricExporter,
  producer: MetricProducer,
): PhasedReader {
  const { intervalMillis, exportTimeoutMillis, hostName } = options;
  return new PhasedReader({
    exporter,
    exportIntervalMillis: intervalMillis,
    // The stock reader throws when its time-out is longer than its interval.
    exportTimeoutMillis: Math.min(exportTimeoutMillis, intervalMillis),
    metricProducers: [producer],
    phaseMillis: phaseOf(hostName, intervalMillis),
    // A runtime that hangs must not cost the next period: what the others gave goes out first.
    maxCollectMillis: intervalMillis / 2,
  });
}

/** Longer than the agent's own metrics take, which collect at the same time. */
const hurriedMillis = 500;

type CollectOptions = Parameters<PeriodicExportingMetricReader['collect']>[0];
type ShutdownOptions = Parameters<PeriodicExportingMetricReader['shutdown']>[0];

/** Options of a {@link PhasedReader} besides the stock reader's; in milliseconds. */
interface PhasedReaderOptions extends PeriodicExportingMetricReaderOptions {
  /** From its beginning to its first period. */
  readonly phaseMillis: number;
  /** A collection waits no longer than this, so that time is left to export it in. */
  readonly maxCollectMillis: number;
}

/**
 * The stock periodic reader, except that its periods begin at a phase of the host's own: a fleet that starts at
 * one moment does not push at one moment for ever after. The owner triggers the first export by `exportNow()`.
 * The stock reader lets a collection take the time-out of the export: a hanging collection would then cost
 * every second period.
 */
export class PhasedReader extends PeriodicExportingMetricReader {
  readonly #phaseMillis: number;
  #maxCollectMillis: number;
  #hasUrgentExports = 0;
  #phase: NodeJS.Timeout | undefined;

  constructor(options: PhasedReaderOptions) {
    super(options);
    this.#phaseMillis = options.phaseMillis;
    this.#maxCollectMillis = options.maxCollectMillis;
  }

  /** Begins the periods; until then nothing is exported unasked. */
  begin(): void {
    this.#phase = setTimeout(() => {
      super.onInitialized();
      void this.forceFlush();
    }, this.#phaseMillis);
  }

  /** Exports what there is in a moment, whatever else is still waited for. */
  async exportNow(): Promise<void> {
    this.#hasUrgentExports += 1;
    try {
      await this.forceFlush();
    } finally {
      this.#hasUrgentExports -= 1;
    }
  }

  override collect(options?: CollectOptions): ReturnType<PeriodicExportingMetricReader['collect']> {
    const { timeoutMillis: asked = Infinity } = options ?? {};
    const hurry = this.#hasUrgentExports > 0 ? hurriedMillis : Infinity;
    return super.collect({ timeoutMillis: Math.min(asked, hurry, this.#maxCollectMillis) });
  }

  /** Half of the time is the last collection's, the other half its export's. */
  override async shutdown(options?: ShutdownOptions): Promise<void> {
    const { timeoutMillis = Infinity } = options ?? {};
    this.#maxCollectMillis = Math.min(this.#maxCollectMillis, timeoutMillis / 2);
    await super.shutdown(options);
  }

  /** The provider calls this when it takes the reader in; an agent that then cannot listen must not export. */
  protected override onInitialized(): void {}

  protected override async onShutdown(): Promise<void> {
    clearTimeout(this.#phase);
    await super.onShutdown();
  }
}

/** A moment within the interval that differs from host to host and is the same at each start; at least a quarter in. */
export function phaseOf(hostName: string, intervalMillis: number): number {
  const digest = createHash('sha256').update(hostName).digest();
  const share = digest.readUInt32BE(0) / 2 ** 32;
  return Math.round(intervalMillis * (0.25 + 0.75 * share));
}

/** Said again within this time, it is the same trouble going on. */
const goingOnMillis = 10 * 60_000;
/** The SDK has a few dozen texts. */
const maxTexts = 200;

/** Results of exports are logged by their observers. */
const loggedAlready = /metrics export (?:failed|timed out)/;

/**
 * Sends the OpenTelemetry SDK's diagnostics of the whole process to this log: a message when it is new or was not
 * logged for ten minutes, not once per round.
 * @param monotonic milliseconds that only grow.
 */
export function logSdk(log: Log, monotonic: () => number): void {
  const suppressor = new RepeatSuppressor(log, monotonic);
  const unsaid = (): void => undefined;
  diag.setLogger(
    {
      error: (text, ...details) => suppressor.say('error', text, details),
      warn: (text, ...details) => suppressor.say('warn', text, details),
      info: unsaid,
      debug: unsaid,
      verbose: unsaid,
    },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  setGlobalErrorHandler((error) => {
    const text = typeof error === 'string' ? error : (error.message ?? String(error.name ?? error.code));
    suppressor.say('error', text, [error]);
  });
}

/** Time of a message's last occurrence, and its number since it was logged. */
interface Said {
  readonly at: number;
  readonly repeats: number;
}

class RepeatSuppressor {
  readonly #log: Log;
  readonly #monotonic: () => number;
  readonly #said = new Map<string, Said>();

  constructor(log: Log, monotonic: () => number) {
    this.#log = log;
    this.#monotonic = monotonic;
  }

  say(level: 'warn' | 'error', text: string, details: readonly unknown[]): void {
    const error = details.find((detail) => detail instanceof Error);
    const words = details.filter((detail) => typeof detail === 'string' && detail !== text);
    const message = ['OpenTelemetry:', text, ...words].join(' ');
    // Counts and times in it do not make it another text.
    const { isNew, repeats } = this.#count(`${message} ${error?.message}`.replaceAll(/\d+/g, '#'));
    const fields = { ...(error && { error }), ...(repeats > 0 && { repeats }) };
    this.#log[isNew && !loggedAlready.test(text) ? level : 'debug'](fields, message);
  }

  #count(text: string): { isNew: boolean; repeats: number } {
    const now = this.#monotonic();
    const { at, repeats } = this.#said.get(text) ?? { at: Number.NEGATIVE_INFINITY, repeats: 0 };
    const isNew = now - at > goingOnMillis;
    if (this.#said.size >= maxTexts) this.#said.clear();
    this.#said.set(text, { at: now, repeats: isNew ? 0 : repeats + 1 });
    return { isNew, repeats };
  }
}
