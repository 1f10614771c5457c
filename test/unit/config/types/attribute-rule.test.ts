import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { attributeRule, compileAttributeRule } from '../../../../src/config/types/attribute-rule.ts';
import { splitPatterns } from '../../../../src/config/types/pattern.ts';
import { load, problemsOf } from '../../../support/fakes/load.ts';
import { refusals } from '../refusals.ts';

const names: readonly [rule: string, key: string, name: string | undefined][] = [
  ['a.b', 'a.b', 'container.label.a.b'],
  ['a.b', 'a.b.c', undefined],
  ['a.b=team', 'a.b', 'team'],
  [' a.b = team ', 'a.b', 'team'],
  ['com.example.*', 'com.example.x', 'container.label.com.example.x'],
  ['com.{a,b}.*=one', 'com.b.x', 'one'],
  ['/^com\\.(.+)$/', 'com.x', 'container.label.com.x'],
  ['/^com\\.(.+)$/=x.$1', 'com.a.b', 'x.a.b'],
  ['/^com\\.(.+)$/=x.$1', 'org.a', undefined],
  ['/^(a)(b)?$/=$2', 'a', undefined],
  ['/^(a)(b)?$/=${1}2$2', 'ab', 'a2b'],
  ['/x=(.)/=$1$0', 'x=y', 'yx=y'],
  ['/(.+)/=$1', '$1', '$1'],
  ['*', '', undefined],
  ['*', 'API_TOKEN', undefined],
  ['*', 'db.password', undefined],
  ['/./=x', 'client-secret', undefined],
  ['*', 'SshKeyFile', undefined],
  ['API_TOKEN=token', 'API_TOKEN', 'token'],
];

describe('a rule for attributes', () => {
  for (const [rule, key, name] of names)
    test(`${rule} makes ${name} of ${key}`, () => {
      assert.equal(refusals(attributeRule(), rule), '');
      assert.equal(compileAttributeRule(rule, 'container.label.').nameFor(key), name);
    });

  test('that is wrong is refused with the reason', () => {
    assert.match(refusals(attributeRule(), 'a='), /expected PATTERN or PATTERN=NAME/);
    assert.match(refusals(attributeRule(), '=a'), /expected a name, a glob/);
    assert.match(refusals(attributeRule(), '/(/=a'), /missing closing \)/);
    assert.match(refusals(attributeRule(), '/(a)/=$2'), /^\$2 is not there: the pattern has 1 group$/);
    assert.match(refusals(attributeRule(), 'a*=$1'), /^\$1 is not there: the pattern has 0 groups$/);
    assert.match(
      problemsOf({ flags: { 'env-attribute': 'a[' } })[0] ?? '',
      /^--env-attribute "a\[": \[ without/,
    );
    assert.match(problemsOf({ flags: { preset: 'none,oci' } })[0] ?? '', /none excludes every preset/);
    assert.match(
      problemsOf({ flags: { preset: 'kompose' } })[0] ?? '',
      /expected one of compose, swarm, .*none/,
    );
  });

  test('names by itself whatever is literal', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9._-]{1,20}$/), (key) => {
        assert.equal(compileAttributeRule(key, 'p.').nameFor(key), `p.${key}`);
      }),
    );
  });
});

test('one text holds several rules; commas in braces and expressions separate nothing', () => {
  assert.deepEqual(splitPatterns('a, b=c ,,{d,{e,f}}*=g'), ['a', 'b=c', '{d,{e,f}}*=g']);
  assert.deepEqual(splitPatterns('/^a{1,2}\\/,?$/=x.$1,/b/c,d/,e'), ['/^a{1,2}\\/,?$/=x.$1', '/b/c,d/', 'e']);
  assert.deepEqual(splitPatterns('\\{a,b}'), ['\\{a', 'b}']);
  const { config } = load({ file: 'label_attribute: ["{a,b}*", "c=d"]\nenv_point_attribute: A=b,C\n' });
  assert.deepEqual(
    [config.labelAttribute, config.envPointAttribute],
    [
      ['{a,b}*', 'c=d'],
      ['A=b', 'C'],
    ],
  );
});
