import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { selectionOf } from '../../../src/agent/containers.ts';
import { compileRule } from '../../../src/config/types/selection-rule.ts';
import type { Selectable } from '../../../src/config/types/selection-rule.ts';
import { load, problemsOf } from '../../support/fakes/load.ts';

const web: Selectable = {
  name: 'web-1',
  image: 'registry.local:5000/shop/web:2.1',
  status: 'running',
  labels: { env: 'dev', 'com.example.team': 'a=b', empty: '' },
};

const rules: readonly [rule: string, matches: boolean][] = [
  ['name=web-1', true],
  ['name=web', false],
  ['name=web-*', true],
  ['name={web,db}-[0-9]', true],
  ['name=/eb/', true],
  ['name = web-1', true],
  ['image=registry.local:5000/shop/web:2.1', true],
  ['image=registry.local:5000/shop/web', true],
  ['image=registry.local', false],
  ['image=*/shop/*', true],
  ['image=/^registry\\.local/', true],
  ['image=/:2\\.1$/', true],
  ['label=env', true],
  ['label=env=dev', true],
  ['label=env=d*', true],
  ['label=env=/^(dev|test)$/', true],
  ['label=env=', false],
  ['label=empty=', true],
  ['label=empty', true],
  ['label=toString', false],
  ['label=com.example.team=a=b', true],
  ['label=com.example.*', true],
  ['label=com.example.*=c', false],
  ['label=/^com\\..*=?team$/=/^a/', true],
  ['state=running', true],
  ['state=/^(exited|dead)$/', false],
  ['state=r*', true],
];

describe('a rule', () => {
  for (const [rule, matches] of rules)
    test(`${rule} ${matches ? 'matches' : 'does not match'}`, () => {
      assert.equal(compileRule(rule).matches(web), matches);
    });

  test('finds nothing where the runtime gives nothing', () => {
    for (const rule of ['image=*', 'label=*', 'state=*'])
      assert.equal(compileRule(rule).matches({ name: 'web-1' }), false, rule);
    assert.equal(compileRule('label=a').matches({ name: 'x', labels: { a: 1 } }), false);
    assert.equal(compileRule('image=sha256').matches({ name: 'x', image: 'sha256:0a' }), true);
  });

  test('cannot make the matching last, whatever labels there are', () => {
    const labels = Object.fromEntries(
      Array.from({ length: 2000 }, (_, index) => [`k${index}`, 'a'.repeat(200)]),
    );
    const start = performance.now();
    assert.equal(compileRule('label=/(a+)+$/=/^(a+)+$x/').matches({ name: 'x', labels }), false);
    assert.equal(compileRule('label=*=/^(a+)+x$/').matches({ name: 'x', labels }), false);
    assert.ok(performance.now() - start < 5000);
  });

  test('that is wrong is refused with what was expected', () => {
    const [nam, image, state, label, regex] = problemsOf({
      flags: { include: ['nam=x', 'image=', 'state=runing', 'label=/(/', 'name=/(?=a)/'] },
    }).flatMap((problem) => problem.split('; '));
    for (const part of [nam, image, state, label, regex]) assert.ok(part);
    const [whole = ''] = problemsOf({ flags: { exclude: 'nam=x' } });
    assert.match(
      whole,
      /^--exclude "nam=x": expected name=PATTERN, image=.*\/\^web-\/; did you mean name\?$/,
    );
    const [ofState = ''] = problemsOf({ environment: { TIDEGAUGE_EXCLUDE: 'state=runing' } });
    assert.match(
      ofState,
      /^TIDEGAUGE_EXCLUDE "state=runing": expected a state: created, running, .*did you mean running/,
    );
    const [bare = ''] = problemsOf({ file: 'include: web\n' });
    assert.match(bare, /^t.yaml:1: include "web": expected name=PATTERN/);
  });
});

function selects(flags: Readonly<Record<string, unknown>>, container: Partial<Selectable> = {}): boolean {
  return selectionOf(load({ flags }).config).selects({ ...web, ...container });
}

test('without rules everything is measured, whatever its state', () => {
  for (const status of ['running', 'exited', 'created', undefined])
    assert.equal(selects({}, status === undefined ? { labels: {} } : { status }), true);
});

