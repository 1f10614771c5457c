import type { Integer } from '../model/sample.ts';
import { BoundedJson } from './bounded-json.ts';
import { responseLimits } from './response-limits.ts';
import { SourceError } from './source-error.ts';

/** An object of the runtime's JSON, its fields unknown. */
export type Fields = Readonly<Record<string, unknown>>;

/** The value as an object, or undefined: a wrong type loses that value alone. */
export function objectOf(value: unknown): Fields | undefined {
  return isFields(value) ? value : undefined;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value as a list; anything else is an empty one. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** True when a value is present, but malformed by `read`. */
export function isMalformed(value: unknown, read: (value: unknown) => unknown): boolean {
  return value !== undefined && value !== null && read(value) === undefined;
}

/** A string that is not empty. Half a surrogate pair becomes U+FFFD: some decoders of OTLP refuse it. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.toWellFormed() : undefined;
}

/** The strings of a list; other items are left out. */
export function textsOf(value: unknown): readonly string[] {
  return listOf(value).flatMap((item) => (typeof item === 'string' ? [item.toWellFormed()] : []));
}

/** A map of strings to strings; other values are left out. */
export function textMapOf(value: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(objectOf(value) ?? {}).flatMap(([key, text]) =>
    typeof text === 'string' ? [[key.toWellFormed(), text.toWellFormed()] as const] : [],
  );
  return Object.fromEntries(entries);
}

/** A boolean, nothing else. */
export function flagOf(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined;
}

/** The largest integer of OTLP. A larger one in a response was negative, or means "unlimited". */
export const largestCount = 2n ** 63n - 1n;

/** An integer from 0 to 2^63−1, exact: above 2^53 only a bigint is. */
export function countOf(value: unknown): Integer | undefined {
  if (typeof value === 'bigint') return value >= 0n && value <= largestCount ? value : undefined;
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** An integer that a double can hold, of either sign. */
export function integerOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;
}

/** An integer ≥ 0 that a double can hold. */
export function amountOf(value: unknown): number | undefined {
  const integer = integerOf(value);
  return integer !== undefined && integer >= 0 ? integer : undefined;
}

/** An integer > 0: a limit that is set. */
export function positiveOf(value: unknown): number | undefined {
  const integer = integerOf(value);
  return integer !== undefined && integer > 0 ? integer : undefined;
}

/** `Date.parse` alone takes `1` for the year 2001. */
const dateAndTime = /^\d{4}-\d\d-\d\dT/;

/** Milliseconds since the epoch of an RFC 3339 time; Go's zero time (year 1) and nonsense are absent. */
export function timeOf(value: unknown): number | undefined {
  if (typeof value !== 'string' || !dateAndTime.test(value)) return undefined;
  const millis = Date.parse(value);
  return Number.isFinite(millis) && millis > 0 ? millis : undefined;
}

/**
 * Leaves out the keys whose value is undefined, so that "absent" has one form; fast, as each sample has many.
 */
export function present<T extends object>(fields: { [K in keyof T]: T[K] | undefined }): T {
  return withoutUndefined<T>(fields);
}

function withoutUndefined<T extends object>(fields: object): T {
  if (isWhole<T>(fields)) return fields;
  const all = objectOf(fields);
  const kept: Record<string, unknown> = {};
  for (const key in all) if (all[key] !== undefined) kept[key] = all[key];
  return withoutUndefined<T>(kept);
}

function isWhole<T extends object>(fields: object): fields is T {
  const all = objectOf(fields);
  for (const key in all) if (all[key] === undefined) return false;
  return true;
}

/** 16 digits where a JSON number may stand: only then can an integer be above 2^53. Inside a text it may match too. */
const longInteger = /[:[,]\s*(-?\d{16,})(?=\s*[,}\]])/g;

/** Nothing of this length can cost much, however it is nested. */
const maxUncheckedCharacters = 64 * 1024;

/**
 * Parses a runtime's response. Integers above 2^53 become bigints; everything else is as `JSON.parse` gives it.
 * Throws {@link SourceError} `bad-response` on what is not JSON, `too-large` on what is nested too deep or has too many
 * values.
 */
export function parseExactJson(text: string, what: string): unknown {
  if (text.length > maxUncheckedCharacters) expectBounded(text, what);
  try {
    const literals = unsafeIntegers(text);
    if (literals?.size === 0) return JSON.parse(text);
    return literals ? withExactIntegers(JSON.parse(text), literals) : JSON.parse(text, exactInteger);
  } catch (cause) {
    const start = JSON.stringify(text.slice(0, 60));
    throw new SourceError('bad-response', `${what}: not JSON, begins with ${start}`, cause);
  }
}

/** A text that is nested too deep would overflow a recursive walk. Throws {@link SourceError} `too-large`. */
function expectBounded(text: string, what: string): void {
  const json = new BoundedJson(0);
  json.push(Buffer.from(text));
  if (json.refused?.reason !== 'too-deep') return;
  const { depth } = responseLimits;
  throw new SourceError('too-large', `${what}: objects and lists are nested more than ${depth} deep`);
}

/**
 * The text of each integer whose double is not exact, or undefined when two integers fall on one double.
 * A reviver would need no such detour, but makes the parsing of a stats response five times as dear.
 */
function unsafeIntegers(text: string): ReadonlyMap<number, string> | undefined {
  const literals = new Map<number, string>();
  for (const [, literal = ''] of text.matchAll(longInteger)) {
    const rounded = Number(literal);
    if (Number.isSafeInteger(rounded) || !Number.isFinite(rounded)) continue;
    if ((literals.get(rounded) ?? literal) !== literal) return undefined;
    literals.set(rounded, literal);
  }
  return literals;
}

/** Puts bigints in place of doubles, in the value itself where it is an object or a list. */
function withExactIntegers(value: unknown, literals: ReadonlyMap<number, string>): unknown {
  if (typeof value === 'number') {
    const literal = Number.isSafeInteger(value) ? undefined : literals.get(value);
    return literal === undefined ? value : BigInt(literal);
  }
  if (Array.isArray(value)) value.forEach((item, index) => replace(value, String(index), item, literals));
  // Without a list of its entries: this runs over every stats response of hosts with cgroup v2.
  const fields = objectOf(value);
  for (const key in fields) replace(fields, key, fields[key], literals);
  return value;
}

function replace(owner: object, key: string, item: unknown, literals: ReadonlyMap<number, string>): void {
  if (typeof item !== 'number' && typeof item !== 'object') return;
  const exact = withExactIntegers(item, literals);
  if (exact !== item) Reflect.defineProperty(owner, key, { value: exact, enumerable: true });
}

/** The reviver with source text access (ECMAScript's JSON.parse source text proposal, in Node 24). */
function exactInteger(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = context?.source ?? '';
  return /^-?\d{1,20}$/.test(source) ? BigInt(source) : value;
}
