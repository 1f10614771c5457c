import * as z from 'zod';
import { didYouMean } from '../messages.ts';
import { compilePattern, isExpression, isGlob, cutAtEquals } from './pattern.ts';
import type { Matcher } from './pattern.ts';

/** The properties of a listed container that rules compare. */
export interface Selectable {
  readonly name: string;
  /** As its user typed it, or an id where the runtime has no more. */
  readonly image?: string;
  readonly status?: string;
  readonly labels?: Readonly<Record<string, unknown>>;
}

const kinds = ['name', 'image', 'label', 'state'] as const;

/** The property that a rule compares. */
export type SelectionKind = (typeof kinds)[number];

/** A rule of `--include` or `--exclude`, compiled. */
export interface SelectionRule {
  readonly kind: SelectionKind;
  matches(container: Selectable): boolean;
}

/** The words that runtimes have for states. */
const states = ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead'];

const expected =
  'expected name=PATTERN, image=PATTERN, label=KEY, label=KEY=PATTERN or state=PATTERN, a PATTERN being a name, ' +
  'a glob such as web-*, or a regular expression such as /^web-/';

/** A rule as text: see {@link compileRule}. */
export function selectionRule(): z.ZodType<string> {
  return z.string({ error: expected }).superRefine((text, context) => {
    try {
      compileRule(text);
    } catch (error) {
      context.addIssue(error instanceof Error ? error.message : String(error));
    }
  });
}

/** Rules in one text: a comma separates them where another rule begins behind it. */
export function splitRules(text: string): string[] {
  return text
    .split(/,(?=\s*(?:name|image|label|state)\s*=)/)
    .map((rule) => rule.trim())
    .filter((rule) => rule !== '');
}

/** Compiles `KIND=PATTERN`. Throws an Error that describes the mistake. */
export function compileRule(text: string): SelectionRule {
  const equals = text.indexOf('=');
  const word = text.slice(0, Math.max(0, equals)).trim();
  const kind = kinds.find((each) => each === word);
  const pattern = text.slice(equals + 1).trim();
  if (kind === undefined) throw new Error(`${expected}${word === '' ? '' : didYouMean(word, kinds)}`);
  if (pattern === '') throw new Error(expected);
  return { kind, matches: compilers[kind](pattern) };
}

type Compiled = SelectionRule['matches'];

const compilers: Readonly<Record<SelectionKind, (pattern: string) => Compiled>> = {
  name: (pattern) => {
    const matches = compilePattern(pattern);
    return ({ name }) => matches(name);
  },
  image: (pattern) => {
    const matches = compilePattern(pattern);
    return ({ image }) => image !== undefined && (matches(image) || matches(nameOfImage(image)));
  },
  label: labelMatches,
  state: (pattern) => {
    if (!isExpression(pattern) && !isGlob(pattern) && !states.includes(pattern))
      throw new Error(`expected a state: ${states.join(', ')}${didYouMean(pattern, states)}`);
    const matches = compilePattern(pattern);
    return ({ status }) => status !== undefined && matches(status);
  },
};

/** Without tag and digest; a colon before a slash is that of a registry's port. */
function nameOfImage(image: string): string {
  return image.replace(/@.*$/s, '').replace(/:[^:/]*$/, '');
}

/** Both the key and the value may be patterns; without a value any will do. */
function labelMatches(pattern: string): Compiled {
  const [key, value] = cutAtEquals(pattern);
  const isValue = value === undefined ? () => true : compilePattern(value);
  if (isExpression(key) || isGlob(key)) return anyLabelMatches(compilePattern(key), isValue);
  return ({ labels = {} }) => Object.hasOwn(labels, key) && isText(labels[key], isValue);
}

function anyLabelMatches(isKey: Matcher, isValue: Matcher): Compiled {
  return ({ labels = {} }) => Object.keys(labels).some((key) => isKey(key) && isText(labels[key], isValue));
}

function isText(value: unknown, matches: Matcher): boolean {
  return typeof value === 'string' && matches(value);
}
