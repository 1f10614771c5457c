import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quantile, spreadOf, spreadText } from '../../../bench/report/spread.ts';

test('median, smallest and largest, of what was measured', () => {
  assert.deepEqual(spreadOf([3, undefined, 1, 2]), { median: 2, min: 1, max: 3, count: 3 });
  assert.deepEqual(spreadOf([4, 1, 2, 3]), { median: 2.5, min: 1, max: 4, count: 4 });
  assert.equal(spreadOf([undefined]), undefined);
});

test('quantiles are measured values', () => {
  const numbers = Array.from({ length: 200 }, (_, index) => index + 1);
  assert.equal(quantile(numbers, 0.99), 198);
  assert.equal(quantile([5, 1, 3], 0.5), 3);
  assert.equal(quantile([5], 0.99), 5);
  assert.equal(quantile([], 0.5), undefined);
});

test('a range is shown of several alone', () => {
  assert.equal(spreadText(spreadOf([0.5]), 2), '0.50');
  assert.equal(spreadText(spreadOf([0.5, 0.75, 0.25]), 2), '0.50 (0.25–0.75)');
  assert.equal(spreadText(undefined, 2), '–');
});
