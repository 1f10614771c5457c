import type { Clock } from '../clock.ts';
import type { TrackerSet } from './tracker-set.ts';

/** How a runtime that does not answer yet is asked; in milliseconds. */
export interface FirstProbeOptions {
  readonly clock: Clock;
  /** Gives up the asking. */
  readonly signal: AbortSignal;
  /** A probe is waited for this long at a time. */
  readonly waitMillis: number;
  /** Before the second try; each further pause is half as long again. */
  readonly pauseMillis: number;
  readonly maxPauseMillis: number;
}

/** Asks one runtime until a probe has succeeded, whoever began that probe; false when given up. Never rejects. */
export async function firstProbe(set: TrackerSet, options: FirstProbeOptions): Promise<boolean> {
  const { clock, signal, waitMillis, maxPauseMillis } = options;
  let { pauseMillis } = options;
  while (!signal.aborted) {
    await set.update(waitMillis);
    if (set.wasProbed) return true;
    await clock.sleep(pauseMillis, signal).catch(() => undefined);
    pauseMillis = Math.min(pauseMillis * 1.5, maxPauseMillis);
  }
  return false;
}
