import { globSync } from 'node:fs';
import { parseSync, visitorKeys } from 'oxc-parser';
import { rooms } from './layers.ts';

/** A value that a module keeps and that can change. */
export interface ModuleState {
  readonly file: string;
  /** First line is 1. */
  readonly line: number;
  readonly name: string;
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly [key: string]: unknown;
}

const readonlyTypes = /^(?:Readonly|ReadonlyArray|ReadonlyMap|ReadonlySet)$/;

/**
 * What can change in a module of its own: `let`; a collection that is not typed as readonly; another object of a class;
 * and the same in a function that returns a function which uses it.
 */
export function moduleState(file: string, text: string): readonly ModuleState[] {
  const { program, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`);
  const root: unknown = program;
  if (!isNode(root)) return [];
  const found = [...variablesOf(childrenOf(root, 'body')), ...[...within(root)].flatMap(enclosedIn)];
  return found.map(({ name, start }) => ({ file, line: text.slice(0, start).split('\n').length, name }));
}

/** Every module of the rooms that are pure, which therefore keep nothing. */
export function pureModules(repository: string): readonly string[] {
  const pure = rooms.flatMap(({ name, isPure }) => (isPure ? [`src/${name}/**/*.ts`] : []));
  return globSync(pure, { cwd: repository }).toSorted();
}

interface Variable {
  readonly name: string;
  readonly start: number;
}

/** Variables of a block that can change or whose value can. */
function variablesOf(statements: readonly Node[]): readonly Variable[] {
  return statements.flatMap((statement) => {
    const declaration = statement.type === 'ExportNamedDeclaration' ? statement['declaration'] : statement;
    if (!isNode(declaration) || declaration.type !== 'VariableDeclaration') return [];
    const isVariable = declaration['kind'] !== 'const';
    return childrenOf(declaration, 'declarations').flatMap(({ id, init }) => {
      if (!isNode(id) || !(isVariable || canChange(id, init))) return [];
      return [{ name: String(id['name']), start: id.start }];
    });
  });
}

function canChange(id: Node, init: unknown): boolean {
  const annotation = isNode(id['typeAnnotation']) ? id['typeAnnotation']['typeAnnotation'] : undefined;
  const value = bare(init);
  if (isNode(annotation)) return value !== undefined && isMutableType(annotation) && isObject(value);
  if (value?.type === 'ArrayExpression') return childrenOf(value, 'elements').length === 0;
  return value?.type === 'NewExpression';
}

/** A value without `as const`, `satisfies` and the like. */
function bare(value: unknown): Node | undefined {
  if (!isNode(value)) return undefined;
  return value.type.startsWith('TS') ? bare(value['expression']) : value;
}

function isObject({ type }: Node): boolean {
  return type === 'NewExpression' || type === 'ArrayExpression';
}

function isMutableType(annotation: Node): boolean {
  if (annotation.type === 'TSTypeOperator') return annotation['operator'] !== 'readonly';
  if (annotation.type !== 'TSTypeReference') return true;
  const { typeName } = annotation;
  return !(isNode(typeName) && readonlyTypes.test(String(typeName['name'])));
}

/** What a function keeps for the function that it returns. */
function enclosedIn(node: Node): readonly Variable[] {
  if (!/Function/.test(node.type) || !isNode(node['body'])) return [];
  const statements = childrenOf(node['body'], 'body');
  const returned = statements
    .flatMap((each) => (each.type === 'ReturnStatement' ? [bare(each['argument'])] : []))
    .filter((each) => each !== undefined)
    .filter(({ type }) => /Function/.test(type));
  const used = new Set(returned.flatMap((each) => [...within(each)].map((below) => below['name'])));
  return variablesOf(statements).filter(({ name }) => used.has(name));
}

/** A node and all below it. */
function* within(node: Node): Generator<Node> {
  yield node;
  for (const key of visitorKeys[node.type] ?? [])
    for (const child of childrenOf(node, key)) yield* within(child);
}

function childrenOf(node: Node, key: string): readonly Node[] {
  return [node[key]].flat().filter(isNode);
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}
