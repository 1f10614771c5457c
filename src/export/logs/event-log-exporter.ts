import { ExportResultCode } from '@opentelemetry/core';
import type { ExportResult as SdkExportResult } from '@opentelemetry/core';
import { JsonLogsSerializer, ProtobufLogsSerializer } from '@opentelemetry/otlp-transformer';
import type { LogRecordExporter, ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { ExportResult } from '../../model/observers.ts';
import { ExportTally } from '../otlp/export-log.ts';
import { encodingFailure } from '../otlp/failure.ts';
import { OtlpTransport } from '../otlp/transport.ts';
import type { OtlpTransportOptions } from '../otlp/transport.ts';

/** Settings of an {@link EventLogExporter}. */
export interface EventLogExporterOptions {
  readonly transport: OtlpTransportOptions;
  /** Receives the result of each batch once, and how many records were in it. */
  ended(count: number, result: ExportResult): void;
  /** Milliseconds that only grow. */
  monotonic(): number;
}

/** Exports batches of log records by the transport of the metrics. Each batch ends, whatever the collector does. */
export class EventLogExporter implements LogRecordExporter {
  readonly #options: EventLogExporterOptions;
  readonly #transport: OtlpTransport;
  readonly #serializer: typeof JsonLogsSerializer;

  constructor(options: EventLogExporterOptions) {
    this.#options = options;
    this.#transport = new OtlpTransport(options.transport);
    this.#serializer =
      options.transport.protocol === 'http/json' ? JsonLogsSerializer : ProtobufLogsSerializer;
  }

  /** Ends the batch under way, and all that come, at once: nobody waits for them any more. */
  giveUp(): void {
    this.#transport.close();
  }

  /** Nothing is kept between batches. */
  async forceFlush(): Promise<void> {}

  /** The processor waits for its last batch by itself. */
  async shutdown(): Promise<void> {}

  export(records: ReadableLogRecord[], done: (result: SdkExportResult) => void): void {
    void this.#exportAll(records).then((result) => {
      this.#options.ended(records.length, result);
      // The result is logged and counted by its receiver: the processor would only log it again.
      done({ code: ExportResultCode.SUCCESS });
    });
  }

  async #exportAll(records: ReadableLogRecord[]): Promise<ExportResult> {
    const start = this.#options.monotonic();
    const tally = new ExportTally();
    try {
      const bytes = this.#serializer.serializeRequest(records) ?? new Uint8Array();
      tally.bytes = bytes.length;
      const outcome = await this.#transport.send(bytes);
      tally.add(outcome);
      if (outcome.status === 'success')
        tally.addRejected(() => {
          const { partialSuccess } = this.#serializer.deserializeResponse(outcome.body);
          return [partialSuccess?.rejectedLogRecords, partialSuccess?.errorMessage];
        });
    } catch (thrown) {
      tally.add(encodingFailure(thrown));
    }
    return tally.result((this.#options.monotonic() - start) / 1000);
  }
}
