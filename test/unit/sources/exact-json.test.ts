import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseExactJson, countOf, positiveOf, present, timeOf } from '../../../src/sources/json.ts';

const parse = (text: string): unknown => parseExactJson(text, 'stats of x');

test('integers above 2^53 are bigints to the digit, wherever they stand', () => {
  assert.deepEqual(parse('{"a":9007199254740993}'), { a: 9007199254740993n });
  assert.deepEqual(parse('{"a": -9007199254740993 }'), { a: -9007199254740993n });
  assert.deepEqual(parse('[18446744073709551615,1,[9223372036854771712]]'), [
    18446744073709551615n,
    1,
    [9223372036854771712n],
  ]);
  assert.deepEqual(parse('{"a":{"b":[{"c":24052607520000001}]},"d":2}'), {
    a: { b: [{ c: 24052607520000001n }] },
    d: 2,
  });
  assert.equal(parse('9007199254740993'), 9007199254740992);
});

test('two integers that fall on one double stay two', () => {
  assert.deepEqual(parse('{"a":9007199254740992,"b":9007199254740993,"c":9007199254740992}'), {
    a: 9007199254740992n,
    b: 9007199254740993n,
    c: 9007199254740992n,
  });
});

test('what is written in texts is no number', () => {
  const text = '{"label":":9007199254740993,","name":"[9007199254740995]","n":9007199254740993}';
  assert.deepEqual(parse(text), {
    label: ':9007199254740993,',
    name: '[9007199254740995]',
    n: 9007199254740993n,
  });
  assert.deepEqual(parse('{"label":",9007199254740992,","n":9007199254740993}'), {
    label: ',9007199254740992,',
    n: 9007199254740993n,
  });
});

test('other numbers are as JSON.parse gives them', () => {
  const text = '{"a":1234567890123456,"b":1e300,"c":0.1234567890123456789,"d":9007199254740993.5,"e":1e999}';
  assert.deepEqual(parse(text), JSON.parse(text));
  const digits = '9'.repeat(400);
  assert.deepEqual(parse(`{"a":${digits}}`), { a: Number.POSITIVE_INFINITY });
});

test('a key called __proto__ is a key', () => {
  const parsed = parse('{"__proto__":9007199254740993,"a":1}');
  assert.deepEqual(Object.entries(Object(parsed)), [
    ['__proto__', 9007199254740993n],
    ['a', 1],
  ]);
});

test('any JSON of 64-bit integers comes back to the digit', () => {
  const leaf = fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }), fc.integer(), fc.string());
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      leaf,
      fc.array(tie('value')),
      fc.dictionary(fc.string(), tie('value')),
    ),
  }));
  fc.assert(
    fc.property(fc.array(value), (json) => {
      const raw = (_key: string, item: unknown): unknown =>
        // A marker that no text can hold is taken off again below.
        typeof item === 'bigint' ? `\u0000${item}\u0000` : item;
      const text = JSON.stringify(json, raw).replaceAll(/"\\u0000(-?\d+)\\u0000"/g, '$1');
      const expected = (item: unknown): unknown => {
        if (typeof item === 'bigint' && Number.isSafeInteger(Number(item))) return Number(item);
        if (Array.isArray(item)) return item.map(expected);
        if (typeof item !== 'object' || item === null) return item;
        return Object.fromEntries(Object.entries(item).map(([key, each]) => [key, expected(each)]));
      };
      assert.deepEqual(parse(text), expected(json));
    }),
  );
});

test('what is not JSON is named with its beginning', () => {
  for (const text of ['<html><body>502</body></html>', '', '{"a":', '{"a":9007199254740993', 'null,']) {
    assert.throws(() => parse(text), {
      name: 'SourceError',
      code: 'bad-response',
      message: `stats of x: not JSON, begins with ${JSON.stringify(text)}`,
    });
  }
});

test('counts: 0 to 2^63−1 and nothing else', () => {
  for (const good of [0, 1, Number.MAX_SAFE_INTEGER, 2n ** 53n, 2n ** 63n - 1n])
    assert.equal(countOf(good), good);
  for (const bad of [
    -1,
    -1n,
    1.5,
    2 ** 53,
    1e300,
    2n ** 63n,
    2n ** 64n - 1n,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    '1',
    null,
    true,
  ])
    assert.equal(countOf(bad), undefined);
  for (const bad of [0, -1, 1.5, 1n, '1', null]) assert.equal(positiveOf(bad), undefined);
});

test('times: RFC 3339 after 1970 and nothing else', () => {
  assert.equal(timeOf('2026-11-23T10:09:21.732629121Z'), Date.UTC(2026, 10, 23, 10, 9, 21, 732));
  assert.equal(timeOf('2026-11-23T12:09:21+02:00'), Date.UTC(2026, 10, 23, 10, 9, 21));
  for (const bad of [
    '0001-01-01T00:00:00Z',
    '1',
    '2026',
    'Mon Nov 23 2026',
    '2026-13-01T00:00:00Z',
    '',
    0,
    null,
  ])
    assert.equal(timeOf(bad), undefined, String(bad));
});

test('present leaves out undefined alone', () => {
  const all = { a: 0, b: '', c: false };
  assert.equal(present(all), all);
  assert.deepEqual(Object.keys(present<{ a?: number; b?: null }>({ a: undefined, b: null })), ['b']);
});
