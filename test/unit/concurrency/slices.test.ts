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
  for (let slice = 1; slice <= 5; slice += 1) {
    work(10);
    assert.ok(slices.isOver, 'after its time');
    await slices.next();
    assert.ok(turns >= slice);
  }
  clearImmediate(counting);
});
