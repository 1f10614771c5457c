import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseSync, visitorKeys } from 'oxc-parser';

/** A word that no file and no declared name may carry, and what to say in its place. */
interface BannedWord {
  readonly word: RegExp;
  readonly instead: string;
  /** Files in which it is the right word. */
  readonly allowedIn?: RegExp;
  /** Names in which it is the right word. */
  readonly allowedAs?: RegExp;
}

/** A name that carries a banned word. */
export interface BadName {
  readonly file: string;
  /** First line is 1; 0 stands for the name of the file itself. */
  readonly line: number;
  readonly name: string;
  readonly instead: string;
}

/** Words are those of a name in camelCase, SCREAMING_CASE or kebab-case, in lower case. */
const bannedWords: readonly BannedWord[] = [
  { word: /^(?:hear|hears|heard|unheard)$/, instead: 'received, an event or a response' },
  { word: /^(?:tell|tells|told|telling)$/, instead: 'send, report, apply or response' },
  { word: /^(?:look|looks|looked|looking)$/, instead: 'read, inspect or reconcile' },
  { word: /^doubt(?:s|ed|ful)?$/, instead: 'invalidate or stale' },
  { word: /^knock(?:s|ed)?$/, instead: 'check or request' },
  { word: /^(?:patient|patience)$/, instead: 'timeout or session' },
  { word: /^surroundings?$/, instead: 'dependencies or context' },
  { word: /^sayings?$/, instead: 'message' },
  {
    word: /^figures?$/,
    instead: 'metric or value',
    // Reports, logs and attributes of audits have the word.
    allowedIn: /^src\/(?:audit\/(?:compare|auditor)|cli\/commands\/verify)\.ts$/,
  },
  {
    word: /^answers?$/,
    instead: 'response, an event or a result',
    // The simulator's rooms have the word, and tests what they recorded.
    allowedIn: /^src\/simulator\/|^(?!src\/)/,
  },
  { word: /^most$/, instead: 'max' },
  { word: /^(?:least|fewest)$/, instead: 'min' },
  {
    word: /^engines?$/,
    instead: 'runtime',
    // Docker Engine itself, real or imitated.
    allowedIn:
      /^(?:src|test\/(?:unit|integration))\/(?:sources\/docker|simulator)\/|^test\/(?:support\/(?:fakes|real)|faults)\//,
    allowedAs: /simulated-?engine/i,
  },
];

/** Every name in a file that carries a banned word: the file's own and those that it declares. */
export function badNames(file: string, text: string): readonly BadName[] {
  const names = [{ name: basename(file, '.ts'), at: undefined }, ...declaredNames(file, text)];
  return names.flatMap(({ name, at }) =>
    bannedWords
      .filter(({ word, allowedIn, allowedAs }) => {
        if (allowedIn?.test(file) || allowedAs?.test(name)) return false;
        return wordsOf(name).some((each) => word.test(each));
      })
      .map(({ instead }) => ({ file, line: at === undefined ? 0 : lineOf(text, at), name, instead })),
  );
}

/** Words that no comment, message or page has: data is not personified. */
const bannedProse =
  /\b(?:hears?|heard|unheard|tells?|told|telling|doubts?|doubted|knocks?|knocked|sayings?|surroundings?)\b/gi;

/** Every banned word in the text of a file, comments and messages included. */
export function badProse(file: string, text: string): readonly BadName[] {
  return [...text.matchAll(bannedProse)].map(({ 0: name, index }) => ({
    file,
    line: lineOf(text, index),
    name,
    instead: 'it by the word that Docker, Prometheus, OpenTelemetry or HTTP has',
  }));
}

function wordsOf(name: string): readonly string[] {
  return name
    .replaceAll(/(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, ' ')
    .toLowerCase()
    .split(/[^a-z]+/);
}

function lineOf(text: string, at: number): number {
  return text.slice(0, at).split('\n').length;
}

interface Declared {
  readonly name: string;
  /** Where it begins in the text. */
  readonly at: number;
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly [key: string]: unknown;
}

/** Where an identifier declares: the type of its parent and the parent's child that it is. */
const declaring = new Set(
  Object.entries({
    VariableDeclarator: ['id'],
    FunctionDeclaration: ['id', 'params'],
    FunctionExpression: ['id', 'params'],
    ArrowFunctionExpression: ['params'],
    TSFunctionType: ['params'],
    TSCallSignatureDeclaration: ['params'],
    TSMethodSignature: ['key', 'params'],
    TSPropertySignature: ['key'],
    TSMappedType: ['key'],
    TSTypeParameter: ['name'],
    TSNamedTupleMember: ['label'],
    TSInterfaceDeclaration: ['id'],
    TSTypeAliasDeclaration: ['id'],
    ClassDeclaration: ['id'],
    ClassExpression: ['id'],
    MethodDefinition: ['key'],
    PropertyDefinition: ['key'],
    ObjectPattern: ['value'],
    ArrayPattern: ['elements'],
    AssignmentPattern: ['left'],
    RestElement: ['argument'],
    CatchClause: ['param'],
    ImportSpecifier: ['local'],
    ImportNamespaceSpecifier: ['local'],
    ImportDefaultSpecifier: ['local'],
  }).flatMap(([parent, children]) => children.map((child) => `${parent}.${child}`)),
);

function declaredNames(file: string, text: string): readonly Declared[] {
  const { program, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`);
  return isNode(program) ? [...declaredIn(program, '')] : [];
}

/** The names that a node and those below it declare. */
function* declaredIn(node: Node, place: string): Generator<Declared> {
  const { type, name, start } = node;
  if (type.endsWith('Identifier') && typeof name === 'string' && declaring.has(place))
    yield { name, at: start };
  // A property is its object's or its pattern's.
  const parent = type === 'Property' ? place.split('.')[0] : type;
  for (const child of visitorKeys[type] ?? []) {
    const where = declaresNothing(node, child) ? '' : `${parent}.${child}`;
    for (const each of [node[child]].flat().filter(isNode)) yield* declaredIn(each, where);
  }
}

/** A key that is an expression, a property taken over and an import, both under their own names. */
function declaresNothing(node: Node, child: string): boolean {
  if (child === 'key' && node['computed'] === true) return true;
  if (child === 'value' && node['shorthand'] === true) return true;
  if (node.type !== 'ImportSpecifier') return false;
  const { imported, local } = node;
  return isNode(imported) && isNode(local) && imported.start === local.start;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}

if (import.meta.main) {
  const repository = join(import.meta.dirname, '..');
  const files = globSync('{src,scripts,test,bench}/**/*.ts', { cwd: repository }).toSorted();
  const texts = globSync(['{src,scripts,bench}/**/*.ts', '{docs,deploy}/**/*.{md,yaml,txt,tpl}', '*.md'], {
    cwd: repository,
    // These define the words, and speak to people.
    exclude: ['scripts/words.ts', 'CODE_OF_CONDUCT.md'],
  }).toSorted();
  const textOf = (file: string): string => readFileSync(join(repository, file), 'utf8');
  const found = [
    ...files.flatMap((file) => badNames(file, textOf(file))),
    ...texts.flatMap((file) => badProse(file, textOf(file))),
  ];
  for (const { file, line, name, instead } of found) {
    process.stderr.write(`${file}:${line}: ${name}: say ${instead}\n`);
  }
  if (found.length > 0) process.exitCode = 1;
}
