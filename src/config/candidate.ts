import type { z } from 'zod';
import type { FileEntry } from './config-file.ts';
import { hasQuotes, quotesHint, readFailure, showValue } from './messages.ts';
import type { NamedSetting, Setting } from './settings/setting.ts';

/** One place that gives one setting a value. */
export interface Candidate {
  /** As the user wrote it: a flag, a variable, or file, line and key. */
  readonly name: string;
  readonly raw: unknown;
  readonly from: 'flag' | 'environment' | 'file';
  readonly type: z.ZodType;
  /** An error in a variable of the specification is warned of, and the variable ignored. */
  readonly isLenient: boolean;
  /** Gives way where it conflicts with what is given elsewhere. */
  readonly hasLowPriority?: true;
}

/** A value that a flag of another program gives a setting; it stands between our own flags and the variables. */
export interface GivenValue {
  /** Of the setting. */
  readonly key: string;
  /** The flag as the user wrote it. */
  readonly name: string;
  readonly raw: unknown;
  /** Where its text differs from the setting's own. */
  readonly type?: z.ZodType;
}

/** The places, read already. */
export interface Places {
  /** By flag, without dashes. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly given?: readonly GivenValue[] | undefined;
  /** By file key. */
  readonly file: ReadonlyMap<string, FileEntry>;
}

/** The part of a setting, or of a command's own option, that {@link validate} needs. */
export type Rules = Pick<Setting, 'isPem' | 'isRepeatable' | 'isSecret'>;

/** A candidate's value, with a warning where it may not be meant; or an error message. */
export type ValidationResult =
  { readonly value: unknown; readonly warning?: string } | { readonly error: string };

/** All candidates for this setting's value, highest precedence first. Empty variables count as unset. */
export function findCandidates(
  setting: NamedSetting,
  { flags, environment, given = [], file }: Places,
): Candidate[] {
  const { flag, fileKey, type } = setting;
  const entry = setting.isOutsideFile ? undefined : file.get(fileKey);
  const found: Candidate[] = [
    { name: `--${flag}`, raw: flags[flag], from: 'flag', type, isLenient: false },
    ...given.filter(({ key }) => key === setting.key).map((value) => fromGiven(value, type)),
    ...setting.variables.map((name) => fromVariable(setting, name, environment[name])),
    {
      name: entry?.name ?? fileKey,
      raw: entry?.value,
      from: 'file',
      type,
      isLenient: false,
      ...(entry?.hasLowPriority && { hasLowPriority: true }),
    },
  ];
  return found.filter(({ raw }) => raw !== undefined);
}

/** Checks a candidate against its type and, where it names a PEM file, that file. The message has the value once. */
export function validate(
  candidate: Candidate,
  setting: Rules,
  readFile: (path: string) => string,
): ValidationResult {
  const { name, raw, type } = candidate;
  const misuse = candidate.from === 'flag' ? misusedFlag(raw, setting) : undefined;
  if (misuse !== undefined) return { error: `${name}: ${misuse}` };
  const named = `${name}${setting.isSecret ? '' : ` ${showValue(raw)}`}`;
  const isQuoted = hasQuotes(raw);
  const parsed = type.safeParse(raw, { reportInput: true });
  const fault = parsed.success ? pemFault(setting, parsed.data, readFile) : faultsOf(parsed.error, raw);
  if (!parsed.success || fault !== undefined)
    return { error: `${named}: ${isQuoted ? `${quotesHint}; ` : ''}${fault}` };
  if (!isQuoted) return { value: parsed.data };
  return { value: parsed.data, warning: `${named}: ${quotesHint}, which is used as it stands` };
}

/** Completes and is completed by variables: the port may come from the one, the address from the other. */
function fromGiven({ name, raw, type }: GivenValue, settingType: z.ZodType): Candidate {
  return { name, raw, from: 'environment', type: type ?? settingType, isLenient: false };
}

function fromVariable(setting: NamedSetting, name: string, text: string | undefined): Candidate {
  const otel = setting.otelVariables?.find((variable) => variable.name === name);
  return {
    name,
    raw: text === '' ? undefined : text,
    from: 'environment',
    type: otel?.type ?? setting.type,
    isLenient: otel !== undefined,
  };
}

function misusedFlag(raw: unknown, { isRepeatable }: Rules): string | undefined {
  if (raw === '') return 'needs a value';
  return Array.isArray(raw) && !isRepeatable ? `given ${raw.length} times, expected once` : undefined;
}

/** Each issue once. The value stands before them already: only a part of it, such as one item of several, is named. */
function faultsOf({ issues }: z.ZodError, raw: unknown): string {
  const faults = issues.map(({ message, path, input }) =>
    path.length === 0 || isSame(input, raw) ? message : `${showValue(input)}: ${message}`,
  );
  return [...new Set(faults)].join('; ');
}

function isSame(item: unknown, raw: unknown): boolean {
  return String(item).trim().toLowerCase() === String(raw).trim().toLowerCase();
}

function pemFault(setting: Rules, path: unknown, readFile: (path: string) => string): string | undefined {
  if (!setting.isPem || typeof path !== 'string') return undefined;
  try {
    return readFile(path).includes('-----BEGIN ') ? undefined : 'is not a PEM file';
  } catch (error) {
    return readFailure(error);
  }
}

/** The values that win for one setting; no names and no values when none is given. */
export interface Chosen {
  readonly setting: NamedSetting;
  /** As the user wrote them; several only where variables combine. */
  readonly names: readonly string[];
  readonly values: readonly unknown[];
  /** Comes from a variable of the specification, whose errors are warned of. */
  readonly isLenient: boolean;
  /** Gives way where it conflicts with what is given elsewhere. */
  readonly hasLowPriority: boolean;
}

/** Chosen values by key. */
export type ChosenByKey = ReadonlyMap<string, Chosen>;
