import assert from 'node:assert/strict';
import { test } from 'node:test';
import { didYouMean, nearest, showValue } from '../../../src/config/messages.ts';

const known = ['interval', 'otlp_endpoint', 'exporter', 'demo'];

const cases: readonly (readonly [string, string | undefined])[] = [
  ['intervall', 'interval'],
  ['intreval', 'interval'],
  ['INTERVAL', 'interval'],
  ['otlp_endpiont', 'otlp_endpoint'],
  ['exportrs', 'exporter'],
  ['frequency', undefined],
  ['x', undefined],
  ['', undefined],
];

for (const [word, meant] of cases) {
  test(`"${word}" is meant as ${meant}`, () => {
    assert.equal(nearest(word, known), meant);
  });
}

test('the hint is a half sentence, or nothing', () => {
  assert.equal(didYouMean('dmo', known), '; did you mean demo?');
  assert.equal(didYouMean('nothing like it', known), '');
});

test('values are shown quoted, escaped, cut and without credentials', () => {
  assert.equal(showValue('a\n"b"'), String.raw`"a\n\"b\""`);
  assert.equal(showValue(['tcp://me:hunter2@host']), '["tcp://***@host"]');
  assert.equal(showValue(undefined), 'undefined');
  assert.equal(showValue('x'.repeat(1_000)).length, 121);
});
