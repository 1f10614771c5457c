import type { OtlpSink } from '../otlp-sink.ts';

/** An agent that runs. */
export interface RunningAgent extends AsyncDisposable {
  readonly pid: number;
  readonly metricsUrl: string;
  /** Milliseconds from the start of the process until it was ready; absent where it has no sign of that. */
  readonly readyMillis?: number;
  /** When one of its periods began, on the clock of `performance.now()`. */
  readonly anchor: number;
  readonly sink?: OtlpSink;
}
