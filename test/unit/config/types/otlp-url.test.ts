import assert from 'node:assert/strict';
import { test } from 'node:test';
import { otlpBaseUrl, otlpUrl, shownOtlpUrl } from '../../../../src/config/types/otlp-url.ts';
import { refusals } from '../refusals.ts';

/** Written, as the URL of every signal, as the URL of metrics. */
const good: readonly (readonly [string, string, string])[] = [
  ['http://localhost:4318', 'http://localhost:4318/v1/metrics', 'http://localhost:4318/'],
  ['http://localhost:4318/', 'http://localhost:4318/v1/metrics', 'http://localhost:4318/'],
  ['https://a.example/otlp/', 'https://a.example/otlp/v1/metrics', 'https://a.example/otlp/'],
  ['HTTPS://a.example/p', 'https://a.example/p/v1/metrics', 'https://a.example/p'],
  ['http://a/x?key=1', 'http://a/x/v1/metrics?key=1', 'http://a/x?key=1'],
];

for (const [written, base, whole] of good) {
  test(`endpoint ${written}`, () => {
    assert.equal(otlpBaseUrl().parse(written).href, base);
    assert.equal(otlpUrl().parse(written).href, whole);
  });
}

test('a URL that is whole gets nothing appended again', () => {
  const whole = otlpUrl().parse('http://a/custom');
  assert.equal(otlpBaseUrl().parse(whole), whole);
});

const expected = 'expected an http:// or https:// URL';
const bad: readonly (readonly [unknown, string])[] = [
  ['localhost:4318', `${expected}; did you mean http://localhost:4318?`],
  ['grpc://localhost:4317', expected],
  ['http://', expected],
  ['http:///v1', expected],
  ['unix:///run/otel.sock', expected],
  ['', expected],
  [4318, expected],
];

for (const [raw, message] of bad) {
  test(`endpoint ${JSON.stringify(raw)} is refused`, () => {
    assert.equal(refusals(otlpBaseUrl(), raw), message);
    assert.equal(refusals(otlpUrl(), raw), message);
  });
}

test('what is shown has no credentials', () => {
  for (const [written, shown] of [
    ['https://me:hunter2@a.example:4318/p?key=hunter2', 'https://a.example:4318/p'],
    ['https://hunter2@a.example/', 'https://a.example/'],
    ['http://[::1]:4318/v1/metrics#hunter2', 'http://[::1]:4318/v1/metrics'],
  ] as const)
    assert.equal(shownOtlpUrl(new URL(written)), shown);
});
