import { RE2JS, RE2JSException } from 're2js';
import * as z from 'zod';

/** True for a text that a pattern matches. */
export type Matcher = (text: string) => boolean;

/** Long enough for any name; a list of thousands of names is a list of patterns. */
const longest = 1000;

/**
 * A literal (`nginx`), a glob (`*nginx*`, `web-[0-9]`, `{a,b}`), or a regular expression between slashes
 * (`/^web-\d+$/`, anywhere in the text unless anchored; RE2's syntax). Matching takes time in proportion to the
 * text for any pattern: none can backtrack. Throws an Error that describes the mistake in the pattern.
 */
export function compilePattern(pattern: string): Matcher {
  if (pattern.length > longest) throw new Error(`expected at most ${longest} characters`);
  if (isExpression(pattern)) {
    const expression = compile(pattern.slice(1, -1));
    return (text) => expression.test(text);
  }
  if (!isGlob(pattern)) return (text) => text === pattern;
  const expression = compile(globExpression(pattern));
  return (text) => expression.testExact(text);
}

/** A pattern as text: see {@link compilePattern}. */
export function pattern(): z.ZodType<string> {
  const expected = 'expected a name, a glob such as web-*, or a regular expression such as /^web-/';
  return z
    .string({ error: expected })
    .min(1, { error: expected })
    .superRefine((text, context) => {
      try {
        compilePattern(text);
      } catch (error) {
        context.addIssue(error instanceof Error ? error.message : String(error));
      }
    });
}

/** True when a pattern is a regular expression between slashes. */
export function isExpression(pattern: string): boolean {
  return pattern.length > 2 && pattern.startsWith('/') && pattern.endsWith('/');
}

/** True when a pattern that is no expression matches more than its own text. */
export function isGlob(pattern: string): boolean {
  return /[*?[\]{}\\]/.test(pattern);
}

function compile(source: string): RE2JS {
  try {
    return RE2JS.compile(source);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    throw new Error(error.message.replace('error parsing regexp: ', ''), { cause: error });
  }
}

/** Letters that mean something in a regular expression. */
const special = /[\\^$.|?*+()[\]{}]/;

/** A class of a glob in brackets. */
const classes = /^\[(!?)((?:\\.|[^\]\\])+)\]/s;

/**
 * A glob as the source of a regular expression for a whole text. `*` is any text, slashes too, `?` one character,
 * `[a-z]` and `[!a-z]` one of a class or none of it, `{a,b}` one of several globs; a backslash takes the next
 * character literally. Throws an Error that describes the mistake in the glob.
 */
function globExpression(glob: string): string {
  let source = '(?s)';
  let depth = 0;
  let rest = glob;
  while (rest !== '') {
    const { text, length, opens = 0 } = nextPart(rest, depth);
    source += text;
    depth += opens;
    rest = rest.slice(length);
  }
  if (depth > 0) throw new Error('{ without its }');
  return source;
}

interface Part {
  readonly text: string;
  /** Characters of the glob that it stands for. */
  readonly length: number;
  /** Braces opened, or closed when negative. */
  readonly opens?: number;
}

function nextPart(rest: string, depth: number): Part {
  switch (rest.charAt(0)) {
    case '*':
      return { text: '.*', length: 1 };
    case '?':
      return { text: '.', length: 1 };
    case '[':
      return classPart(rest);
    case ']':
      throw new Error('] without its [');
    case '{':
      return { text: '(?:', length: 1, opens: 1 };
    case '}':
      return closingPart(depth);
    case ',':
      return { text: depth > 0 ? '|' : ',', length: 1 };
    case '\\':
      return escapedPart(rest);
    default:
      return literalPart(rest, 0);
  }
}

function closingPart(depth: number): Part {
  if (depth === 0) throw new Error('} without its {');
  return { text: ')', length: 1, opens: -1 };
}

function classPart(rest: string): Part {
  const [whole, negation, members] = classes.exec(rest) ?? [];
  if (whole === undefined || members === undefined) throw new Error('[ without its ]');
  const escaped = members.replaceAll(/\\.|[\\^[]/gs, (each) => `\\${each.slice(-1)}`);
  return { text: `[${negation ? '^' : ''}${escaped}]`, length: whole.length };
}

function escapedPart(rest: string): Part {
  if (rest.length === 1) throw new Error('\\ without a character after it');
  return literalPart(rest, 1);
}

/** The whole character, be it of two UTF-16 units. */
function literalPart(rest: string, start: number): Part {
  const character = String.fromCodePoint(rest.codePointAt(start) ?? 0);
  return {
    text: special.test(character) ? `\\${character}` : character,
    length: start + character.length,
  };
}

/** End of an expression between slashes: a slash before `=`, a comma or the end. */
const expression = /^\s*\/(?:\\.|[^\\])+?\/(?=\s*(?:=|,|$))/s;

/**
 * Splits a list of patterns at its commas, except in braces and in an expression between slashes that begins an
 * item.
 * `/^a{1,2}/=b, {c,d}*` is two.
 */
export function splitPatterns(text: string): string[] {
  const items: string[] = [];
  for (let rest = text; rest !== '';) {
    const start = expression.exec(rest)?.[0].length ?? 0;
    const end = commaOutsideBraces(rest, start);
    items.push(rest.slice(0, end).trim());
    rest = rest.slice(end + 1);
  }
  return items.filter((item) => item !== '');
}

/** The first part of `PATTERN=REST`, and the rest where there is one: an expression may hold `=` itself. */
export function cutAtEquals(text: string): [pattern: string, rest: string | undefined] {
  const start = expression.exec(text)?.[0].length ?? 0;
  const equals = text.indexOf('=', start);
  return equals < 0
    ? [text.trim(), undefined]
    : [text.slice(0, equals).trim(), text.slice(equals + 1).trim()];
}

function commaOutsideBraces(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const character = text[at];
    if (character === '\\') at += 1;
    else if (character === '{') depth += 1;
    else if (character === '}') depth -= 1;
    else if (character === ',' && depth <= 0) return at;
  }
  return text.length;
}
