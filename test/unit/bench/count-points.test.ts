import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countPoints } from '../../../bench/count-points.ts';

/** A length-delimited field. */
function field(number: number, ...content: readonly (readonly number[])[]): readonly number[] {
  const bytes = content.flat();
  const length = bytes.length < 128 ? [bytes.length] : [(bytes.length & 127) | 128, bytes.length >> 7];
  return [number * 8 + 2, ...length, ...bytes];
}

const point = field(1, [0x19, 1, 2, 3, 4, 5, 6, 7, 8, 0x31, 1, 0, 0, 0, 0, 0, 0, 0]);

function metric(data: number, points: number): readonly number[] {
  const name = field(1, [0x61]);
  const temporality = data === 5 ? [] : [0x10, 2];
  return field(2, name, field(data, ...Array.from({ length: points }, () => point), temporality));
}

test('data points of every kind of metric are counted, in all scopes of all resources', () => {
  const kinds = [5, 7, 9, 10, 11].map((data, index) => metric(data, index + 1));
  const scope = field(2, field(1, [0x0a, 1, 0x78]), ...kinds);
  const request = [...field(1, field(1, point), scope, scope), ...field(1, scope)];
  assert.equal(countPoints(Uint8Array.from(request)), 3 * 15);
});

test('an empty export has none', () => {
  assert.equal(countPoints(new Uint8Array()), 0);
});
