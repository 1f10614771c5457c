import type { Integer } from '../model/sample.ts';

/** An object of the engine's JSON, its fields unknown. */
export type Fields = Readonly<Record<string, unknown>>;

/** The value as an object, or undefined: a wrong type loses that figure alone. */
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

/** A string that is not empty. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The strings of a list; other items are left out. */
export function textsOf(value: unknown): readonly string[] {
  return listOf(value).filter((item): item is string => typeof item === 'string');
}

/** A map of strings to strings; other values are left out. */
export function textMapOf(value: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(objectOf(value) ?? {});
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

/** A boolean, nothing else. */
export function flagOf(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined;
}

/** An integer ≥ 0, exact; 2^64−1, the kernel's "unlimited", is returned as it is. */
export function countOf(value: unknown): Integer | undefined {
  if (typeof value === 'bigint') return value >= 0n ? value : undefined;
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : undefined;
}

/** An integer that a double can hold, of either sign. */
export function integerOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;
}

/** An integer > 0: the engine's way to say that a limit is set. */
export function positiveOf(value: unknown): number | undefined {
  const integer = integerOf(value);
  return integer !== undefined && integer > 0 ? integer : undefined;
}

/** Milliseconds since the epoch of an RFC 3339 time; Go's zero time (year 1) and nonsense are absent. */
export function timeOf(value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined;
  const millis = Date.parse(value);
  return Number.isFinite(millis) && millis > 0 ? millis : undefined;
}

/** Leaves out the keys whose value is undefined, so that "absent" has one form. */
export function present<T extends object>(fields: { [K in keyof T]: T[K] | undefined }): T {
  const kept = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as T;
}
