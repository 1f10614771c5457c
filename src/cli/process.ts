import type { Clock } from '../clock.ts';
import type { ConfigInput } from '../config/load-config.ts';
import type { LogOptions } from '../log.ts';

/** Where signals come from: the process, or a test. */
export interface SignalSource {
  on(signal: string, listener: (...details: unknown[]) => void): unknown;
  off(signal: string, listener: (...details: unknown[]) => void): unknown;
}

/** Everything that the program takes from its process. */
export interface Surroundings extends Omit<ConfigInput, 'flags'> {
  readonly args: readonly string[];
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: { write(text: string): unknown };
  readonly signals: SignalSource;
  readonly clock: Clock;
  /** Standard error when absent. */
  readonly logDestination?: NonNullable<LogOptions['destination']>;
}
