import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Kept } from '../../../src/model/kept.ts';

test('what is asked for again and again is there, however many others come and go', () => {
  const kept = new Kept<object, string>();
  const lasting = Array.from({ length: 100 }, () => ({}));
  for (const key of lasting) kept.set(key, 'lasts');
  for (let round = 0; round < 1000; round += 1) {
    for (let brief = 0; brief < 10; brief += 1) kept.set({}, 'brief');
    for (const key of lasting) assert.equal(kept.get(key), 'lasts');
  }
});

test('what is asked for no more is let go', () => {
  const kept = new Kept<object, string>();
  const first = {};
  kept.set(first, 'first');
  const lasting = Array.from({ length: 5000 }, () => ({}));
  for (let round = 0; round < 100; round += 1) {
    for (const key of lasting) if (kept.get(key) === undefined) kept.set(key, 'lasts');
    for (let brief = 0; brief < 1000; brief += 1) kept.set({}, 'brief');
  }
  assert.equal(kept.get(first), undefined);
  assert.ok(kept.size < 20_000, `${kept.size} are held`);
});

test('a later value takes the place of an earlier one', () => {
  const kept = new Kept<object, string>();
  const key = {};
  kept.set(key, 'old');
  for (let brief = 0; brief < 100; brief += 1) kept.set({}, 'brief');
  kept.set(key, 'new');
  for (let brief = 0; brief < 3; brief += 1) assert.equal(kept.get(key), 'new');
  assert.equal(kept.get({}), undefined);
});
