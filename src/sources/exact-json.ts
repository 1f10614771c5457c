import { objectOf } from './json-fields.ts';
import { SourceError } from './source-error.ts';

/** 16 digits where a JSON number may stand: only then can an integer be above 2^53. Inside a text it may match too. */
const longInteger = /[:[,]\s*(-?\d{16,})(?=\s*[,}\]])/g;

/**
 * Parses a runtime's answer. Integers above 2^53 become bigints; everything else is as `JSON.parse` gives it.
 * Throws {@link SourceError} `bad-response` on what is not JSON.
 */
export function parseEngineJson(text: string, what: string): unknown {
  try {
    const literals = unsafeIntegers(text);
    if (literals?.size === 0) return JSON.parse(text);
    return literals ? withExactIntegers(JSON.parse(text), literals) : JSON.parse(text, exactInteger);
  } catch (cause) {
    const start = JSON.stringify(text.slice(0, 60));
    throw new SourceError('bad-response', `${what}: not JSON, begins with ${start}`, cause);
  }
}

/**
 * What the text says for each double that is not exact, or undefined when two integers fall on one double.
 * A reviver would need no such detour, but makes the parsing of a stats answer five times as dear.
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
  // Without a list of its entries: this runs over every stats answer of hosts with cgroup v2.
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
