import type { z } from 'zod';
import type { FileEntry } from './config-file.ts';
import { readFailure, showValue } from './messages.ts';
import type { NamedSetting, Setting } from './settings/setting.ts';

/** One place that gives one setting a value. */
export interface Candidate {
  /** As the user wrote it: a flag, a variable, or file, line and key. */
  readonly name: string;
  readonly raw: unknown;
  readonly from: 'flag' | 'environment' | 'file';
  readonly type: z.ZodType;
  /** A mistake in a variable of the specification is warned of and ignored. */
  readonly isForgiven: boolean;
  /** Gives way where it contradicts what is given elsewhere. */
  readonly yields?: true;
}

/** The three places, read already. */
export interface Places {
  /** By flag, without dashes. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** By file key. */
  readonly file: ReadonlyMap<string, FileEntry>;
}

/** What {@link judge} needs to know of a setting, or of a command's own option. */
export type Rules = Pick<Setting, 'isPem' | 'isRepeatable' | 'isSecret'>;

/** A candidate's value, or what is wrong with it. */
export type Verdict = { readonly value: unknown } | { readonly mistake: string };

/** All that give this setting a value, highest precedence first. Empty variables count as unset. */
export function findCandidates(setting: NamedSetting, { flags, environment, file }: Places): Candidate[] {
  const { flag, fileKey, type } = setting;
  const entry = setting.isOutsideFile ? undefined : file.get(fileKey);
  const found: Candidate[] = [
    { name: `--${flag}`, raw: flags[flag], from: 'flag', type, isForgiven: false },
    ...setting.variables.map((name) => fromVariable(setting, name, environment[name])),
    {
      name: entry?.name ?? fileKey,
      raw: entry?.value,
      from: 'file',
      type,
      isForgiven: false,
      ...(entry?.yields && { yields: true }),
    },
  ];
  return found.filter(({ raw }) => raw !== undefined);
}

/** Checks a candidate against its type and, where it names a PEM file, that file. */
export function judge(candidate: Candidate, setting: Rules, readFile: (path: string) => string): Verdict {
  const { name, raw, type } = candidate;
  const misuse = candidate.from === 'flag' ? misusedFlag(raw, setting) : undefined;
  if (misuse !== undefined) return { mistake: `${name}: ${misuse}` };
  const parsed = type.safeParse(raw);
  const fault = parsed.success ? pemFault(setting, parsed.data, readFile) : faultsOf(parsed.error);
  if (parsed.success && fault === undefined) return { value: parsed.data };
  return { mistake: `${name}${setting.isSecret ? '' : ` ${showValue(raw)}`}: ${fault}` };
}

function fromVariable(setting: NamedSetting, name: string, text: string | undefined): Candidate {
  const otel = setting.otelVariables?.find((variable) => variable.name === name);
  return {
    name,
    raw: text === '' ? undefined : text,
    from: 'environment',
    type: otel?.type ?? setting.type,
    isForgiven: otel !== undefined,
  };
}

function misusedFlag(raw: unknown, { isRepeatable }: Rules): string | undefined {
  if (raw === '') return 'needs a value';
  return Array.isArray(raw) && !isRepeatable ? `given ${raw.length} times, expected once` : undefined;
}

function faultsOf(error: z.ZodError): string {
  return [...new Set(error.issues.map(({ message }) => message))].join('; ');
}

function pemFault(setting: Rules, path: unknown, readFile: (path: string) => string): string | undefined {
  if (!setting.isPem || typeof path !== 'string') return undefined;
  try {
    return readFile(path).includes('-----BEGIN ') ? undefined : 'is not a PEM file';
  } catch (error) {
    return readFailure(error);
  }
}

/** What won for one setting; nothing given: no names and no values. */
export interface Chosen {
  readonly setting: NamedSetting;
  /** As the user wrote them; several only where variables combine. */
  readonly names: readonly string[];
  readonly values: readonly unknown[];
  /** Comes from a variable of the specification, whose mistakes are warned of and ignored. */
  readonly isForgiven: boolean;
  /** Gives way where it contradicts what is given elsewhere. */
  readonly yields: boolean;
}

/** Chosen values by key. */
export type ChosenByKey = ReadonlyMap<string, Chosen>;
