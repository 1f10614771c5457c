import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ExportResultCode } from '@opentelemetry/core';
import type { ExportResult as SdkExportResult } from '@opentelemetry/core';
import {
  AggregationTemporalityPreference,
  OTLPMetricExporterBase,
} from '@opentelemetry/exporter-metrics-otlp-http';
import type { IOtlpExportDelegate } from '@opentelemetry/otlp-exporter-base';
import { createOtlpHttpExportDelegate } from '@opentelemetry/otlp-exporter-base/node-http';
import { AggregationType, InstrumentType } from '@opentelemetry/sdk-metrics';
import type { PushMetricExporter, ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { ExportObserver } from '../../model/observers.ts';
import { contentTypes, requestSerializer, tallying } from './serializer.ts';
import type { OtlpProtocol, RequestSerializer, Tally } from './serializer.ts';
import type { OtlpLayout } from './batches.ts';
import type { Temporality } from './stale-points.ts';
import { StaleSeries } from './ended-series.ts';
import type { RequestOutcome } from './ended-series.ts';

/** OpenTelemetry's two kinds of histogram. */
export type HistogramAggregation = 'explicit_bucket_histogram' | 'base2_exponential_bucket_histogram';

/** Settings of an {@link OtlpExporter}. */
export interface OtlpExporterOptions {
  /** Whole, path included. */
  readonly url: string;
  readonly protocol: OtlpProtocol;
  readonly headers: Readonly<Record<string, string>>;
  readonly compression: 'gzip' | 'none';
  /** Of one request, its retries included. */
  readonly requestTimeoutMillis: number;
  /** Of all requests of one export. */
  readonly exportTimeoutMillis: number;
  readonly temporality: Temporality;
  /** Of the agent's own histograms; a scrape keeps explicit buckets. */
  readonly histogramAggregation: HistogramAggregation;
  readonly layout: OtlpLayout;
  /** PEM text. */
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  readonly environment: NodeJS.ProcessEnv;
  readonly observer: ExportObserver;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds that only grow. */
  monotonic(): number;
}

/** How requests reach a collector, whatever is in them. */
export type OtlpTransport = Pick<
  OtlpExporterOptions,
  'url' | 'protocol' | 'headers' | 'compression' | 'requestTimeoutMillis' | 'tls' | 'environment'
>;

/** Requests under way at once, as the packages have it; ours go one after the other unless one is given up. */
const concurrencyLimit = 30;

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
 * Sends a collection in requests of whole containers, one after another under one deadline, through the stock
 * delegate: retries, TLS, gzip and headers are its own. Tells the observer how each export ended.
 */
export class OtlpExporter extends OTLPMetricExporterBase implements PushMetricExporter {
  readonly #options: OtlpExporterOptions;
  readonly #delegate: IOtlpExportDelegate<ResourceMetrics[]>;
  readonly #tally: Tally;
  readonly #stale: StaleSeries;
  #last: Promise<void> = Promise.resolve();

  constructor(options: OtlpExporterOptions) {
    const tally = { bytes: 0, rejected: 0 };
    const delegate = createDelegate(
      options,
      tallying(
        requestSerializer(options.protocol),
        tally,
        ({ partialSuccess }) => partialSuccess?.rejectedDataPoints,
      ),
    );
    // The base only flushes and ends its delegate, and takes temporality and aggregation from here.
    super(singly(delegate), {
      temporalityPreference: preferences[options.temporality],
      aggregationPreference: (type) => ({
        type:
          type === InstrumentType.HISTOGRAM
            ? aggregations[options.histogramAggregation]
            : AggregationType.DEFAULT,
      }),
    });
    this.#options = options;
    this.#delegate = delegate;
    this.#tally = tally;
    this.#stale = new StaleSeries(options);
  }

  override export(collected: ResourceMetrics, done: (result: SdkExportResult) => void): void {
    // One after the other: a flush may meet the export of a period, and each has its own count of bytes.
    this.#last = this.#last.then(() => this.#exportAll(collected)).then(done);
  }

  /** Sends a request with nothing in it, by the way that an export takes; resolves with what went wrong, if anything. */
  async sendEmptyExport(): Promise<Error | undefined> {
    return await this.#send([], this.#options.exportTimeoutMillis);
  }

  async #exportAll(collected: ResourceMetrics): Promise<SdkExportResult> {
    const { exportTimeoutMillis, observer } = this.#options;
    const start = this.#options.monotonic();
    const passed = (): number => this.#options.monotonic() - start;
    Object.assign(this.#tally, { bytes: 0, rejected: 0 });
    let failure: Error | undefined;
    await this.#stale.compare(collected);
    for (const { resources, answered } of this.#stale.requestsOf(collected)) {
      const failed = await this.#send(resources, exportTimeoutMillis - passed());
      answered(outcomeOf(failed));
      failure ??= failed;
      if (failed && !concernsRequestOnly(failed)) break;
      await nextTurn();
    }
    const seconds = passed() / 1000;
    const { bytes, rejected: rejectedPoints } = this.#tally;
    observer.exportEnded({ seconds, bytes, rejectedPoints, ...(failure && { error: errorType(failure) }) });
    return failure ? { code: ExportResultCode.FAILED, error: failure } : { code: ExportResultCode.SUCCESS };
  }

  /** The delegate's own time-out is for idle sockets only: a drip-fed answer would hold the export for ever. */
  async #send(request: ResourceMetrics[], patienceMillis: number): Promise<Error | undefined> {
    const late = new Error('timeout: the export took too long');
    if (patienceMillis <= 0) return late;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise((resolve) => {
        timer = setTimeout(() => resolve(late), patienceMillis);
        this.#delegate.export(request, ({ code, error }) => {
          resolve(code === ExportResultCode.SUCCESS ? undefined : (error ?? new Error('export failed')));
        });
      });
    } catch (thrown) {
      return thrown instanceof Error ? thrown : new Error(String(thrown));
    } finally {
      clearTimeout(timer);
    }
  }
}

