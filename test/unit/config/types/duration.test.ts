import assert from 'node:assert/strict';
import { test } from 'node:test';
import { duration } from '../../../../src/config/types/duration.ts';
import { refusals } from '../refusals.ts';

const good: readonly (readonly [unknown, number])[] = [
  ['10s', 10_000],
  ['500ms', 500],
  ['2m', 120_000],
  ['1h', 3_600_000],
  ['1.5s', 1_500],
  [' 10 S ', 10_000],
  ['60000', 60_000],
  [60_000, 60_000],
  ['100', 100],
  [100.4, 100],
];

for (const [raw, millis] of good) {
  test(`duration ${JSON.stringify(raw)} is ${millis} ms`, () => {
    assert.equal(duration(100).parse(raw), millis);
  });
}

const expected = 'expected a duration such as 500ms, 10s, 2m or 1h';
const bad: readonly (readonly [unknown, string])[] = [
  ['10', '10 ms is too short, expected at least 100ms; did you mean 10s?'],
  [10, '10 ms is too short, expected at least 100ms; did you mean 10s?'],
  ['0', '0 ms is too short, expected at least 100ms'],
  [-5, '-5 ms is too short, expected at least 100ms'],
  ['-5s', expected],
  ['10 seconds', expected],
  ['1s 5ms', expected],
  ['', expected],
  ['1e3', expected],
  [Number.NaN, expected],
  [Number.POSITIVE_INFINITY, expected],
  [true, expected],
  [['10s', '20s'], expected],
  ['600h', 'expected at most 24 days'],
];

for (const [raw, message] of bad) {
  test(`duration ${JSON.stringify(raw)} is refused`, () => {
    assert.equal(refusals(duration(100), raw), message);
  });
}
