import { setImmediate as nextTurn } from 'node:timers/promises';
import { ExportResultCode } from '@opentelemetry/core';
import type { ExportResult as SdkExportResult } from '@opentelemetry/core';
import {
  AggregationTemporalityPreference,
  OTLPMetricExporterBase,
} from '@opentelemetry/exporter-metrics-otlp-http';
import { AggregationType, InstrumentType } from '@opentelemetry/sdk-metrics';
import type { PushMetricExporter, ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { Slices } from '../../concurrency/slices.ts';
import type { ExportObserver } from '../../model/observers.ts';
import type { Temporality } from './ended-series.ts';
import { StaleSeries } from './ended-series.ts';
import { ExportTally, handOver } from './export-log.ts';
import { encodingFailure } from './failure.ts';
import type { OtlpLayout, RequestSerializer } from './requests.ts';
import { requestSerializer } from './requests.ts';
import { OtlpTransport } from './transport.ts';
import type { OtlpOutcome, OtlpTransportOptions } from './transport.ts';

/** OpenTelemetry's two kinds of histogram. */
export type HistogramAggregation = 'explicit_bucket_histogram' | 'base2_exponential_bucket_histogram';

/** Settings of an {@link OtlpExporter}. */
export interface OtlpExporterOptions extends OtlpTransportOptions {
  /** Of all requests of one export. */
  readonly exportTimeoutMillis: number;
  readonly temporality: Temporality;
  /** Of the agent's own histograms; a scrape keeps explicit buckets. */
  readonly histogramAggregation: HistogramAggregation;
  readonly layout: OtlpLayout;
  readonly observer: ExportObserver;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds that only grow. */
  monotonic(): number;
}

/** An export that takes longer may wait for a collector that hangs. */
const hangMillis = 1000;
/** For the last export to a collector that may not answer. */
const lastChanceMillis = 500;

const preferences = {
  cumulative: AggregationTemporalityPreference.CUMULATIVE,
  delta: AggregationTemporalityPreference.DELTA,
  lowmemory: AggregationTemporalityPreference.LOWMEMORY,
};

/** Explicit buckets are those that an instrument advises, which is the default. */
const aggregations = {
  explicit_bucket_histogram: AggregationType.DEFAULT,
  base2_exponential_bucket_histogram: AggregationType.EXPONENTIAL_HISTOGRAM,
} as const;

/**
 * Sends a collection in requests of whole containers, one after another under one deadline. The observer gets the
 * result of each export.
 */
export class OtlpExporter extends OTLPMetricExporterBase implements PushMetricExporter {
  readonly #options: OtlpExporterOptions;
  readonly #transport: OtlpTransport;
  readonly #serializer: RequestSerializer;
  readonly #stale: StaleSeries;
  #last: Promise<void> = Promise.resolve();
  #hasSucceeded = false;
  /** When the export under way began, by `monotonic`. */
  #startedAt: number | undefined;
  #lastChance: NodeJS.Timeout | undefined;

  constructor(options: OtlpExporterOptions) {
    // The base gives temporality and aggregation alone: exports, flush and end are below.
    super(noDelegate, {
      temporalityPreference: preferences[options.temporality],
      aggregationPreference: (type) => ({
        type:
          type === InstrumentType.HISTOGRAM
            ? aggregations[options.histogramAggregation]
            : AggregationType.DEFAULT,
      }),
    });
    this.#options = options;
    this.#transport = new OtlpTransport(options);
    this.#serializer = requestSerializer(options.protocol);
    this.#stale = new StaleSeries(options);
  }

  override export(collected: ResourceMetrics, done: (result: SdkExportResult) => void): void {
    // One after the other: a flush may meet the export of a period. None that fails ends those after it.
    this.#last = this.#last.then(() => handOver(this.#exportAll(collected), done));
  }

  override async forceFlush(): Promise<void> {
    await this.#last;
  }

  /**
   * Announces that the next export is the last one. A collector that did not take the one before, or leaves the one
   * under way without a response, gets a moment for both.
   */
  beginShutdown(): void {
    const begun = this.#startedAt;
    const isHanging = begun !== undefined && this.#options.monotonic() - begun >= hangMillis;
    if (this.#hasSucceeded && !isHanging) return;
    this.#lastChance = setTimeout(() => this.#transport.close(), lastChanceMillis);
  }

  override async shutdown(): Promise<void> {
    await this.#last;
    clearTimeout(this.#lastChance);
    this.#transport.close();
  }

  async #exportAll(collected: ResourceMetrics): Promise<SdkExportResult> {
    const { exportTimeoutMillis, observer } = this.#options;
    const start = this.#options.monotonic();
    this.#startedAt = start;
    const passed = (): number => this.#options.monotonic() - start;
    const tally = new ExportTally();
    try {
      await this.#sendAll(collected, tally, () => exportTimeoutMillis - passed());
    } catch (thrown) {
      tally.add(encodingFailure(thrown));
    }
    const result = tally.result(passed() / 1000);
    this.#startedAt = undefined;
    this.#hasSucceeded = result.error === undefined;
    observer.exportEnded(result);
    if (result.error === undefined) return { code: ExportResultCode.SUCCESS };
    return { code: ExportResultCode.FAILED, error: new Error(result.reason ?? result.error) };
  }

  async #sendAll(collected: ResourceMetrics, tally: ExportTally, millisLeft: () => number): Promise<void> {
    await this.#stale.compare(collected);
    for (const { resources, settle } of this.#stale.requestsOf(collected)) {
      const outcome = await this.#send(resources, tally, millisLeft);
      tally.add(outcome);
      if (outcome.status === 'success') settle('taken');
      else settle(outcome.concernsRequest ? 'refused' : 'failed');
      if (outcome.status !== 'success' && !outcome.concernsRequest) break;
      await nextTurn();
    }
  }

  async #send(
    request: ResourceMetrics[],
    tally: ExportTally,
    millisLeft: () => number,
  ): Promise<OtlpOutcome> {
    const { requestTimeoutMillis } = this.#options;
    try {
      const bytes = await this.#encode(request);
      tally.bytes += bytes.length;
      // Encoding takes its part of the time.
      const limits = { timeoutMillis: Math.min(requestTimeoutMillis, millisLeft()) };
      const outcome = await this.#transport.send(bytes, limits);
      if (outcome.status === 'success')
        tally.addRejected(() => {
          const { partialSuccess } = this.#serializer.deserializeResponse(outcome.body);
          return [partialSuccess?.rejectedDataPoints, partialSuccess?.errorMessage];
        });
      return outcome;
    } catch (thrown) {
      return encodingFailure(thrown);
    }
  }

  async #encode(request: ResourceMetrics[]): Promise<Uint8Array> {
    const encoded = (part: ResourceMetrics[]): Uint8Array =>
      this.#serializer.serializeRequest(part) ?? new Uint8Array();
    if (!this.#serializer.isConcatenable) return encoded(request);
    const slices = new Slices();
    const parts: Uint8Array[] = [];
    for (const each of request) {
      if (slices.step()) await slices.next();
      parts.push(encoded([each]));
    }
    return Buffer.concat(parts);
  }
}

const noDelegate = {
  export: () => undefined,
  forceFlush: () => Promise.resolve(),
  setMetrics: () => undefined,
  shutdown: () => Promise.resolve(),
};
