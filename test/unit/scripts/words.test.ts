import assert from 'node:assert/strict';
import { test } from 'node:test';
import { badNames, badProse } from '../../../scripts/words.ts';

function found(text: string, file = 'src/metrics/catalogue.ts'): readonly string[] {
  return badNames(file, text).map(({ line, name }) => `${line} ${name}`);
}

const planted: readonly (readonly [kind: string, text: string, name: string])[] = [
  ['a variable', 'const heardEvents = 1;', 'heardEvents'],
  ['a constant', 'const PATIENCE_MILLIS = 1;', 'PATIENCE_MILLIS'],
  ['a function', 'export function knock(): void {}', 'knock'],
  ['a parameter', 'function f(figure: number): void {}', 'figure'],
  ['a parameter with a default', 'const f = (look = 1) => 1;', 'look'],
  ['a rest parameter', 'const f = (...told: number[]) => 1;', 'told'],
  ['a parameter of a type', 'type F = (engine: string) => void;', 'engine'],
  ['a renamed property', 'const { value: figure } = point;', 'figure'],
  ['an item of a list', 'const [most, other] = list;', 'most'],
  ['a caught error', 'try { f(); } catch (doubt) { g(); }', 'doubt'],
  ['a class', 'class Surroundings {}', 'Surroundings'],
  ['a private field', 'class A { readonly #told = 1; }', 'told'],
  ['a method', 'class A { tell(): void {} }', 'tell'],
  ['an accessor', 'class A { get leastMillis(): number { return 1; } }', 'leastMillis'],
  ['an interface', 'interface Sayings {}', 'Sayings'],
  ['a property', 'interface A { readonly patient: boolean }', 'patient'],
  ['a type', 'type EngineVersion = string;', 'EngineVersion'],
  ['a renamed import', "import { value as figure } from './value.ts';", 'figure'],
];

for (const [kind, text, name] of planted) {
  test(`a banned word is found in ${kind}`, () => {
    assert.deepEqual(found(`// Before it.\n${text}`), [`2 ${name}`]);
  });
}

test('a banned word is found in the name of a file', () => {
  assert.deepEqual(found('', 'src/tracker/heard-events.ts'), ['0 heard-events']);
  assert.deepEqual(found('', 'test/unit/tracker/event-doubt.test.ts'), ['0 event-doubt.test']);
});

test('a word within another word, a use and a text are no names', () => {
  const text = `
    import { look } from 'elsewhere';
    const lookup = 1;
    const engineered = { figure: lookup, [look]: 'told' };
    const { told } = engineered;
    told.knock(look);
  `;
  assert.deepEqual(found(text), []);
});

test('an answer is a response in the agent, and what the simulator gives', () => {
  const text = 'interface AnswerPair {}';
  assert.deepEqual(found(text, 'src/audit/pairs.ts'), ['1 AnswerPair']);
  for (const file of ['src/simulator/answers/list.ts', 'test/support/fakes/scripted-container.ts'])
    assert.deepEqual(found(text, file), [], file);
});

test('an engine is one where Docker Engine is meant, a runtime everywhere else', () => {
  const text = 'const engine = 1;';
  for (const file of ['src/sources/docker/list.ts', 'src/simulator/start.ts', 'test/support/real/scene.ts'])
    assert.deepEqual(found(text, file), [], file);
  for (const file of [
    'src/sources/json.ts',
    'src/tracker/selection.ts',
    'test/unit/tracker/selection.test.ts',
  ])
    assert.deepEqual(found(text, file), ['1 engine'], file);
  assert.deepEqual(found('const simulatedEngine = 1;'), []);
});

test('a banned word is found in comments, messages and pages', () => {
  const text = "// Before it.\n/** What the list told. */\nconst x = 'Heard of it';";
  const words = badProse('src/a.ts', text).map(({ line, name }) => `${line} ${name}`);
  assert.deepEqual(words, ['2 told', '3 Heard']);
  assert.deepEqual(badProse('docs/a.md', 'a teller, undoubtedly, in retold tales'), []);
});
