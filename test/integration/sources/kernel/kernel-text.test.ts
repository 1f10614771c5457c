import assert from 'node:assert/strict';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { KernelText, Parsed } from '../../../../src/sources/kernel/kernel-text.ts';
import { FlatKeyed } from '../../../../src/sources/kernel/flat-keyed.ts';
import { CgroupDirectories } from '../../../support/fakes/cgroup-directories.ts';

const directories = new CgroupDirectories();
after(() => directories[Symbol.dispose]());

const shared = new KernelText();

/** The shared text, as other files have left it, with this content. */
function textOf(content: string | Uint8Array, isSingle = true): KernelText {
  const path = join(directories.root, 'file');
  writeFileSync(path, content);
  const fd = openSync(path, 'r');
  try {
    shared.read(fd, isSingle);
  } finally {
    closeSync(fd);
  }
  return shared;
}

test('integers: exact to 2^63−1, a bigint only above 2^53', () => {
  for (const [content, value] of [
    ['0\n', 0],
    ['7\n', 7],
    ['0007\n', 7],
    ['9007199254740991\n', Number.MAX_SAFE_INTEGER],
    ['9007199254740993\n', 9_007_199_254_740_993n],
    ['9223372036854771712\n', 9_223_372_036_854_771_712n],
    ['9223372036854775807\n', 2n ** 63n - 1n],
  ] as const)
    assert.equal(textOf(content).singleInteger(), value);
});

test('what is no integer of that range is absent', () => {
  for (const content of [
    '',
    '\n',
    'max\n',
    '-1\n',
    '+1\n',
    '1.5\n',
    '1e3\n',
    '0x10\n',
    '12a\n',
    '1 2\n',
    ' 1\n',
    '9223372036854775808\n',
    '18446744073709551615\n',
    `${'9'.repeat(400)}\n`,
    '12\0\n',
  ])
    assert.equal(textOf(content).singleInteger(), undefined, JSON.stringify(content));
});

test('a line that does not end is no line: its number may be cut short', () => {
  assert.equal(textOf('123').singleInteger(), undefined);
  const table = new FlatKeyed().parse(textOf('a 1\nb 23\nc 45'));
  assert.deepEqual(table.record(), { a: 1, b: 23 });
  assert.equal(textOf('').isAtEnd, true);
});

test('nothing of what was read before is left', () => {
  textOf(`${'9'.repeat(100)}\n`.repeat(20));
  assert.equal(textOf('1').content, '');
  assert.equal(textOf('12\n').singleInteger(), 12);
  assert.equal(textOf('').singleInteger(), undefined);
});

test('keys: those of another order, new ones and repeated files', () => {
  const table = new FlatKeyed();
  assert.deepEqual(table.parse(textOf('pgscan 1\npgscan_kswapd 2\npgsteal 3\n')).record(), {
    pgscan: 1,
    pgscan_kswapd: 2,
    pgsteal: 3,
  });
  assert.deepEqual(table.parse(textOf('pgscan_kswapd 4\npgsteal 5\npgscan 6\nnew 7\n')).record(), {
    pgscan_kswapd: 4,
    pgsteal: 5,
    pgscan: 6,
    new: 7,
  });
  assert.deepEqual(table.parse(textOf('pgscan_kswapd 8\n')).record(), { pgscan_kswapd: 8 });
  assert.equal(table.get('pgsteal'), undefined);
  assert.deepEqual(table.parse(textOf('')).record(), {});
});

test('keys: a value that is none is absent, and its neighbours are not', () => {
  const content = 'a max\nb\nc 1 2\n\nd 18446744073709551615\n\0 \xff\ne 5\n  f 6\n__proto__ 7\n';
  const table = new FlatKeyed().parse(textOf(Buffer.from(content, 'latin1')));
  assert.deepEqual(
    [table.get('e'), table.get('a'), table.get('b'), table.get('c'), table.get('d')],
    [5, undefined, undefined, undefined, undefined],
  );
  assert.deepEqual(Object.keys(table.record()), ['e']);
});

test('a file of more than the first portion is read whole', () => {
  const lines = Array.from({ length: 20_000 }, (_each, index) => `key${index} ${index}\n`);
  for (const isSingle of [true, false]) {
    const record = new FlatKeyed().parse(textOf(lines.join(''), isSingle)).record();
    assert.equal(Object.keys(record).length, lines.length);
    assert.equal(record['key19999'], 19_999);
  }
});

test('a file of 5 MB is refused, and the next one is read', () => {
  assert.throws(() => textOf('a 1\n'.repeat(1_300_000)), RangeError);
  assert.equal(textOf('5\n').singleInteger(), 5);
});

test('a file that the kernel gives page by page is read to its end', () => {
  const endsWith = (isSingle: boolean): boolean => {
    const fd = openSync('/proc/self/maps', 'r');
    try {
      shared.read(fd, isSingle);
      return shared.content.includes('[stack]');
    } finally {
      closeSync(fd);
    }
  };
  assert.equal(endsWith(false), true);
  assert.equal(endsWith(true), false);
});

test('what is parsed of a file is the same object until the file holds something else', () => {
  const table = new FlatKeyed();
  const known = new Parsed<ReturnType<FlatKeyed['record']>>();
  const read = (content: string) => known.of(textOf(content), (text) => table.parse(text).record());
  const first = read('a 1\nb 2\n');
  assert.equal(read('a 1\nb 2\n'), first);
  assert.deepEqual(read('a 1\nb 3\n'), { a: 1, b: 3 });
  assert.deepEqual(first, { a: 1, b: 2 });
  assert.deepEqual(read('a 1\n'), { a: 1 });
  assert.deepEqual(read(''), {});
});
