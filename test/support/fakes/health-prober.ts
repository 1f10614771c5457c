import { get } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';

/** Asks a URL again and again, in a thread that nothing else keeps busy, and posts how long the slowest took. */
const url: unknown = workerData;
if (typeof url !== 'string') throw new Error('the URL is missing');

async function ask(address: string): Promise<number> {
  const start = performance.now();
  await new Promise<void>((resolve, reject) => {
    const asked = get(address, { agent: false }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`answered ${response.statusCode}`));
      response.resume().on('end', resolve);
    });
    asked.on('error', reject);
  });
  return performance.now() - start;
}

let isOver = false;
parentPort?.once('message', () => (isOver = true));
let worst = 0;
while (!isOver) {
  worst = Math.max(worst, await ask(url));
  await pause(50);
}
parentPort?.postMessage(worst);
