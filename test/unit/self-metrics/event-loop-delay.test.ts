import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { EventLoopDelay } from '../../../src/self-metrics/process.ts';

test('a block is measured while there is work, and a loop at rest is not watched', async () => {
  const delay = new EventLoopDelay();
  assert.equal(delay.read(), undefined);
  delay.watch();
  await sleep(30);
  block(200);
  await sleep(30);
  const working = delay.read();
  assert.ok(working && working.max >= 0.2, `${working?.max} s`);
  assert.ok(working.p99 <= working.max);
  // Longer than it watches after the last sign of work.
  await sleep(1500);
  block(3000);
  await sleep(30);
  assert.ok((delay.read()?.max ?? 0) < 3);
  delay.callEnded();
  await sleep(30);
  assert.ok((delay.read()?.max ?? 0) < 3, 'the rest before does not count as a delay');
  delay.end();
});

function block(millis: number): void {
  const until = performance.now() + millis;
  while (performance.now() < until);
}