function createDelegate(
  options: OtlpExporterOptions,
  serializer: RequestSerializer,
): IOtlpExportDelegate<ResourceMetrics[]> {
  const helper = { name: 'metric_data_point', countItems: countPoints } as const;
  return createOtlpHttpExportDelegate(
    httpOf(options),
    serializer,
    'otlp_http_metric_exporter',
    helper,
    undefined,
  );
}

/** The stock delegate's configuration. */
export function httpOf(options: OtlpTransport): Parameters<typeof createOtlpHttpExportDelegate>[0] {
  const { url, headers, compression, requestTimeoutMillis: timeoutMillis, protocol } = options;
  // Whole, and not by the package's own helpers: those read the variables once more, and mix into what our settings
  // decided headers that a flag replaced, or a value that was told to be ignored.
  return {
    url,
    headers: () => Promise.resolve({ ...headers, 'Content-Type': contentTypes[protocol] }),
    timeoutMillis,
    compression,
    concurrencyLimit,
    agentFactory: (scheme: string) => agentFor(scheme, options),
  };
}

/** Node's own agents read HTTP_PROXY, HTTPS_PROXY and NO_PROXY when asked to. */
function agentFor(scheme: string, { tls, environment }: OtlpTransport): HttpAgent {
  const options = { keepAlive: true, proxyEnv: environment };
  return scheme === 'http:' ? new HttpAgent(options) : new HttpsAgent({ ...options, ...tls });
}

function singly(delegate: IOtlpExportDelegate<ResourceMetrics[]>): IOtlpExportDelegate<ResourceMetrics> {
  return {
    export: (one, done) => delegate.export([one], done),
    forceFlush: () => delegate.forceFlush(),
    // The delegate's self-metrics count one Resource where we send many: ours take their place.
    setMetrics: () => undefined,
    shutdown: () => delegate.shutdown(),
  };
}

function countPoints(request: ResourceMetrics[]): number {
  const metrics = request.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
  return metrics.reduce((sum, { dataPoints }) => sum + dataPoints.length, 0);
}

function outcomeOf(failed: Error | undefined): RequestOutcome {
  if (!failed) return 'taken';
  return concernsRequestOnly(failed) ? 'refused' : 'failed';
}

/** The collector refuses what is in it, or its size: other containers' figures may still pass. */
function concernsRequestOnly(error: Error): boolean {
  return 'code' in error && (error.code === 400 || error.code === 413);
}

/** A class of low cardinality: the HTTP status, the errno, `timeout`, `retryable-status`, else the error's name. */
export function errorType(error: Error): string {
  if ('code' in error && (typeof error.code === 'number' || typeof error.code === 'string'))
    return String(error.code);
  if (/time(?:d )?-?out/i.test(error.message)) return 'timeout';
  // The delegate does not say which of 429, 502, 503 and 504 it gave up on.
  return error.name === 'OTLPExporterError' ? 'retryable-status' : error.name;
}
