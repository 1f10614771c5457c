import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BoundedJson } from '../../../src/sources/bounded-json.ts';
import { ItemReader } from '../../../src/sources/item-reader.ts';
import type { JsonItem } from '../../../src/sources/item-reader.ts';
import { responseLimits } from '../../../src/sources/response-limits.ts';

const tooLong = 'x'.repeat(responseLimits.itemBytes + 1);
const tooDeep = JSON.parse(`${'['.repeat(responseLimits.depth + 1)}${']'.repeat(responseLimits.depth + 1)}`);

/** The text in pieces of that many bytes. */
function pieces(text: string, size = 64 * 1024): Buffer[] {
  const bytes = Buffer.from(text);
  const count = Math.ceil(bytes.length / size);
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * size, (index + 1) * size));
}

function bounded(text: string, level: number, size?: number) {
  const json = new BoundedJson(level);
  for (const piece of pieces(text, size)) json.push(piece);
  const { refused } = json;
  return { refused, value: JSON.parse(json.take()) as unknown };
}

function itemsOf(text: string, size?: number): JsonItem[] {
  const items: JsonItem[] = [];
  const reader = new ItemReader('list', (item) => items.push(item));
  for (const piece of pieces(text, size)) reader.push(piece);
  reader.end();
  return items;
}

test('what is within the limits comes through as it is, however it is cut', () => {
  const json = fc.record({ value: fc.jsonValue(), size: fc.integer({ min: 1, max: 9 }), level: fc.nat(4) });
  fc.assert(
    fc.property(json, ({ value, size, level }) => {
      const text = JSON.stringify(value);
      const result = bounded(text, level, size);
      assert.deepEqual(result.value, JSON.parse(text));
      assert.equal(result.refused, undefined);
    }),
  );
});

test('so do the items of a list, one by one', () => {
  const lists = fc.record({ list: fc.array(fc.jsonValue()), size: fc.integer({ min: 1, max: 9 }) });
  fc.assert(
    fc.property(lists, ({ list, size }) => {
      const text = JSON.stringify(list, undefined, 1);
      const items = itemsOf(text, size);
      assert.deepEqual(
        items.map((item) => JSON.parse(item.text) as unknown),
        JSON.parse(text),
      );
    }),
  );
});

test('a member that is too large or too deep is null, and named; all others stay', () => {
  for (const [labels, reason] of [
    [{ a: tooLong }, 'too-large'],
    [tooLong, 'too-large'],
    [{ [tooLong]: 1 }, 'too-large'],
    [tooDeep, 'too-deep'],
    [{ a: tooDeep }, 'too-deep'],
  ]) {
    const text = JSON.stringify({ Id: 'a', Labels: labels, State: 'running' });
    const { refused, value } = bounded(text, 1);
    assert.deepEqual(refused, { reason, field: 'Labels' });
    assert.deepEqual(value, { Id: 'a', '': null, State: 'running' });
  }
  const last = bounded(JSON.stringify({ Id: 'a', Labels: tooLong }), 1);
  assert.deepEqual(last.value, { Id: 'a', '': null });
  const inList = bounded(JSON.stringify({ all: [1, tooLong, 2] }), 2);
  assert.deepEqual(inList.value, { all: [1, null, 2] });
});

test('many small members that are too large together end their object early', () => {
  const count = 2 + responseLimits.itemBytes / 1024;
  const many = Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`k${index}`, 'x'.repeat(1024)]),
  );
  const { refused, value } = bounded(JSON.stringify([{ Id: 'a', ...many }, { Id: 'b' }]), 2);
  assert.deepEqual(refused, { reason: 'too-large' });
  const [first, second] = value as { Id: string }[];
  assert.equal(first?.Id, 'a');
  assert.ok(Object.keys(first).length < count);
  assert.deepEqual(second, { Id: 'b' });
});

test('an item beyond the limits costs no other', () => {
  const huge = { Id: 'b', Names: ['/huge'], Labels: { a: tooLong.repeat(3) }, State: 'running' };
  for (const item of [huge, { ...huge, Labels: tooDeep }]) {
    const [first, second, third, ...more] = itemsOf(JSON.stringify([{ Id: 'a' }, item, { Id: 'c' }]));
    assert.deepEqual([first, third, more], [{ text: '{"Id":"a"}' }, { text: '{"Id":"c"}' }, []]);
    assert.equal(second?.refused?.field, 'Labels');
    assert.deepEqual(JSON.parse(second.text), { Id: 'b', Names: ['/huge'], '': null, State: 'running' });
  }
  const [text, after] = itemsOf(JSON.stringify([tooLong, 7]));
  assert.deepEqual([text, after], [{ text: 'null', refused: { reason: 'too-large' } }, { text: '7' }]);
});

