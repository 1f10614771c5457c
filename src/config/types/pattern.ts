import { RE2JS, RE2JSException } from 're2js';
import { z } from 'zod';
import { globExpression } from './glob.ts';

/** Whether a text is one of those that a pattern means. */
export type Matcher = (text: string) => boolean;

/** Long enough for any name; a list of thousands of names is a list of patterns. */
const longest = 1000;

/**
 * A literal (`nginx`), a glob (`*nginx*`, `web-[0-9]`, `{a,b}`), or a regular expression between slashes (`/^web-\d+$/`,
 * anywhere in the text unless anchored; RE2's syntax). Matching takes time in proportion to the text, whatever the
 * pattern: none can backtrack. Throws an Error that says what is wrong with the pattern.
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

/** Whether a pattern is a regular expression between slashes. */
export function isExpression(pattern: string): boolean {
  return pattern.length > 2 && pattern.startsWith('/') && pattern.endsWith('/');
}

/** Whether a pattern that is no expression means more than its own text. */
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
