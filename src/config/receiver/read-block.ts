import type { z } from 'zod';
import type { ConfigFile, FileEntry } from '../config-file.ts';
import { didYouMean, showValue } from '../messages.ts';
import type { Config } from '../settings/settings.ts';
import { dockerStatsBlock } from './block.ts';

/** Keys of a receiver's block that say what settings of our own say, and how. */
const borrowedKeys: readonly Borrowed[] = [
  { path: ['endpoint'], fileKey: 'docker_url', yields: true },
  { path: ['collection_interval'], fileKey: 'interval', translate: fromGoDuration },
  { path: ['timeout'], fileKey: 'call_timeout', translate: fromGoDuration },
  { path: ['api_version'], fileKey: 'docker_api_version' },
  { path: ['tls', 'ca_file'], fileKey: 'docker_tls_ca' },
  { path: ['tls', 'cert_file'], fileKey: 'docker_tls_cert' },
  { path: ['tls', 'key_file'], fileKey: 'docker_tls_key' },
  { path: ['tls', 'insecure_skip_verify'], fileKey: 'docker_tls_verify', translate: opposite },
];

interface Borrowed {
  readonly path: readonly string[];
  readonly fileKey: string;
  readonly translate?: (value: unknown) => unknown;
  /** Gives way to what cannot be given together with it. */
  readonly yields?: true;
}

/**
 * Takes a block `docker_stats:` apart: what settings of our own are for becomes theirs, unless the file has them too.
 * Every mistake in the block is a problem of its own.
 */
export function readDockerStats(file: ConfigFile, environment: Variables['environment']): ConfigFile {
  const pasted = file.entries.get('docker_stats');
  if (pasted?.value === undefined) return file;
  const missing: string[] = [];
  const complain: Variables['complain'] = (path, fault) =>
    missing.push(`${[pasted.name, ...path].join('.')}: ${fault}`);
  const block = { ...pasted, value: expandVariables(pasted.value, { environment, complain }) };
  const entries = new Map(file.entries);
  entries.delete('docker_stats');
  // What else is wrong cannot be told before.
  if (missing.length > 0) return { entries, problems: [...file.problems, ...missing] };
  const parsed = dockerStatsBlock.safeParse(block.value);
  if (parsed.success) entries.set('docker_stats', { ...block, value: parsed.data });
  const issues = parsed.success ? [] : parsed.error.issues;
  const isMistaken = ({ path }: Borrowed): boolean =>
    issues.some((issue) => issue.path.join('.') === path.join('.'));
  for (const borrowed of borrowedKeys) {
    // Told already, in the block's own terms.
    const entry = isMistaken(borrowed) ? undefined : borrow(borrowed, block);
    if (entry && !entries.has(borrowed.fileKey)) entries.set(borrowed.fileKey, entry);
  }
  // An empty list is no text, and too short for one.
  const mistakes = new Set(issues.flatMap((issue) => tell(issue, block)));
  return { entries, problems: [...file.problems, ...mistakes] };
}

function borrow({ path, translate, yields }: Borrowed, block: FileEntry): FileEntry | undefined {
  const value = valueAt(block.value, path);
  // An empty text is what the receiver takes for nothing, too.
  if (value === undefined || value === null || value === '') return undefined;
  const name = `${block.name}.${path.join('.')}`;
  return { name, value: translate ? translate(value) : value, ...(yields && { yields }) };
}

function tell(issue: z.core.$ZodIssue, { name, value }: FileEntry): string[] {
  const at = [name, ...issue.path.map(String)].join('.');
  if (issue.code !== 'unrecognized_keys')
    return [`${at} ${showValue(valueAt(value, issue.path))}: ${issue.message}`];
  return issue.keys.map((key) => `${at}.${key}: unknown setting${didYouMean(key, knownAt(issue.path))}`);
}

/** Only the uppermost keys are many enough to be mistaken for one another. */
function knownAt(path: readonly PropertyKey[]): readonly string[] {
  return path.length === 0 ? Object.keys(dockerStatsBlock.unwrap().shape) : [];
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let found = value;
  for (const key of path) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = Object.getOwnPropertyDescriptor(found, key)?.value;
  }
  return found;
}

const goUnits: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** `1m30s` as a number of milliseconds; what is no duration of Go stays, for the setting to judge. */
function fromGoDuration(value: unknown): unknown {
  if (typeof value !== 'string' || !/^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/.test(value)) return value;
  const parts = [...value.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)];
  return parts.reduce((sum, [, digits, unit = '']) => sum + Number(digits) * (goUnits[unit] ?? 0), 0);
}

function opposite(value: unknown): unknown {
  return typeof value === 'boolean' ? !value : value;
}

/** What of a receiver's block speaks of its metrics alone. */
const ofMetrics = [
  'metrics',
  'resource_attributes',
  'container_labels_to_metric_labels',
  'env_vars_to_metric_labels',
] as const;

/** Warns of a block `docker_stats:` whose metrics nobody chose. */
export function idleBlock({ profile, dockerStats = {} }: Config): string[] {
  if (profile.includes('docker_stats')) return [];
  const idle = ofMetrics.filter((key) => Object.keys(dockerStats[key] ?? {}).length > 0);
  return idle.length === 0
    ? []
    : [`docker_stats ${idle.join(', ')}: without effect, for --profile ${profile.join()} has other metrics`];
}

/**
 * What a Collector's file has in the place of values: `$$` for `$`, `${env:NAME}`, `${NAME}`, each with `:-DEFAULT`, and
 * what other providers of the Collector give, `${file:PATH}`.
 */
const variable = /\$\$|\$\{(?:env:)?(?<name>[A-Za-z_]\w*)(?::-(?<otherwise>[^}]*))?\}|\$\{[^}]*\}/g;

/** Where a value comes from, and who hears of those that nobody has. */
export interface Variables {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** @param path of the value in what is expanded. */
  readonly complain: (path: readonly string[], fault: string) => void;
}

/**
 * Puts the environment's values where a Collector's file names them, in every text but the keys.
 * @see https://opentelemetry.io/docs/collector/configuration/#environment-variables
 */
export function expandVariables(value: unknown, variables: Variables, path: readonly string[] = []): unknown {
  if (typeof value === 'string')
    return expandText(value, variables.environment, (fault) => variables.complain(path, fault));
  if (Array.isArray(value))
    return value.map((each, index) => expandVariables(each, variables, [...path, String(index)]));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, expandVariables(each, variables, [...path, key])]),
  );
}

function expandText(
  text: string,
  environment: Variables['environment'],
  complain: (fault: string) => void,
): string {
  return text.replaceAll(variable, (written: string, name?: string, otherwise?: string) => {
    if (written === '$$') return '$';
    const value = name === undefined ? undefined : (environment[name] ?? otherwise);
    if (value !== undefined) return value;
    complain(`${written}: ${name === undefined ? 'expected ${env:NAME}' : `the environment has no ${name}`}`);
    return written;
  });
}
