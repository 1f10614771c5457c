import { ExportResultCode } from '@opentelemetry/core';
import type { ExportResult as SdkExportResult } from '@opentelemetry/core';
import { OTLPExporterBase } from '@opentelemetry/otlp-exporter-base';
import type { IOtlpExportDelegate } from '@opentelemetry/otlp-exporter-base';
import { createOtlpHttpExportDelegate } from '@opentelemetry/otlp-exporter-base/node-http';
import {
  JsonLogsSerializer,
  LogsExporterMetricsHelper,
  ProtobufLogsSerializer,
} from '@opentelemetry/otlp-transformer';
import type { LogRecordExporter, ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { ExportResult } from '../../model/observers.ts';
import { errorType, httpOf } from '../otlp/otlp-exporter.ts';
import type { OtlpTransport } from '../otlp/otlp-exporter.ts';
import { tallying, type Tally } from '../otlp/serializer.ts';

/** Settings of an {@link EventLogExporter}. */
export interface EventLogExporterOptions {
  readonly transport: OtlpTransport;
  /** Hears how each batch ended, and how many records were in it; once each. */
  ended(count: number, result: ExportResult): void;
  /** Milliseconds that only grow. */
  monotonic(): number;
}

/** How long a batch is waited for beyond the time that its request has. */
const graceMillis = 1000;

/** The stock exporter of log records, with the transport of the metrics. Each batch ends, whatever the collector does. */
export class EventLogExporter extends OTLPExporterBase<ReadableLogRecord[]> implements LogRecordExporter {
  readonly #options: EventLogExporterOptions;
  readonly #tally: Tally;
  readonly #givenUp = Promise.withResolvers<void>();
  #hasGivenUp = false;
  #endBatch: ((failure: Error) => void) | undefined;

  constructor(options: EventLogExporterOptions) {
    const tally = { bytes: 0, rejected: 0 };
    super(createDelegate(options.transport, tally));
    this.#options = options;
    this.#tally = tally;
  }

  /** Ends the batch under way, and all that come, at once: nobody waits for them any more. */
  giveUp(): void {
    this.#hasGivenUp = true;
    this.#endBatch?.(new Error('timeout: the agent ends'));
    this.#givenUp.resolve();
  }

  /** The processor waits for it between batches. */
  override async forceFlush(): Promise<void> {
    await Promise.race([super.forceFlush(), this.#givenUp.promise]);
  }

  override export(records: ReadableLogRecord[], done: (result: SdkExportResult) => void): void {
    const options = this.#options;
    const start = options.monotonic();
    Object.assign(this.#tally, { bytes: 0, rejected: 0 });
    let isOver = false;
    const end = (failure?: Error): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      const { bytes, rejected: rejectedPoints } = this.#tally;
      const error = failure && errorType(failure);
      const seconds = (options.monotonic() - start) / 1000;
      options.ended(records.length, {
        seconds,
        bytes,
        rejectedPoints,
        ...(error !== undefined && { error }),
      });
      // Told and counted here: the processor would only say it again.
      done({ code: ExportResultCode.SUCCESS });
    };
    // The delegate's own time-out is for idle sockets only.
    const late = (): void => end(new Error('timeout: the export took too long'));
    const timer = setTimeout(late, options.transport.requestTimeoutMillis + graceMillis).unref();
    if (this.#hasGivenUp) return late();
    this.#endBatch = end;
    super.export(records, ({ code, error }) =>
      end(code === ExportResultCode.SUCCESS ? undefined : (error ?? new Error('export failed'))),
    );
  }
}

function createDelegate(transport: OtlpTransport, tally: Tally): IOtlpExportDelegate<ReadableLogRecord[]> {
  const serializer = transport.protocol === 'http/json' ? JsonLogsSerializer : ProtobufLogsSerializer;
  return createOtlpHttpExportDelegate(
    httpOf(transport),
    tallying(serializer, tally, ({ partialSuccess }) => partialSuccess?.rejectedLogRecords),
    'otlp_http_log_exporter',
    LogsExporterMetricsHelper,
    undefined,
  );
}
