import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { compilePattern, pattern } from '../../../../src/config/types/pattern.ts';

const meanings: [pattern: string, matched: string[], unmatched: string[]][] = [
  ['nginx', ['nginx'], ['nginx:1', 'Nginx', '']],
  ['a.c', ['a.c'], ['abc']],
  ['!x', ['!x'], ['x']],
  ['nginx*', ['nginx', 'nginx:1.27', 'nginx/a/b\nc'], ['my-nginx']],
  ['web-?', ['web-1', 'web-é', 'web-😀'], ['web-', 'web-12']],
  ['web-[0-9]', ['web-1'], ['web-a', 'web-']],
  ['web-[!0-9]', ['web-a'], ['web-1']],
  ['[\\]^]', [']', '^'], ['\\', 'a']],
  ['{web,db-*,{a,b}c}', ['web', 'db-1', 'ac', 'bc'], ['db', 'c', 'web,db-1']],
  ['a,b*', ['a,bc'], ['a', 'b']],
  ['a\\*b', ['a*b'], ['ab', 'axb']],
  ['*.(+)$|^', ['x.(+)$|^'], ['x']],
  ['/ngin./', ['nginx', 'my-nginx:1'], ['ngin']],
  ['/^(?i)WEB$/', ['web'], ['web2']],
  ['//', ['//'], ['']],
];

describe('a pattern', () => {
  for (const [written, matched, unmatched] of meanings) {
    test(`${written} means ${JSON.stringify(matched)} and not ${JSON.stringify(unmatched)}`, () => {
      const matches = compilePattern(written);
      assert.deepEqual(matched.filter(matches), matched);
      assert.deepEqual(unmatched.filter(matches), []);
    });
  }

  test('cannot make the matching last', () => {
    const text = `${'a'.repeat(50_000)}!`;
    const start = performance.now();
    for (const slow of ['/^(a+)+$/', '/^(a|a)*$/', '/(.*)*x(.*)*y$/', '*a*a*a*a*a*a*b', '{a,a*}*c'])
      assert.equal(compilePattern(slow)(text), false);
    assert.ok(performance.now() - start < 5000);
  });

  test('that is wrong is reported as such', () => {
    const wrong: [string, RegExp][] = [
      ['/(a/', /missing closing \)/],
      ['/(?=a)/', /unsupported Perl syntax/],
      ['/((a{1000}){1000}){1000}/', /invalid repeat count/],
      ['web-[', /^\[ without its \]$/],
      ['web]', /^\] without its \[$/],
      ['{a,b', /^\{ without its \}$/],
      ['a}', /^\} without its \{$/],
      ['a*\\', /without a character after it/],
      ['a'.repeat(1001), /at most 1000 characters/],
    ];
    for (const [written, reason] of wrong) {
      const [issue] = pattern().safeParse(written).error?.issues ?? [];
      assert.match(issue?.message ?? '', reason);
    }
  });

  test('compiles or says why, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (written, text) => {
        const parsed = pattern().safeParse(written);
        if (parsed.success) assert.equal(typeof compilePattern(written)(text), 'boolean');
        else assert.ok(parsed.error.issues.every(({ message }) => message !== ''));
      }),
    );
  });

  test('that is a glob of literal characters means just that text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const escaped = text.replaceAll(/[*?[\]{}\\,]/g, (each) => `\\${each}`);
        assert.ok(compilePattern(`{${escaped},x}`)(text));
        assert.ok(compilePattern(`*${escaped}`)(text));
      }),
    );
  });
});
