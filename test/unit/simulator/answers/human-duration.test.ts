import assert from 'node:assert/strict';
import { test } from 'node:test';
import { humanDuration } from '../../../../src/simulator/answers/list.ts';

const cases: readonly [number, string][] = [
  [0.5, 'Less than a second'],
  [1, '1 second'],
  [59, '59 seconds'],
  [60, 'About a minute'],
  [3599, '59 minutes'],
  [3600, 'About an hour'],
  [47 * 3600, '47 hours'],
  [48 * 3600, '2 days'],
  [14 * 86_400, '2 weeks'],
  [90 * 86_400, '3 months'],
  [800 * 86_400, '2 years'],
];

for (const [seconds, words] of cases) {
  test(`${seconds} s is "${words}"`, () => assert.equal(humanDuration(seconds * 1000), words));
}
