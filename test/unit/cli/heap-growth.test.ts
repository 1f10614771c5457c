import assert from 'node:assert/strict';
import { test } from 'node:test';
import { growthPercent } from '../../../src/cli/process.ts';

test('a heap may grow by about 8 MiB, and by a tenth at least', () => {
  const growthMebibytes = (heap: number): number => Math.round((heap * growthPercent(heap * 2 ** 20)) / 100);
  assert.deepEqual([5, 20, 40, 80, 400].map(growthMebibytes), [5, 8, 8, 8, 40]);
});
