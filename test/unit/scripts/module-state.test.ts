import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { moduleState, pureModules } from '../../../scripts/module-state.ts';

const repository = join(import.meta.dirname, '../../..');

function found(text: string): readonly string[] {
  return moduleState('src/metrics/planted.ts', text).map(({ line, name }) => `${line} ${name}`);
}

test('modules of the pure rooms keep nothing', () => {
  const modules = pureModules(repository);
  for (const room of ['metrics/cadvisor', 'attributes', 'model'])
    assert.ok(
      modules.some((file) => file.startsWith(`src/${room}/`)),
      room,
    );
  const kept = modules.flatMap((file) => moduleState(file, readFileSync(join(repository, file), 'utf8')));
  assert.deepEqual(kept, []);
});

const planted: readonly (readonly [kind: string, text: string, name: string])[] = [
  ['a variable', 'let last = 0;', 'last'],
  ['an exported variable', 'export let last: number | undefined;', 'last'],
  ['a map', 'const known = new Map<string, number>();', 'known'],
  ['a map typed as one', 'const known: Map<string, number> = new Map();', 'known'],
  ['a weak map', 'const known = new WeakMap<object, string>();', 'known'],
  ['a set', "export const names = new Set(['a']);", 'names'],
  ['a list that is filled', 'const known: Attributes[] = [];', 'known'],
  ['a list without a type', 'const known = [];', 'known'],
  ['an object of a class', 'const cache = new AttributeCache();', 'cache'],
  [
    'what a returned function remembers',
    'function f() { const known = new Map<string, string>(); return (key: string) => known.get(key); }',
    'known',
  ],
  ['what a returned function counts', 'const f = () => { let n = 0; return () => (n += 1); };', 'n'],
];

for (const [kind, text, name] of planted) {
  test(`state of a module is found: ${kind}`, () => {
    assert.deepEqual(found(`// Before it.\n${text}`), [`2 ${name}`]);
  });
}

test('tables and the variables of a call are no state', () => {
  const text = `
    const words: ReadonlyMap<string, string> = new Map([['a', 'b']]);
    const names: ReadonlySet<string> = new Set(['a']);
    const list: readonly string[] = [];
    const both = ['a', 'b'] as const;
    const options: ReadonlyArray<string> = [];
    export function count(values: readonly number[]): number {
      let sum = 0;
      const seen = new Set<number>();
      for (const value of values) if (!seen.has(value)) sum += value;
      return sum;
    }
    const observing = (limit: number) => (values: readonly number[]) => {
      const groups = new Map<number, number>();
      values.forEach((value) => groups.set(value, limit));
      return groups;
    };
  `;
  assert.deepEqual(found(text), []);
});
