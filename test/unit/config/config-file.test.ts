import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfigFile } from '../../../src/config/config-file.ts';

const keys = ['interval', 'docker_url', 'otlp_headers', 'demo'];
const parse = (text: string) => parseConfigFile('t.yaml', text, keys);

test('keys keep their spelling in names, and dashes stand for underscores', () => {
  const { entries, problems } = parse(
    '# a comment\ninterval: 10s\n\ndocker-url:\n  - unix:///a\n  - unix:///b\n',
  );
  assert.deepEqual(problems, []);
  assert.deepEqual(entries.get('interval'), { name: 't.yaml:2: interval', value: '10s' });
  assert.deepEqual(entries.get('docker_url'), {
    name: 't.yaml:4: docker-url',
    value: ['unix:///a', 'unix:///b'],
  });
});

test('an empty file and an empty value give nothing', () => {
  for (const text of ['', '# only a comment\n', '---\n', 'interval:\n', 'interval: ~\n']) {
    const { entries, problems } = parse(text);
    assert.deepEqual(problems, []);
    assert.equal(entries.get('interval')?.value, undefined);
  }
});

const bad: readonly (readonly [string, readonly RegExp[]])[] = [
  [
    'intervall: 1s\nfoo: 2',
    [/^t\.yaml:1: intervall: unknown setting; did you mean interval\?$/, /^t\.yaml:2: foo: unknown setting$/],
  ],
  ['docker_url: a\ndocker-url: b', [/^t\.yaml:2: docker-url: given twice$/]],
  ['demo: true\ninterval: "10s', [/^t\.yaml:2: Missing closing "quote/]],
  ['a: b: c', [/^t\.yaml:1: Nested mappings/]],
  ['interval: 1\ninterval: 2', [/^t\.yaml:2: Map keys must be unique/]],
  ['- interval', [/^t\.yaml: expected a map such as "interval: 10s"$/]],
  ['interval', [/^t\.yaml: expected a map/]],
  ['interval: *nowhere', [/^t\.yaml:1: interval: Unresolved alias/]],
  ['interval: !!js/function x', [/^t\.yaml:1: Unresolved tag/]],
  ['demo: 1\n---\ninterval: 2', [/^t\.yaml:\d: Source contains multiple documents/]],
  ['? [a, b]\n: 1', [/^t\.yaml:1: .*unknown setting$/]],
  ['"\\u0000": 1', [/unknown setting$/]],
];

for (const [text, messages] of bad) {
  test(`refused: ${JSON.stringify(text)}`, () => {
    const { problems } = parse(text);
    assert.equal(problems.length, messages.length, problems.join('\n'));
    messages.forEach((message, index) => assert.match(problems[index] ?? '', message));
  });
}

test('an alias that expands without end is refused by name', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'];
  const lines = names.map((name, index) => {
    const before = index === 0 ? 'x' : `*${names[index - 1]}`;
    return `demo_${name}: &${name} [${before}, ${before}, ${before}, ${before}]`;
  });
  const demos = names.map((name) => `demo_${name}`);
  const { problems } = parseConfigFile('t.yaml', lines.join('\n'), demos);
  assert.match(problems.join('\n'), /^t\.yaml:\d: demo_.: Excessive alias count/m);
});

test('an error never quotes the line, which may hold a secret', () => {
  const { problems } = parse('otlp_headers:\n  auth: "hunter2\n  x: [\n');
  assert.ok(problems.length > 0);
  assert.doesNotMatch(problems.join('\n'), /hunter2/);
});
