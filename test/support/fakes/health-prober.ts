import { readFileSync, readdirSync } from 'node:fs';
import { get } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';

/** The slowest response of all that were asked for. */
export interface SlowestHealth {
  /** Milliseconds from the request to the end of the response. */
  readonly wallMillis: number;
  /**
   * The same without the time in which the agent, or who asked it, was ready to run and had no CPU: others use this
   * machine, too.
   */
  readonly ownMillis: number;
}

/** Asks a URL again and again, in a thread that nothing else keeps busy, and posts a {@link SlowestHealth}. */
const { url, pid }: { url: string; pid: number } = workerData;

async function ask(): Promise<SlowestHealth> {
  const [start, waitedBefore] = [performance.now(), waitedMillis()];
  await new Promise<void>((resolve, reject) => {
    const asked = get(url, { agent: false }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`answered ${response.statusCode}`));
      response.resume().on('end', resolve);
    });
    asked.on('error', reject);
  });
  const wallMillis = performance.now() - start;
  return { wallMillis, ownMillis: wallMillis - (waitedMillis() - waitedBefore) };
}

/**
 * How long the agent's threads, and this one, waited for a CPU since they began: the second number of each file. Its main
 * thread waits for those that collect garbage and compress.
 */
function waitedMillis(): number {
  const threads = readdirSync(`/proc/${pid}/task`).map((thread) => `/proc/${pid}/task/${thread}/schedstat`);
  const nanos = [...threads, '/proc/thread-self/schedstat'].map(waitedNanos);
  return nanos.reduce((sum, each) => sum + each, 0) / 1e6;
}

function waitedNanos(file: string): number {
  try {
    return Number(readFileSync(file, 'utf8').split(' ')[1]);
  } catch {
    // A thread that ended meanwhile.
    return 0;
  }
}

let isOver = false;
parentPort?.once('message', () => (isOver = true));
let slowest: SlowestHealth = { wallMillis: 0, ownMillis: 0 };
while (!isOver) {
  const asked = await ask();
  if (asked.ownMillis > slowest.ownMillis) slowest = asked;
  await pause(50);
}
parentPort?.postMessage(slowest);
