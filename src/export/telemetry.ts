import { diag } from '@opentelemetry/api';
import type { Meter } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { ConsoleMetricExporter, MeterProvider } from '@opentelemetry/sdk-metrics';
import type {
  MetricProducer,
  MetricReader,
  PushMetricExporter,
  ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import type { Catalogue } from '../metrics/catalogue.ts';
import type { ExportObserver } from '../model/observers.ts';
import type { Trackers } from '../tracker/trackers.ts';
import { ContainerMeter, ObservationError } from './container-producer.ts';
import { DeltaProducer } from './otlp/delta-producer.ts';
import { observeContainers } from './observe-containers.ts';
import { OtlpExporter } from './otlp/otlp-exporter.ts';
import type { OtlpExporterOptions } from './otlp/otlp-exporter.ts';
import { PhasedReader, phaseOf } from './otlp/phased-reader.ts';
import { Entities } from './entity.ts';
import type { EntityOptions } from './entity.ts';

/** Which readers there are and how they run. */
export interface TelemetryOptions {
  readonly resource: Readonly<Record<string, string>>;
  readonly otlp: Omit<OtlpExporterOptions, 'observer'> | undefined;
  readonly console: boolean;
  readonly prometheus: boolean;
  readonly intervalMillis: number;
  readonly exportTimeoutMillis: number;
  /** What this host's phase is made of. */
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
  readonly #push: readonly PhasedReader[];
  readonly #pull: PrometheusExporter | undefined;

  constructor(options: TelemetryOptions, observer: ExportObserver) {
    this.#push = this.#pushReaders(options, observer);
    const metricProducers = [this.#containers];
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

  /** One collection for a scrape; rejects with the ObservationError when containers are missing from it. */
  async scrape(timeoutMillis: number): Promise<ResourceMetrics> {
    if (!this.#pull) throw new Error('the exporter prometheus is not on');
    const { resourceMetrics, errors } = await this.#pull.collect({ timeoutMillis });
    const failure = errors.find((error) => error instanceof ObservationError);
    if (failure) throw failure;
    // Single figures of the agent's own that did not come in time: the rest is worth showing.
    if (errors.length > 0) diag.warn('collection errors in a scrape', ...errors);
    return resourceMetrics;
  }

  /** A last collection and export, then the end. */
  async shutdown(timeoutMillis: number): Promise<void> {
    await this.#provider.shutdown({ timeoutMillis });
  }

  #pushReaders(options: TelemetryOptions, observer: ExportObserver): PhasedReader[] {
    const { otlp, console, now } = options;
    // Asynchronous counters stay cumulative where `lowmemory` is preferred, as the specification has it.
    const producer =
      otlp?.temporality === 'delta' ? new DeltaProducer(this.#containers, now) : this.#containers;
    const readers = otlp ? [pushReader(options, new OtlpExporter({ ...otlp, observer }), producer)] : [];
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
    patienceMillis: intervalMillis / 2,
  });
}
