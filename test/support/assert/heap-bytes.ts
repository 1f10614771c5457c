import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { TrackedRuntime } from '../fakes/tracked-runtime.ts';

/** Live heap bytes after a collection, without the calls that the test's observer keeps. */
export async function heapBytes({ observer }: TrackedRuntime): Promise<number> {
  observer.calls.length = 0;
  return await liveBytes();
}

/** Live heap bytes after a collection. */
export async function liveBytes(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collectGarbage: () => void = runInNewContext('gc');
  // Buffers are let go in the background, at the latest when the next collection begins.
  for (let round = 0; round < 3; round += 1) {
    await nextTurn();
    collectGarbage();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
