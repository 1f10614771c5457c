import type { EventObserver } from './event-observer.ts';
import type { ExportObserver, ExportResult } from './export-observer.ts';
import type { ProbeObserver } from './probe-observer.ts';

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