test('what is excluded is out, also where it is included', () => {
  assert.equal(selects({ include: 'name=web-*' }), true);
  assert.equal(selects({ include: 'name=db-*' }), false);
  assert.equal(selects({ include: 'name=web-*', exclude: 'label=env=dev' }), false);
  assert.equal(selects({ exclude: ['name=x', 'state=exited'] }), true);
  assert.equal(selects({ exclude: ['name=x', 'state=exited'] }, { status: 'exited' }), false);
});

test('one include of each kind must match', () => {
  assert.equal(selects({ include: ['name=db-*', 'name=web-*'] }), true);
  assert.equal(selects({ include: 'name=web-*,label=env=prod' }), false);
  assert.equal(selects({ include: 'name=web-*,label=env=prod,label=env=dev' }), true);
});

test('a container opts out and in by its label', () => {
  const labelled = (value: unknown) => ({ labels: { 'tidegauge.enable': value } });
  assert.equal(selects({}, labelled('false')), false);
  assert.equal(selects({ include: 'name=web-*' }, labelled(' False ')), false);
  assert.equal(selects({}, labelled('no')), true);
  const optIn = { 'enable-by-default': 'false' };
  assert.equal(selects(optIn), false);
  assert.equal(selects(optIn, labelled(1)), false);
  assert.equal(selects(optIn, labelled('true')), true);
  assert.equal(selects({ ...optIn, exclude: 'name=web-*' }, labelled('true')), false);
});

test('stopped containers can be left out; those that restart are not stopped', () => {
  const running = { 'stopped-containers': 'false' };
  for (const status of ['running', 'paused', 'restarting']) assert.equal(selects(running, { status }), true);
  for (const status of ['created', 'exited', 'dead', 'removing'])
    assert.equal(selects(running, { status }), false);
  assert.equal(selectionOf(load({ flags: running }).config).selects({ name: 'x' }), true);
});

for (const [items, excluded, kept] of [
  [['nginx'], ['nginx'], ['nginx:1', 'redis']],
  [['*nginx*'], ['my-nginx:1', 'nginx'], ['redis']],
  [['/^ng/'], ['nginx:1'], ['my-nginx']],
  [['!/^ng/'], ['redis'], ['nginx']],
  [['!ng*'], ['redis'], ['nginx']],
  // One negated name excludes all the others, whatever else there is.
  [['!nginx', 'redis*'], ['redis', 'busybox'], ['nginx']],
  // A name decides before any expression.
  [['!nginx:1', '/nginx/'], ['nginx'], ['nginx:1']],
  [[], [], ['nginx']],
] as const) {
  test(`excluded_images ${JSON.stringify(items)} of a pasted block exclude as the receiver does`, () => {
    const file = `docker_stats: { excluded_images: ${JSON.stringify(items)} }`;
    for (const profile of ['docker_stats', 'docker_stats,semconv', 'semconv']) {
      const selection = selectionOf(load({ file, flags: { profile } }).config);
      assert.equal(selection.asksForImage, items.length > 0);
      assert.deepEqual(
        [...excluded, ...kept].filter((image) => selection.selects({ name: 'web', image })),
        kept,
      );
    }
  });
}

test('excluded_images and --exclude both hold', () => {
  const file = 'docker_stats: { excluded_images: [nginx] }\nexclude: [name=db]';
  const selection = selectionOf(load({ file }).config);
  const selected = [
    { name: 'web', image: 'nginx' },
    { name: 'db', image: 'redis' },
    { name: 'cache', image: 'redis' },
  ].filter((each) => selection.selects(each));
  assert.deepEqual(
    selected.map(({ name }) => name),
    ['cache'],
  );
});

test('in the file rules are lists, in one text they are separated where another rule begins', () => {
  const { config } = load({
    file: 'include:\n  - name=/^web{1,2}$/\n  - label=a,b\nexclude: [state=exited]\n',
  });
  assert.deepEqual(config.include, ['name=/^web{1,2}$/', 'label=a,b']);
  assert.deepEqual(config.exclude, ['state=exited']);
  const { include } = load({ environment: { TIDEGAUGE_INCLUDE: 'name=/^a{1,2}$/, image={x,y}*' } }).config;
  assert.deepEqual(include, ['name=/^a{1,2}$/', 'image={x,y}*']);
});

test('whatever a label is, selecting answers', () => {
  const selection = selectionOf(load({ flags: { include: ['label=*=/x/', 'name=*'] } }).config);
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.dictionary(fc.string(), fc.anything()), (name, labels) => {
      assert.equal(typeof selection.selects({ name, labels }), 'boolean');
    }),
  );
});
