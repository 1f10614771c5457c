import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boolean, integer } from '../../../../src/config/types/scalars.ts';
import { listOf } from '../../../../src/config/types/list-of.ts';
import { oneOf } from '../../../../src/config/types/one-of.ts';
import { refusals } from '../refusals.ts';

const exporters = oneOf(['otlp', 'console'], {
  aliases: { logging: 'console' },
  hints: { zipkin: 'not a metrics exporter' },
});

test('a word is taken in any case and by its other spellings', () => {
  assert.equal(exporters.parse(' OTLP '), 'otlp');
  assert.equal(exporters.parse('logging'), 'console');
});

const bad: readonly (readonly [unknown, string])[] = [
  ['oltp', 'expected one of otlp, console; did you mean otlp?'],
  ['zipkin', 'expected one of otlp, console; not a metrics exporter'],
  ['constructor', 'expected one of otlp, console'],
  [5, 'expected one of otlp, console'],
];

for (const [raw, message] of bad) {
  test(`${JSON.stringify(raw)} is refused`, () => {
    assert.equal(refusals(exporters, raw), message);
  });
}

test('a list comes from commas, from repetition and from YAML, each item once', () => {
  const list = listOf(exporters);
  for (const raw of ['otlp, console', ['otlp', 'console'], ['otlp,console', 'otlp'], 'otlp,,console,']) {
    assert.deepEqual(list.parse(raw), ['otlp', 'console']);
  }
});

test('a list must hold something, and every bad item is reported', () => {
  assert.equal(refusals(listOf(exporters), ','), 'expected at least one');
  assert.equal(refusals(listOf(exporters), { a: 1 }), 'expected a list');
  assert.equal(
    refusals(listOf(exporters), 'otlp,foo,bar'),
    'expected one of otlp, console; expected one of otlp, console',
  );
});

test('true and false are the only words for a boolean', () => {
  assert.deepEqual(
    ['true', 'TRUE', 'False', true, false].map((raw) => boolean().parse(raw)),
    [true, true, false, true, false],
  );
  for (const raw of ['1', 'yes', 'on', '', 0, null])
    assert.equal(refusals(boolean(), raw), 'expected true or false');
});

test('an integer has bounds and no fraction', () => {
  assert.deepEqual(
    ['0', ' 7 ', 10].map((raw) => integer(0, 10).parse(raw)),
    [0, 7, 10],
  );
  for (const raw of ['11', '-1', '1.5', 'x', '', 1.5, true, '0x1']) {
    assert.equal(refusals(integer(0, 10), raw), 'expected a whole number from 0 to 10');
  }
});
