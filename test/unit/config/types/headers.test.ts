import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headers, keyValues } from '../../../../src/config/types/scalars.ts';
import { refusals } from '../refusals.ts';

const good: readonly (readonly [unknown, Record<string, string>])[] = [
  ['a=b,c=d', { a: 'b', c: 'd' }],
  [' a = b , c=d,', { a: 'b', c: 'd' }],
  ['a=b%20c%2C%3D', { a: 'b c,=' }],
  ['auth=Basic dXNlcg==', { auth: 'Basic dXNlcg==' }],
  ['a=', { a: '' }],
  ['', {}],
  [['a=b', 'c=d'], { a: 'b', c: 'd' }],
  [
    { a: 'b%20', n: 1, t: true },
    { a: 'b%20', n: '1', t: 'true' },
  ],
];

for (const [raw, pairs] of good) {
  test(`pairs ${JSON.stringify(raw)}`, () => {
    assert.deepEqual({ ...keyValues().parse(raw) }, pairs);
    assert.deepEqual({ ...headers().parse(raw) }, pairs);
  });
}

const bad: readonly (readonly [unknown, RegExp])[] = [
  ['a=b,sesame', /^pair 2 is not of the form key=value$/],
  ['=sesame', /^pair 1 is not of the form key=value$/],
  ['a=b, =sesame', /^pair 2 is not of the form key=value$/],
  ['a=%sesame', /^pair 1 has a %/],
  [5, /^expected key=value pairs/],
  [{ a: { b: 'sesame' } }, /^expected key=value pairs/],
];

for (const [raw, message] of bad) {
  test(`pairs ${JSON.stringify(raw)} are refused without being quoted`, () => {
    assert.match(refusals(headers(), raw), message);
    assert.doesNotMatch(refusals(headers(), raw), /sesame/);
  });
}

for (const raw of ['a b=sesame', 'a=sesame%0A', { 'a:': 'sesame' }]) {
  test(`${JSON.stringify(raw)} cannot be sent as a header`, () => {
    assert.equal(refusals(headers(), raw), 'pair 1 is not a valid HTTP header');
  });
}

test('a pair of the name __proto__ is a pair like others', () => {
  assert.deepEqual(Object.entries(keyValues().parse('__proto__=x')), [['__proto__', 'x']]);
});
