import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Kept } from '../../../src/model/kept.ts';

/** Asks for each, and sets what is missing; gives the number of those. */
function goThrough(kept: Kept<object, string>, keys: readonly object[]): number {
  let missing = 0;
  for (const key of keys) {
    if (kept.get(key) === 'lasts') continue;
    missing += 1;
    kept.set(key, 'lasts');
  }
  return missing;
}

function objects(count: number): readonly object[] {
  return Array.from({ length: count }, () => ({}));
}

test('what is asked for in each round is made once, however many others come and go', () => {
  const kept = new Kept<object, string>();
  const lasting = objects(5000);
  const missing = Array.from({ length: 20 }, () => {
    kept.round();
    for (const brief of objects(1000)) kept.set(brief, 'brief');
    return goThrough(kept, lasting);
  });
  assert.deepEqual(missing, [5000, ...Array.from({ length: 19 }, () => 0)]);
});

test('rounds without anything new keep everything', () => {
  const kept = new Kept<object, string>();
  const lasting = objects(300);
  goThrough(kept, lasting);
  for (let round = 0; round < 10; round += 1) kept.round();
  assert.equal(goThrough(kept, lasting), 0);
});

test('what is asked for no more is let go', () => {
  const kept = new Kept<object, string>();
  const first = {};
  kept.set(first, 'first');
  const lasting = objects(5000);
  for (let round = 0; round < 100; round += 1) {
    kept.round();
    goThrough(kept, lasting);
    for (const brief of objects(1000)) kept.set(brief, 'brief');
  }
  assert.equal(kept.get(first), undefined);
  assert.ok(kept.size <= 7000, `${kept.size} are held`);
});

test('without rounds it is bounded by what is added', () => {
  const kept = new Kept<object, string>(100);
  for (const brief of objects(10_000)) kept.set(brief, 'brief');
  assert.ok(kept.size <= 200, `${kept.size} are held`);
});

test('a later value takes the place of an earlier one', () => {
  const kept = new Kept<object, string>();
  const key = {};
  kept.set(key, 'old');
  kept.round();
  kept.set(key, 'new');
  for (let asked = 0; asked < 3; asked += 1) assert.equal(kept.get(key), 'new');
  assert.equal(kept.get({}), undefined);
});
