import type { ContainerEvent } from './events.ts';

/** One observer that tells all of these. */
export function observeProbes(observers: readonly ProbeObserver[]): ProbeObserver {
  return {
    probeEnded: (...told) => observers.forEach((observer) => observer.probeEnded(...told)),
    callEnded: (...told) => observers.forEach((observer) => observer.callEnded(...told)),
    inlineTimedOut: (...told) => observers.forEach((observer) => observer.inlineTimedOut(...told)),
  };
}

/** One observer that tells all of these that are there. */
export function observeEvents(those: readonly (EventObserver | undefined)[]): EventObserver {
  const observers = those.filter((observer) => observer !== undefined);
  return {
    listening: (...told) => observers.forEach((observer) => observer.listening(...told)),
    eventReceived: (...told) => observers.forEach((observer) => observer.eventReceived(...told)),
    eventsMissed: (...told) => observers.forEach((observer) => observer.eventsMissed(...told)),
  };
}

/** One observer that tells all of these. */
export function observeExports(observers: readonly ExportObserver[]): ExportObserver {
  return {
    exportEnded: (result: ExportResult) => observers.forEach((observer) => observer.exportEnded(result)),
  };
}

/** Why one audit found nothing out, or something: a figure that differs, or answers that are not the sample's. */
export type AuditFailure = 'difference' | 'no-pair';

/** Hears what audits find. Every method returns at once and never throws. */
export interface AuditObserver {
  /** A runtime is there to be audited from now on. */
  begin(runtime: string): void;
  /** One figure of one container was compared; `difference` is 0 when both are equal, 1 when one is missing. */
  metricCompared(runtime: string, figure: string, difference: number): void;
  auditFailed(runtime: string, failure: AuditFailure): void;
}

/** Hears what happens on a runtime. Every method returns at once and never throws. */
export interface EventObserver {
  /** The runtime is listened to from now on, or no longer. */
  listening(runtime: string, isListening: boolean): void;
  /** An event that was not told before. */
  eventReceived(runtime: string, event: ContainerEvent): void;
  /** Events may have been missed: the runtime was restarted, or more happened in between than it remembers. */
  eventsMissed(runtime: string): void;
}

/** Hears what becomes of the log records of events. Every method returns at once and never throws. */
export interface EventLogObserver {
  /** The collector took so many. */
  recordsExported(count: number): void;
  /**
   * So many are lost.
   * @param reason `queue_full`, `rejected` by the collector, or the class of the failed export.
   */
  recordsDropped(count: number, reason: string): void;
}

/** How one export over OTLP ended. */
export interface ExportResult {
  /** Low-cardinality class of the failure: an HTTP status, an errno, `timeout`; absent on success. */
  readonly error?: string;
  readonly seconds: number;
  /** Of all requests, before compression. */
  readonly bytes: number;
  /** Points that the collector refused although it answered 200 (partial success). */
  readonly rejectedPoints: number;
}

/** Hears how exports end. Returns at once and never throws. */
export interface ExportObserver {
  exportEnded(result: ExportResult): void;
}

/** The runtime calls whose durations and errors are told. */
export type SourceCall = 'list' | 'inspect' | 'stats';

/** Hears what probes do, so that the tracker knows nothing of instruments. Every method returns at once and never throws. */
export interface ProbeObserver {
  /** A probe of one runtime ended; failures have a duration too. */
  probeEnded(runtime: string, seconds: number, succeeded: boolean): void;
  /** One runtime call ended; `error` is a low-cardinality code, absent on success. */
  callEnded(runtime: string, call: SourceCall, seconds: number, error?: string): void;
  /** A caller stopped waiting and was served what there was. */
  inlineTimedOut(runtime: string): void;
}
