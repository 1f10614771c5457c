import fc from 'fast-check';
import type { ContainerAnswers } from './observed.ts';

/** A path in a JSON value; empty for the value itself. */
export type Path = readonly string[];

/** One fault in a response. */
export interface Mutation {
  readonly answer: 'stats' | 'inspect';
  readonly path: Path;
  /** The new value at the path; `gone` removes the key. */
  readonly to: unknown;
}

/** Removes a key. */
export const gone = Symbol('gone');

/** Values that no runtime should send. */
const nonsense: readonly unknown[] = [
  gone,
  null,
  -1,
  -9_223_372_036_854_775_808n,
  1.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  1e300,
  2n ** 64n - 1n,
  2n ** 70n,
  '',
  'NaN',
  '12',
  true,
  [],
  {},
  [null],
  { toString: null },
];

/** True when a runtime's value can mean none or no limit; for an object, by its missing keys. */
export function saysNone(to: unknown): boolean {
  if (typeof to === 'number' || typeof to === 'bigint') return to < 0;
  if (Array.isArray(to)) return to.length === 0;
  return to === gone || typeof to === 'object';
}

/** Every path in a JSON value, objects and lists themselves too. */
export function pathsIn(json: unknown): Path[] {
  if (typeof json !== 'object' || json === null) return [[]];
  const below = Object.entries(json).flatMap(([key, value]) => pathsIn(value).map((path) => [key, ...path]));
  return [[], ...below];
}

/** A copy with another value at one place. */
function mutated(json: unknown, [key, ...rest]: Path, to: unknown): unknown {
  if (key === undefined) return to;
  if (Array.isArray(json)) {
    const items: unknown[] = json;
    return items.flatMap((item, index) => {
      if (String(index) !== key) return [item];
      return rest.length === 0 && to === gone ? [] : [mutated(item, rest, to)];
    });
  }
  if (typeof json !== 'object' || json === null) return json;
  const entries = Object.entries(json).flatMap(([name, value]): [string, unknown][] => {
    if (name !== key) return [[name, value]];
    return rest.length === 0 && to === gone ? [] : [[name, mutated(value, rest, to)]];
  });
  return Object.fromEntries(entries);
}

/** One or two mutations of a pair of responses, never of a whole response. */
export function mutationsOf(
  answers: Readonly<Record<Mutation['answer'], unknown>>,
): fc.Arbitrary<Mutation[]> {
  const places = (['stats', 'inspect'] as const).flatMap((answer) =>
    pathsIn(answers[answer])
      .filter((path) => path.length > 0)
      .map((path) => ({ answer, path })),
  );
  const one = fc
    .tuple(fc.constantFrom(...places), fc.constantFrom(...nonsense))
    .map(([place, to]) => ({ ...place, to }));
  return fc.array(one, { minLength: 1, maxLength: 2 });
}

/** True when a mutation changes the value at that path: at it, above it or below it. */
export function touches({ answer, path }: Mutation, input: string): boolean {
  const [of, ...keys] = input.split('/');
  return of === answer && keys.every((key, index) => index >= path.length || path[index] === key);
}

/** A container's responses with these faults. */
export function afterMutations(answers: ContainerAnswers, mutations: readonly Mutation[]): ContainerAnswers {
  return mutations.reduce(
    (changed, { answer, path, to }) => ({ ...changed, [answer]: mutated(changed[answer], path, to) }),
    answers,
  );
}
