import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { TrackedRuntime } from '../fakes/tracked-runtime.ts';

/** What is alive, without what the test itself keeps of each probe. */
export async function heapBytes({ observer }: TrackedRuntime): Promise<number> {
  observer.calls.length = 0;
  return await liveBytes();
}

/** What is alive, all of it. */
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
