import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CardinalityLimit } from '../../../src/attributes/cardinality-limit.ts';

test('an attribute has as many values as it may have, and further ones wait until one is given back', () => {
  const full: string[] = [];
  const cap = new CardinalityLimit(2, (attribute) => full.push(attribute));
  assert.deepEqual(
    ['a', 'b', 'a', 'c', 'd'].map((value) => cap.take('x', value)),
    [true, true, true, false, false],
  );
  assert.ok(cap.take('y', 'c'));
  cap.release('x', 'a');
  assert.equal(cap.take('x', 'c'), false, 'somebody else still has it');
  cap.release('x', 'a');
  assert.equal(cap.take('x', 'c'), true);
  assert.deepEqual(full, ['x'], 'reported once');
  cap.release('x', 'never taken');
  cap.release('never', 'taken');
});

const anyStep = fc.record({
  attribute: fc.constantFrom('x', 'y', '__proto__'),
  value: fc.constantFrom('1', '2', '3', '4', '5', ''),
  takes: fc.boolean(),
});

test('whatever is taken and released, no attribute has more values, and what is held is never refused', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3 }), fc.array(anyStep), (limit, steps) => {
      const cap = new CardinalityLimit(limit, () => undefined);
      const held: [attribute: string, value: string][] = [];
      for (const { attribute, value, takes } of steps) {
        const isHeld = held.some(([a, v]) => a === attribute && v === value);
        if (!takes) {
          const index = held.findIndex(([a, v]) => a === attribute && v === value);
          if (index < 0) continue;
          held.splice(index, 1);
          cap.release(attribute, value);
          continue;
        }
        const others = new Set(held.filter(([a]) => a === attribute).map(([, v]) => v));
        const isTaken = cap.take(attribute, value);
        assert.equal(isTaken, isHeld || others.size < limit);
        if (isTaken) held.push([attribute, value]);
      }
    }),
  );
});
