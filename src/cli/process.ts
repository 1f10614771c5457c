import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import type { Clock } from '../clock.ts';
import type { ConfigInput } from '../config/load-config.ts';
import type { LogOptions } from '../log.ts';

/** Source of signals: the process, or a test. */
export interface SignalSource {
  on(signal: string, listener: (...details: unknown[]) => void): unknown;
  off(signal: string, listener: (...details: unknown[]) => void): unknown;
}

/** Everything that the program takes from its process. */
export interface ProcessContext extends Omit<ConfigInput, 'flags'> {
  readonly args: readonly string[];
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: { write(text: string): unknown };
  readonly signals: SignalSource;
  readonly clock: Clock;
  /** Standard error when absent. */
  readonly logDestination?: NonNullable<LogOptions['destination']>;
}

/** Writes every mistake to standard error, as plain lines: there is no log yet. Gives the exit code. */
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

/** Garbage that may add to the heap before V8 collects all of it: more costs memory, less costs CPU time. */
const slackBytes = 8 * 1024 * 1024;
/** Minimum for a large heap, which takes long to collect. */
const minPercent = 10;
const maxPercent = 100;
/** Often enough that the first round of a thousand containers is bounded: V8 keeps the pages that a peak took. */
const adjustMillis = 1000;

/**
 * Bounds V8's uncollected garbage. Nearly all that an agent allocates dies within a round; by default V8 lets
 * that grow to several times the live heap. V8 reads these flags at each collection, so they may still be set
 * here, and again as the heap grows.
 */
export function boundHeapGrowth(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  // To wake other threads for a megabyte costs more than it saves: a tenth of the agent's CPU time.
  setFlagsFromString('--no-parallel-scavenge');
  let last: number | undefined;
  const adjust = (): void => {
    const percent = growthPercent(getHeapStatistics().used_heap_size);
    if (percent !== last) setFlagsFromString(`--heap-growing-percent=${percent}`);
    last = percent;
  };
  adjust();
  setInterval(adjust, adjustMillis).unref();
}

/** By how much of itself a heap of that many bytes may grow. */
export function growthPercent(heapBytes: number): number {
  const percent = Math.round((100 * slackBytes) / heapBytes);
  return Math.min(maxPercent, Math.max(minPercent, percent));
}
