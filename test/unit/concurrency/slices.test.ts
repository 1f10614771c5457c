import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Slices } from '../../../src/concurrency/slices.ts';

/** Works until that time has passed. */
function work(millis: number): void {
  const end = performance.now() + millis;
  while (performance.now() < end);
}

test('between two slices the event loop turns', async () => {
  let turns = 0;
  const count = (): void => {
    turns += 1;
    counting = setImmediate(count);
  };
  let counting = setImmediate(count);
  const slices = new Slices();
  for (let slice = 1; slice <= 3; slice += 1) {
    for (let step = 0; step < 20; step += 1) {
      work(1);
      assert.ok(!slices.step(), 'few steps are one slice');
    }
    assert.ok(slices.step());
    await slices.next();
    assert.ok(turns >= slice);
  }
  clearImmediate(counting);
});
