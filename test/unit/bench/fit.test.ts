import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fitLine } from '../../../bench/report/fit.ts';

test('a line through its own points', () => {
  const line = fitLine([10, 100, 5000].map((size) => ({ size, value: 7 + 0.25 * size })));
  assert.ok(line);
  assert.ok(Math.abs(line.fixed - 7) < 1e-6 && Math.abs(line.perUnit - 0.25) < 1e-9 && line.worst < 1e-6);
});

test('small sizes count as much as large ones', () => {
  // By absolute errors the line would miss the first point by three times its value.
  const line = fitLine([
    { size: 10, value: 10 },
    { size: 1000, value: 1000 },
    { size: 10_000, value: 12_000 },
  ]);
  assert.ok(line && line.worst < 0.2);
});

test('the fitted line beats others near it', () => {
  const values = fc.array(
    fc.record({ size: fc.integer({ min: 1, max: 1e4 }), value: fc.integer({ min: 1, max: 1e4 }) }),
    {
      minLength: 2,
      maxLength: 8,
    },
  );
  fc.assert(
    fc.property(
      values,
      fc.double({ min: -1, max: 1, noNaN: true }),
      fc.double({ min: -0.1, max: 0.1, noNaN: true }),
      (points, up, steeper) => {
        const line = fitLine(points);
        if (!line) return;
        const squares = (fixed: number, perUnit: number): number =>
          points.reduce((sum, { size, value }) => sum + ((fixed + perUnit * size - value) / value) ** 2, 0);
        const own = squares(line.fixed, line.perUnit);
        assert.ok(own <= squares(line.fixed + up, line.perUnit + steeper) * (1 + 1e-9) + 1e-9);
      },
    ),
  );
});

test('no line by one size, or through values that are none', () => {
  assert.equal(fitLine([]), undefined);
  assert.equal(
    fitLine([
      { size: 10, value: 3 },
      { size: 10, value: 4 },
    ]),
    undefined,
  );
  assert.equal(
    fitLine([
      { size: 10, value: 0 },
      { size: 20, value: 4 },
    ]),
    undefined,
  );
  assert.equal(
    fitLine([
      { size: 10, value: Number.NaN },
      { size: 20, value: 4 },
    ]),
    undefined,
  );
});
