import type { ReceivedEvent } from './events.ts';
import type { Sample } from './sample.ts';

/** Failure of one audit: a value that differs, or responses that are not the sample's. */
export type AuditFailure = 'difference' | 'no-pair';

/** Receives the results of audits. Every method returns at once and never throws. */
export interface AuditObserver {
  /** Audits of this runtime begin. */
  begin(runtime: string): void;
  /** One value of one container was compared; `difference` is 0 when both are equal, 1 when one is missing. */
  metricCompared(runtime: string, metric: string, difference: number): void;
  auditFailed(runtime: string, failure: AuditFailure): void;
}

/** Receives the events of runtimes. Every method returns at once and never throws. */
export interface EventObserver {
  /** The runtime's stream of events was opened or closed. */
  listening(runtime: string, isListening: boolean): void;
  /** Each event once, already joined to its container. */
  eventReceived(received: ReceivedEvent): void;
  /** Events may have been missed: the runtime was restarted, or more happened in between than it remembers. */
  eventsMissed(runtime: string): void;
}

/** Receives the stats responses of a runtime. Returns at once and never throws. */
export interface StatsObserver {
  /** @param text the body as the runtime sent it. */
  statsReceived(id: string, text: string): void;
  /** What the kernel's files gave around the response received last; where it is absent they are not read. */
  kernelRead?(id: string, around: UsageBracket): void;
}

/** What one place gave before and after another was read. */
export interface UsageBracket {
  readonly before: Sample;
  readonly after: Sample;
}

/** Receives the outcomes of exported log records. Every method returns at once and never throws. */
export interface EventLogObserver {
  /** The collector took so many. */
  recordsExported(count: number): void;
  /**
   * So many are lost.
   * @param reason `queue_full`, `rejected` by the collector, or the class of the failed export.
   */
  recordsDropped(count: number, reason: string): void;
}

/** Result of one export over OTLP. */
export interface ExportResult {
  /** Low-cardinality class of the failure: an HTTP status, an errno, `timeout`; absent on success. */
  readonly error?: string;
  /** A sentence for people: what happened and what helps, or why points of a successful export were refused. */
  readonly reason?: string;
  /** The host and port that were tried last, of a failure. */
  readonly address?: string;
  /** The same may succeed later; absent on success. */
  readonly isRetryable?: boolean;
  readonly seconds: number;
  /** Of all requests, before compression. */
  readonly bytes: number;
  /** Points that the collector refused in a response of 200 (partial success). */
  readonly rejectedPoints: number;
}

/** Receives the outcomes of exports. Returns at once and never throws. */
export interface ExportObserver {
  exportEnded(result: ExportResult): void;
}

/** Calls to a source whose durations and errors are reported. */
export type SourceCall = 'describe' | 'list' | 'inspect' | 'stats';

/** Receives results of probes, so that the tracker needs no instruments. Methods return at once, never throw. */
export interface ProbeObserver {
  /** A probe of one runtime ended; failures have a duration too. */
  probeEnded(runtime: string, seconds: number, succeeded: boolean): void;
  /** One runtime call ended; `error` is a low-cardinality code, absent on success. */
  callEnded(runtime: string, call: SourceCall, seconds: number, error?: string): void;
  /** A caller stopped waiting and was served the previous state. */
  inlineTimedOut(runtime: string): void;
  /** A list had a container that is not measured; `reason` is a low-cardinality code. Called for each such list. */
  containerRefused?(runtime: string, reason: string): void;
}
