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

/** Tells every mistake on standard error, as plain lines: nobody asked for a log yet. Gives the exit code. */
export function refuse(problems: readonly string[], stderr: { write(text: string): unknown }): number {
  stderr.write(problems.map((problem) => `tidegauge: ${problem}\n`).join(''));
  return 2;
}

/** Resolves when all that was written is with the reader: a pipe takes 64 KiB, and what is left dies with the process. */
export async function flushed(stdout: NodeJS.WritableStream): Promise<void> {
  await new Promise<void>((resolve) => {
    stdout.write('', () => resolve());
  });
}
