// One piece, because what an event becomes as a record and how records are sent are read together.
import { SeverityNumber } from '@opentelemetry/api';
import type { Attributes, HrTime, Logger } from '@opentelemetry/api';
import { ExportResultCode } from '@opentelemetry/core';
import type { ExportResult as SdkExportResult } from '@opentelemetry/core';
import { JsonLogsSerializer, ProtobufLogsSerializer } from '@opentelemetry/otlp-transformer';
import type { Resource } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import type { LogRecordExporter, ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { ContainerEvent, ReceivedEvent } from '../../model/events.ts';
import type { EventLogObserver, EventObserver, ExportObserver, ExportResult } from '../../model/observers.ts';
import { numberOf } from '../../model/sample.ts';
import type { BlockIoUsage, CpuUsage, Integer, Sample } from '../../model/sample.ts';
import { Entities } from '../entity.ts';
import type { EntityOptions } from '../entity.ts';
import { ExportTally, handOver } from '../otlp/export-log.ts';
import { encodingFailure } from '../otlp/failure.ts';
import { OtlpTransport } from '../otlp/transport.ts';
import type { OtlpTransportOptions } from '../otlp/transport.ts';

/** Dependencies of {@link EventLogs}. */
interface EventLogsOptions {
  readonly transport: OtlpTransportOptions;
  readonly entities: EntityOptions;
  /** Receives the results of records. */
  readonly instruments: EventLogObserver;
  /** Receives how each batch ends. */
  readonly exports: ExportObserver;
  /** Of the agent: that of the instrumentation scope. */
  readonly version: string;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds that only grow. */
  monotonic(): number;
}

/** Maximum number of records queued or in flight; some 4 MB. */
const maxPending = 4096;
/** Of containers that had an event lately. */
const maxKeptEntities = 1000;
/** Longer than any batch takes, which sees to its own end. */
const batchTimeoutMillis = 2 ** 31 - 1;

/** For the last batches to a collector that may not answer. */
const lastChanceMillis = 500;

/**
 * Exports each event as a log record under its container's Resource. Records that cannot be sent in time are
 * dropped and counted: a collector that is away costs neither memory nor the metrics.
 */
export class EventLogs implements EventObserver {
  readonly #options: EventLogsOptions;
  readonly #entities: Entities;
  readonly #exporter: EventLogExporter;
  readonly #processor: BatchLogRecordProcessor;
  readonly #loggers = new WeakMap<Resource, Logger>();
  #pending = 0;
  #isEnded = false;
  #hasSucceeded = false;

  constructor(options: EventLogsOptions) {
    this.#options = options;
    this.#entities = new Entities(options.entities, maxKeptEntities);
    this.#exporter = new EventLogExporter({
      ...options,
      ended: (count, result) => this.#exportEnded(count, result),
    });
    this.#processor = new BatchLogRecordProcessor({
      exporter: this.#exporter,
      maxQueueSize: maxPending,
      exportTimeoutMillis: batchTimeoutMillis,
    });
  }

  listening(_runtime: string, _isListening: boolean): void {}

  eventsMissed(_runtime: string): void {}

  eventReceived({ runtime, event, identity, last }: ReceivedEvent): void {
    if (this.#isEnded || !identity) return;
    if (this.#pending >= maxPending) return this.#options.instruments.recordsDropped(1, 'queue_full');
    this.#pending += 1;
    const { resource } = this.#entities.ofContainer({ runtime, identity });
    const record = eventRecord(event, identity.name, last);
    this.#logger(resource).emit({ ...record, observedTimestamp: this.#options.now() });
  }

  /**
   * Exports queued records, for that time at most, and takes no more. A collector that did not take the last batch, or
   * none so far, gets a moment. Never rejects.
   */
  async shutdown(timeoutMillis: number): Promise<void> {
    this.#isEnded = true;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      const isAnswering = this.#hasSucceeded;
      timer = setTimeout(resolve, isAnswering ? timeoutMillis : Math.min(timeoutMillis, lastChanceMillis));
    });
    await Promise.race([this.#processor.shutdown().catch(() => undefined), late]);
    clearTimeout(timer);
    // Else each of the batches that wait would be tried for as long as it may take.
    this.#exporter.giveUp();
  }

  /** A provider has one Resource: each container's has its own, before the one processor. */
  #logger(resource: Resource): Logger {
    const known = this.#loggers.get(resource);
    if (known) return known;
    const provider = new LoggerProvider({ resource, processors: [this.#processor] });
    const logger = provider.getLogger('tidegauge', this.#options.version);
    this.#loggers.set(resource, logger);
    return logger;
  }

  #exportEnded(count: number, result: ExportResult): void {
    this.#pending -= count;
    const { instruments, exports } = this.#options;
    this.#hasSucceeded = result.error === undefined;
    exports.exportEnded(result);
    if (result.error !== undefined) return instruments.recordsDropped(count, result.error);
    instruments.recordsExported(count - result.rejectedPoints);
    if (result.rejectedPoints > 0) instruments.recordsDropped(result.rejectedPoints, 'rejected');
  }
}

/** A log record of an event, without its container's identity. */
interface EventRecord {
  readonly eventName: string;
  readonly severityNumber: SeverityNumber;
  readonly severityText: 'INFO' | 'WARN';
  readonly body: string;
  readonly attributes: Attributes;
  /** Time of the event by the runtime's clock; absent when the event has none, or a malformed one. */
  readonly timestamp?: HrTime;
}

/** Limit of a signed 64-bit field of nanoseconds. */
const maxNanos = 2 ** 63;

/**
 * An event as a log record: a `container.ACTION` event, of severity WARN for failures.
 *
 * @param last what the run had used, of the event of its end.
 */
export function eventRecord(event: ContainerEvent, name: string, last?: Sample): EventRecord {
  const { action, health, exitCode, signal } = event;
  const isBad = isUnwished(action, exitCode, health);
  const timestamp = timeOf(event);
  return {
    eventName: `container.${action}`,
    severityNumber: isBad ? SeverityNumber.WARN : SeverityNumber.INFO,
    severityText: isBad ? 'WARN' : 'INFO',
    body: `${name}: ${action}${health === undefined ? '' : `: ${health}`}${exitCode === undefined ? '' : `, exit code ${exitCode}`}`,
    attributes: {
      'container.event.action': action,
      ...(exitCode !== undefined && { 'container.exit_code': exitCode }),
      ...(signal !== undefined && { 'container.event.signal': signal }),
      ...(health !== undefined && { 'container.health.status': health }),
      ...(last && usageAttributes(last)),
    },
    ...(timestamp && { timestamp }),
  };
}

function isUnwished(action: string, exitCode = 0, health = ''): boolean {
  return action === 'oom' || health === 'unhealthy' || (action === 'die' && exitCode !== 0);
}

function timeOf({ nanos }: ContainerEvent): HrTime | undefined {
  if (nanos === undefined || nanos >= maxNanos) return undefined;
  const fraction = nanos % 1e9;
  return [Math.round((nanos - fraction) / 1e9), fraction];
}

/** What a run had used, under names of the metrics where these have one value; what is not known is absent. */
function usageAttributes({ cpu, memory, blockIo }: Sample): Attributes {
  const all: Attributes = {
    ...(cpu && cpuAttributes(cpu)),
    'container.memory.usage.peak': numberOf(memory?.maxUsage),
    'container.memory.oom_kills': numberOf(memory?.events?.['oom_kill']),
    'container.disk.read.bytes': blockIo && bytesOf(blockIo, 'read'),
    'container.disk.write.bytes': blockIo && bytesOf(blockIo, 'write'),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

function cpuAttributes({ totalNanos, userNanos, kernelNanos, throttling }: CpuUsage): Attributes {
  return {
    'container.cpu.time': seconds(totalNanos),
    'container.cpu.user.time': seconds(userNanos),
    'container.cpu.system.time': seconds(kernelNanos),
    'container.cpu.throttling.throttled_time': seconds(throttling?.throttledNanos),
  };
}

function seconds(nanos: Integer | undefined): number | undefined {
  return nanos === undefined ? undefined : Number(nanos) / 1e9;
}

/** Over all devices; the kernel lists those alone that were used. Unknown where one of them is. */
function bytesOf({ serviceBytes = [] }: BlockIoUsage, direction: 'read' | 'write'): number | undefined {
  let sum = 0;
  for (const { operation, value } of serviceBytes) {
    if (operation !== direction) continue;
    if (value === undefined) return undefined;
    sum += Number(value);
  }
  return sum;
}

/** Settings of an {@link EventLogExporter}. */
interface EventLogExporterOptions {
  readonly transport: OtlpTransportOptions;
  /** Receives the result of each batch once, and how many records were in it. */
  ended(count: number, result: ExportResult): void;
  /** Milliseconds that only grow. */
  monotonic(): number;
}

/** Exports batches of log records by the transport of the metrics. Each batch ends, whatever the collector does. */
class EventLogExporter implements LogRecordExporter {
  readonly #options: EventLogExporterOptions;
  readonly #transport: OtlpTransport;
  readonly #serializer: typeof JsonLogsSerializer;

  constructor(options: EventLogExporterOptions) {
    this.#options = options;
    this.#transport = new OtlpTransport(options.transport);
    this.#serializer =
      options.transport.protocol === 'http/json' ? JsonLogsSerializer : ProtobufLogsSerializer;
  }

  /** Ends the batch under way, and all later ones, at once: the agent stops without them. */
  giveUp(): void {
    this.#transport.close();
  }

  /** Nothing is kept between batches. */
  async forceFlush(): Promise<void> {}

  /** The processor waits for its last batch by itself. */
  async shutdown(): Promise<void> {}

  export(records: ReadableLogRecord[], done: (result: SdkExportResult) => void): void {
    const ended = this.#exportAll(records).then((result) => {
      this.#options.ended(records.length, result);
      // The result is logged and counted by its receiver: the processor would only log it again.
      return { code: ExportResultCode.SUCCESS };
    });
    void handOver(ended, done);
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
