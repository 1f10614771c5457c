import type { z } from 'zod';
import type { ConfigFile, FileEntry } from '../config-file.ts';
import { didYouMean, showValue } from '../messages.ts';
import type { Config } from '../settings/settings.ts';
import { dockerStatsBlock } from './block.ts';

/** Keys of a receiver's block that stand for settings of our own. */
const mappedKeys: readonly MappedKey[] = [
  { path: ['endpoint'], fileKey: 'docker_url', hasLowPriority: true },
  { path: ['collection_interval'], fileKey: 'interval', translate: fromGoDuration },
  { path: ['timeout'], fileKey: 'call_timeout', translate: fromGoDuration },
  { path: ['api_version'], fileKey: 'docker_api_version' },
  { path: ['tls', 'ca_file'], fileKey: 'docker_tls_ca' },
  { path: ['tls', 'cert_file'], fileKey: 'docker_tls_cert' },
  { path: ['tls', 'key_file'], fileKey: 'docker_tls_key' },
  { path: ['tls', 'insecure_skip_verify'], fileKey: 'docker_tls_verify', translate: opposite },
];

interface MappedKey {
  readonly path: readonly string[];
  readonly fileKey: string;
  readonly translate?: (value: unknown) => unknown;
  /** Gives way to what cannot be given together with it. */
  readonly hasLowPriority?: true;
}

/**
 * Splits a block `docker_stats:`: keys for which there is a setting of our own become that setting, unless the file has
 * it too. Every error in the block is a problem of its own.
 */
export function readDockerStats(file: ConfigFile, environment: Variables['environment']): ConfigFile {
  const pasted = file.entries.get('docker_stats');
  if (pasted?.value === undefined) return file;
  const missing: string[] = [];
  const onError: Variables['onError'] = (path, fault) =>
    missing.push(`${[pasted.name, ...path].join('.')}: ${fault}`);
  const block = { ...pasted, value: expandVariables(pasted.value, { environment, onError }) };
  const entries = new Map(file.entries);
  entries.delete('docker_stats');
  // Values are only checked once every variable in them is known.
  if (missing.length > 0) return { entries, problems: [...file.problems, ...missing] };
  const parsed = dockerStatsBlock.safeParse(block.value);
  if (parsed.success) entries.set('docker_stats', { ...block, value: parsed.data });
  const issues = parsed.success ? [] : parsed.error.issues;
  const isWrong = ({ path }: MappedKey): boolean =>
    issues.some((issue) => issue.path.join('.') === path.join('.'));
  for (const mapped of mappedKeys) {
    // An error in it is reported under the block's own path.
    const entry = isWrong(mapped) ? undefined : mapToOwnSettings(mapped, block);
    if (entry && !entries.has(mapped.fileKey)) entries.set(mapped.fileKey, entry);
  }
  // One value may fail in two ways with one message: an empty list is no text, and too short.
  const errors = new Set(issues.flatMap((issue) => errorsOf(issue, block)));
  return { entries, problems: [...file.problems, ...errors] };
}

function mapToOwnSettings(
  { path, translate, hasLowPriority }: MappedKey,
  block: FileEntry,
): FileEntry | undefined {
  const value = valueAt(block.value, path);
  // The receiver takes an empty text for nothing, too.
  if (value === undefined || value === null || value === '') return undefined;
  const name = `${block.name}.${path.join('.')}`;
  return { name, value: translate ? translate(value) : value, ...(hasLowPriority && { hasLowPriority }) };
}

function errorsOf(issue: z.core.$ZodIssue, { name, value }: FileEntry): string[] {
  const at = [name, ...issue.path.map(String)].join('.');
  if (issue.code !== 'unrecognized_keys')
    return [`${at} ${showValue(valueAt(value, issue.path))}: ${issue.message}`];
  return issue.keys.map((key) => `${at}.${key}: unknown setting${didYouMean(key, knownAt(issue.path))}`);
}

/** Known keys at the block's top level; deeper maps are too small for a hint. */
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

/** `1m30s` as a number of milliseconds; text that is no duration of Go stays, for the setting to validate. */
function fromGoDuration(value: unknown): unknown {
  if (typeof value !== 'string' || !/^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/.test(value)) return value;
  const parts = [...value.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)];
  return parts.reduce((sum, [, digits, unit = '']) => sum + Number(digits) * (goUnits[unit] ?? 0), 0);
}

function opposite(value: unknown): unknown {
  return typeof value === 'boolean' ? !value : value;
}

/** Keys of a receiver's block that have an effect on its profile's metrics alone. */
const metricKeys = [
  'metrics',
  'resource_attributes',
  'container_labels_to_metric_labels',
  'env_vars_to_metric_labels',
] as const;

/** Warns of a block `docker_stats:` without effect, because another profile is chosen. */
export function unusedBlock({ profile, dockerStats = {} }: Config): string[] {
  if (profile.includes('docker_stats')) return [];
  const unused = metricKeys.filter((key) => Object.keys(dockerStats[key] ?? {}).length > 0);
  return unused.length === 0
    ? []
    : [
        `docker_stats ${unused.join(', ')}: without effect, for --profile ${profile.join()} has other metrics`,
      ];
}

/**
 * References in a Collector's file: `$$` for `$`, `${env:NAME}`, `${NAME}`, each with `:-DEFAULT`, and those of the
 * Collector's other providers, such as `${file:PATH}`.
 */
const variable = /\$\$|\$\{(?:env:)?(?<name>[A-Za-z_]\w*)(?::-(?<otherwise>[^}]*))?\}|\$\{[^}]*\}/g;

/** The environment that gives values, and the receiver of errors about missing ones. */
export interface Variables {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** @param path of the value in what is expanded. */
  readonly onError: (path: readonly string[], fault: string) => void;
}

/**
 * Puts the environment's values where a Collector's file names them, in every text but the keys.
 * @see https://opentelemetry.io/docs/collector/configuration/#environment-variables
 */
export function expandVariables(value: unknown, variables: Variables, path: readonly string[] = []): unknown {
  if (typeof value === 'string')
    return expandText(value, variables.environment, (fault) => variables.onError(path, fault));
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
  onError: (fault: string) => void,
): string {
  return text.replaceAll(variable, (written: string, name?: string, otherwise?: string) => {
    if (written === '$$') return '$';
    const value = name === undefined ? undefined : (environment[name] ?? otherwise);
    if (value !== undefined) return value;
    onError(`${written}: ${name === undefined ? 'expected ${env:NAME}' : `the environment has no ${name}`}`);
    return written;
  });
}
