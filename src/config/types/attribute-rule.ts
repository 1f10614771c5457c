import { RE2JS } from 're2js';
import * as z from 'zod';
import { compilePattern, isExpression, isGlob, pattern, cutAtEquals } from './pattern.ts';

/** Matches labels or variables that become attributes, and names these. */
export interface NamedByKey {
  /** The attribute's name for this key; undefined when the rule is not for it. */
  nameFor(key: string): string | undefined;
}

const form = 'expected PATTERN or PATTERN=NAME, where a NAME may hold $1 when the PATTERN is a /regex/';

/** Keys that must be named exactly: a pattern that happens to match one would reveal a secret. */
const secret = /password|token|secret|key/i;

const reference = /\$(?:(\d+)|\{(\d+)\})/g;

/** A rule as text: see {@link compileAttributeRule}. */
export function attributeRule(): z.ZodType<string> {
  return z.string({ error: form }).superRefine((text, context) => {
    const [key, name] = cutAtEquals(text);
    const issues = pattern().safeParse(key).error?.issues ?? [];
    for (const { message } of issues) context.addIssue(message);
    if (issues.length === 0 && name !== undefined) checkName(key, name, (issue) => context.addIssue(issue));
  });
}

/**
 * Compiles `PATTERN=NAME`; without a name the key is put behind the prefix. Keys that look like secrets are only
 * matched by themselves, never by a glob or an expression.
 */
export function compileAttributeRule(text: string, prefix: string): NamedByKey {
  const [key, name] = cutAtEquals(text);
  if (!isExpression(key) && !isGlob(key)) {
    const attribute = name ?? prefix + key;
    return { nameFor: (each) => (each === key ? attribute : undefined) };
  }
  const rename = renamed(key, name, prefix);
  return { nameFor: (each) => (each === '' || secret.test(each) ? undefined : rename(each)) };
}

type Rename = (key: string) => string | undefined;

function renamed(key: string, name: string | undefined, prefix: string): Rename {
  if (name === undefined || !isExpression(key)) {
    const matches = compilePattern(key);
    return (each) => (matches(each) ? (name ?? prefix + each) : undefined);
  }
  const expression = RE2JS.compile(key.slice(1, -1));
  return (each) => {
    const matcher = expression.matcher(each);
    if (!matcher.find()) return undefined;
    // A group that took no part is empty, and a name that is empty is none.
    return (
      name.replaceAll(reference, (_, bare, braced) => matcher.group(Number(bare ?? braced)) ?? '') ||
      undefined
    );
  };
}

function checkName(key: string, name: string, complain: (issue: string) => void): void {
  if (name === '') complain(form);
  const groups = isExpression(key) ? RE2JS.compile(key.slice(1, -1)).groupCount() : 0;
  const asked = [...name.matchAll(reference)].map(([, bare, braced]) => Number(bare ?? braced));
  const missing = asked.find((group) => group > groups);
  if (missing !== undefined)
    complain(`$${missing} is not there: the pattern has ${groups === 1 ? '1 group' : `${groups} groups`}`);
}
