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
