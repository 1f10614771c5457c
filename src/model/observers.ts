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
    eventHeard: (...told) => observers.forEach((observer) => observer.eventHeard(...told)),
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
  /** An engine is there to be audited from now on. */
  begin(engine: string): void;
  /** One figure of one container was compared; `difference` is 0 when both are equal, 1 when one is missing. */
  figureCompared(engine: string, figure: string, difference: number): void;
  auditFailed(engine: string, failure: AuditFailure): void;
}

/** Hears what happens on an engine. Every method returns at once and never throws. */
export interface EventObserver {
  /** The engine is listened to from now on, or no longer. */
  listening(engine: string, isListening: boolean): void;
  /** An event that was not told before. */
  eventHeard(engine: string, event: ContainerEvent): void;
  /** Events may have been missed: the engine was restarted, or more happened in between than it remembers. */
  eventsMissed(engine: string): void;
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

/** The engine calls whose durations and errors are told. */
export type EngineCall = 'list' | 'inspect' | 'stats';

/** Hears what probes do, so that the tracker knows nothing of instruments. Every method returns at once and never throws. */
export interface ProbeObserver {
  /** A probe of one engine ended; failures have a duration too. */
  probeEnded(engine: string, seconds: number, succeeded: boolean): void;
  /** One engine call ended; `error` is a low-cardinality code, absent on success. */
  callEnded(engine: string, call: EngineCall, seconds: number, error?: string): void;
  /** A caller stopped waiting and was served what there was. */
  inlineTimedOut(engine: string): void;
}
