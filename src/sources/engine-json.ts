import { SourceError } from './source-error.ts';

/** A run of 16 digits where a JSON number may stand: only then can an integer be above 2^53. */
const longInteger = /[:[,]\s*-?\d{16}/;

/**
 * Parses an engine's answer. Integers above 2^53 become bigints; everything else is as `JSON.parse` gives it.
 * Throws {@link SourceError} `bad-response` on what is not JSON.
 */
export function parseEngineJson(text: string, what: string): unknown {
  try {
    return longInteger.test(text) ? JSON.parse(text, exactInteger) : JSON.parse(text);
  } catch (cause) {
    const start = JSON.stringify(text.slice(0, 60));
    throw new SourceError('bad-response', `${what}: not JSON, begins with ${start}`, cause);
  }
}

/** The reviver with source text access (ECMAScript's JSON.parse source text proposal, in Node 24). */
function exactInteger(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = context?.source ?? '';
  return /^-?\d+$/.test(source) ? BigInt(source) : value;
}