test('what is no list, or ends in the middle, is an error', () => {
  const refuse = (text: string, message: RegExp) =>
    assert.throws(() => itemsOf(text), { name: 'SourceError', code: 'bad-response', message });
  refuse('{"a":1}', /^list: expected a JSON array$/);
  refuse('null', /^list: expected a JSON array$/);
  refuse('<html>', /^list: not JSON, begins with "<html>"$/);
  refuse('', /^list: not JSON, begins with ""$/);
  refuse('[{"Id":"a"},{"Id"', /^list: not JSON, begins with "\[\{/);
  assert.deepEqual(itemsOf(' [ ] '), []);
});

test('an item with too many values loses that member alone, or what is behind when all together are too many', () => {
  const zeros = `[${'0,'.repeat(responseLimits.values)}0]`;
  const lists = `[${'[],'.repeat(responseLimits.values)}[]]`;
  for (const many of [zeros, lists]) {
    const huge = `{"Id":"b","Names":["/huge"],"Ports":${many},"State":"running"}`;
    const [first, second, third, ...more] = itemsOf(`[{"Id":"a"},${huge},{"Id":"c"}]`);
    assert.deepEqual([first, third, more], [{ text: '{"Id":"a"}' }, { text: '{"Id":"c"}' }, []]);
    assert.deepEqual(second?.refused, { reason: 'too-large', field: 'Ports' });
    assert.deepEqual(JSON.parse(second.text), { Id: 'b', Names: ['/huge'], '': null, State: 'running' });
    const { refused, value } = bounded(`{"Name":"host","Plugins":${many},"NCPU":4}`, 1);
    assert.deepEqual(refused, { reason: 'too-large', field: 'Plugins' });
    assert.deepEqual(value, { Name: 'host', '': null, NCPU: 4 });
  }
  const members = '"k":0,'.repeat(responseLimits.values);
  const [item, next] = itemsOf(`[{"Id":"a",${members}"z":0},{"Id":"b"}]`);
  assert.deepEqual(item?.refused, { reason: 'too-large' });
  assert.deepEqual(JSON.parse(item.text), { Id: 'a', k: 0 });
  assert.deepEqual(next, { text: '{"Id":"b"}' });
});

test('where no part can be left out, too many values are an error', () => {
  const many = `[${'0,'.repeat(responseLimits.values)}0]`;
  const lists = `[${'{},'.repeat(responseLimits.values)}{}]`;
  for (const [text, level] of [
    [many, 0],
    [`{"Containers":${lists}}`, 3],
  ] as const)
    assert.throws(() => bounded(text, level), { name: 'SourceError', code: 'too-large' });
});

test('items that leave no room for all of them are refused by name, and small ones behind them are not', () => {
  const sized = (id: string, length: number): string =>
    JSON.stringify({ Id: id, Names: [`/${id}`], Labels: { a: 'x'.repeat(length) } });
  const count = Math.ceil(responseLimits.keptBytes / responseLimits.itemBytes) + 4;
  const large = Array.from({ length: count }, (_, index) =>
    sized(`large-${index}`, responseLimits.itemBytes - 200),
  );
  const small = Array.from({ length: 100 }, (_, index) => sized(`small-${index}`, 1000));
  const items = itemsOf(`[${[...large, ...small].join()}]`);
  assert.deepEqual(
    items.map(({ text }) => text),
    [...large, ...small],
  );
  const refused = items.filter((item) => item.refused);
  assert.ok(refused.length >= 4 && refused.length <= count / 2);
  for (const item of refused) assert.deepEqual(item.refused, { reason: 'too-large' });
  assert.equal(items.slice(count).filter((item) => item.refused).length, 0);
});

test('of too many items the first are taken, and the others refused; a list without an end is an error', () => {
  const items = itemsOf(`[${'1,'.repeat(2 * responseLimits.items - 1)}1]`);
  assert.equal(items.filter(({ refused }) => !refused).length, responseLimits.items);
  assert.equal(items.filter(({ refused }) => refused?.reason === 'too-large').length, responseLimits.items);
  const endless = `[${'1,'.repeat(2 * responseLimits.items)}1,`;
  assert.throws(() => itemsOf(endless), { name: 'SourceError', code: 'too-large' });
});
