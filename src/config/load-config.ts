// One piece, because choosing, checking and filling in are steps over the same table of chosen settings.
import { findCandidates, validate } from './candidate.ts';
import type { Candidate, Chosen, ChosenByKey, GivenValue, Places } from './candidate.ts';
import { ConfigError } from './config-error.ts';
import { parseConfigFile } from './config-file.ts';
import type { ConfigFile } from './config-file.ts';
import { hasQuotes, nearest, quotesHint, readFailure, showValue } from './messages.ts';
import { proxyVariables } from './proxy-variables.ts';
import { unusedBlock, readDockerStats } from './receiver/read-block.ts';
import type { KnownValues, NamedSetting, Setting } from './settings/setting.ts';
import { isConfig, namedSettings, settings } from './settings/settings.ts';
import type { Config } from './settings/settings.ts';

/** The sources of a configuration. */
export interface ConfigInput {
  /** By flag without dashes, as yargs parses them: text, true or false, or an array where a flag was repeated. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Of flags that are another program's. */
  readonly given?: readonly GivenValue[];
  /** Defaults in place of the settings' own, by key. */
  readonly defaults?: Readonly<Record<string, NonNullable<Setting['default']>>>;
  /** Throws as `fs.readFileSync` does. */
  readonly readFile: (path: string) => string;
}

/** A configuration, and warnings for its user. */
export interface LoadedConfig {
  readonly config: Config;
  readonly warnings: readonly string[];
}

/**
 * Flag before environment before file before default. Pure but for `readFile`.
 * Throws a {@link ConfigError} with every error, also those in values that others override.
 */
export function loadConfig(input: ConfigInput): LoadedConfig {
  const file = readDockerStats(readConfigFile(input), input.environment);
  const { flags, environment, given } = input;
  const places = { flags, environment, given, file: file.entries };
  const resolved = settingsOf(input).map((setting) => resolve(setting, places, input.readFile));
  const checked = checkConflicts(new Map(resolved.map(({ chosen }) => [chosen.setting.key, chosen])));
  const problems = [file, ...resolved, checked].flatMap((each) => each.problems);
  if (problems.length > 0) throw new ConfigError(problems);
  const { config, warnings } = applyDefaults(checked.chosen);
  const earlier = [
    ...unreadFiles(input.environment),
    ...unknownVariables(input.environment),
    ...quotedVariables(input.environment),
    ...[...resolved, checked].flatMap((each) => each.warnings),
  ];
  const unused = [...unusedBlock(config), ...unusedSettings(checked.chosen, config)];
  return { config, warnings: [...earlier, ...warnings, ...unused] };
}

function unusedSettings(chosen: ChosenByKey, { profile }: Config): string[] {
  return [...chosen.values()]
    .filter(({ setting: { ofProfile } }) => ofProfile !== undefined && !profile.includes(ofProfile))
    .flatMap(({ names }) => names)
    .map((name) => `${name}: without effect, for --profile ${profile.join()} has other metrics`);
}

function settingsOf({ defaults = {} }: ConfigInput): readonly NamedSetting[] {
  return namedSettings.map(({ defaultText, ...setting }) => {
    const other = defaults[setting.key];
    return other === undefined
      ? { ...setting, ...(defaultText !== undefined && { defaultText }) }
      : { ...setting, default: other };
  });
}

/** The settings that name metrics, as far as they are valid: other errors must not hide those in the names. */
export function readMetricNames(input: ConfigInput): Partial<Pick<Config, 'profile' | 'metric'>> {
  const { flags, environment, given } = input;
  const places = { flags, environment, given, file: readConfigFile(input).entries };
  const known = settingsOf(input);
  const valueOf = (key: string): unknown => {
    const setting = known.find((each) => each.key === key);
    const resolved = setting && resolve(setting, places, input.readFile);
    return resolved?.problems.length === 0 ? givenOrConstant(resolved.chosen) : undefined;
  };
  const { data: profile } = settings.profile.type.safeParse(valueOf('profile'));
  const { data: metric } = settings.metric.type.safeParse(valueOf('metric'));
  return { ...(profile && { profile }), ...(metric && { metric }) };
}

/** OpenTelemetry's own configuration file, by its present name and the one before: a format that is not ours. */
const foreignFiles = ['OTEL_CONFIG_FILE', 'OTEL_EXPERIMENTAL_CONFIG_FILE'];

function unreadFiles(environment: ConfigInput['environment']): string[] {
  return foreignFiles
    .filter((name) => environment[name])
    .map((name) => `${name} is set, but OpenTelemetry's configuration file is not read; give --config`);
}

function readConfigFile({ flags, environment, readFile }: ConfigInput): ConfigFile {
  const fromFlag = flags['config'];
  const [name, path] =
    fromFlag === undefined ? ['TIDEGAUGE_CONFIG', environment['TIDEGAUGE_CONFIG']] : ['--config', fromFlag];
  if (typeof path !== 'string' || path === '') return { entries: new Map(), problems: [] };
  try {
    const fileKeys = namedSettings
      .filter(({ isOutsideFile }) => !isOutsideFile)
      .map(({ fileKey }) => fileKey);
    return parseConfigFile(path, readFile(path), fileKeys);
  } catch (error) {
    const hint = hasQuotes(path) ? `${quotesHint}; ` : '';
    return { entries: new Map(), problems: [`${name} ${showValue(path)}: ${hint}${readFailure(error)}`] };
  }
}

interface ValidCandidate {
  readonly candidate: Candidate;
  readonly value: unknown;
}

interface ResolvedSetting {
  readonly chosen: Chosen;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

function resolve(setting: NamedSetting, places: Places, readFile: (path: string) => string): ResolvedSetting {
  const problems: string[] = [];
  const warnings: string[] = [];
  const ignored: string[] = [];
  const valid: ValidCandidate[] = [];
  for (const candidate of findCandidates(setting, places)) {
    const result = validate(candidate, setting, readFile);
    if ('value' in result) valid.push({ candidate, value: result.value });
    else (candidate.isLenient ? ignored : problems).push(result.error);
    if ('warning' in result) warnings.push(result.warning);
  }
  const chosen = choose(setting, valid);
  const instead = usedInstead(chosen);
  return { chosen, problems, warnings: [...warnings, ...ignored.map((error) => `${error}; ${instead}`)] };
}

/** The names that win over an ignored variable, and the default where they do not replace it. */
function usedInstead({ setting, names }: Chosen): string {
  const byDefault = setting.defaultText ?? (typeof setting.default === 'string' ? setting.default : 'none');
  const used = names.length > 0 && !setting.combined ? names : [...names, `the default (${byDefault})`];
  return `ignored, used instead: ${used.join(', ')}`;
}

function choose(setting: NamedSetting, valid: readonly ValidCandidate[]): Chosen {
  const [first] = valid;
  const winners = setting.combined ? combinedOf(setting, valid) : valid.slice(0, 1);
  return {
    setting,
    names: winners.map(({ candidate }) => candidate.name),
    values: winners.map(({ value }) => value),
    isLenient: first?.candidate.isLenient ?? false,
    hasLowPriority: first?.candidate.hasLowPriority ?? false,
  };
}

/** Those of the first place; where it gives parts alone, such as a port, the next place completes them. */
function combinedOf({ type }: NamedSetting, valid: readonly ValidCandidate[]): readonly ValidCandidate[] {
  const whole = valid.find(({ candidate }) => candidate.type === type)?.candidate.from;
  const end = valid.findLastIndex(({ candidate }) => candidate.from === whole) + 1;
  return whole === undefined ? valid : valid.slice(0, end);
}

/** Kubernetes adds variables for each service, so an unknown one is a mistake only when it is nearly a known one. */
function unknownVariables(environment: ConfigInput['environment']): string[] {
  const known = namedSettings.flatMap(({ variables }) => variables).filter((name) => name.startsWith(prefix));
  return Object.keys(environment)
    .filter((name) => name.startsWith(prefix) && !known.includes(name) && environment[name] !== '')
    .map((name) => ({ name, meant: meantVariables(name, known) }))
    .filter(({ meant }) => meant !== undefined)
    .map(({ name, meant }) => `${name}: unknown variable; did you mean ${meant}?`);
}

/** The specification's variables of a setting that has no other, or a known one of nearly this name. */
function meantVariables(name: string, known: readonly string[]): string | undefined {
  const setting = namedSettings.find(({ fileKey }) => name === prefix + fileKey.toUpperCase());
  if (setting?.otelVariables) return setting.variables.join(' or ');
  const near = nearest(
    name.slice(prefix.length),
    known.map((each) => each.slice(prefix.length)),
  );
  return near === undefined ? undefined : prefix + near;
}

const prefix = 'TIDEGAUGE_';

/** Variables that are read beside the settings: the docker command's, and those of a proxy. */
const foreignVariables: ReadonlySet<string> = new Set([
  'DOCKER_HOST',
  'DOCKER_CONTEXT',
  'DOCKER_CONFIG',
  'DOCKER_CERT_PATH',
  'DOCKER_TLS_VERIFY',
  ...proxyVariables.flatMap((name) => [name, name.toLowerCase()]),
]);

function quotedVariables(environment: ConfigInput['environment']): string[] {
  return Object.keys(environment)
    .filter((name) => foreignVariables.has(name) && hasQuotes(environment[name]))
    .map((name) => `${name} ${showValue(environment[name])}: ${quotesHint}, which is used as it stands`);
}

/** Settings that may not be given together, or not without another. */
interface Conflict {
  readonly given: readonly string[];
  readonly without?: string;
  readonly why: string;
}

const conflicts: readonly Conflict[] = [
  { given: ['demo', 'dockerUrl'], why: 'the demo brings its own runtime; leave out one of them' },
  { given: ['replay', 'dockerUrl'], why: 'a recording is its own runtime; leave out one of them' },
  { given: ['demo', 'replay'], why: 'each brings its own runtime; leave out one of them' },
  needsKey('dockerTlsCert', 'dockerTlsKey', '--docker-tls-key'),
  needsCertificate('dockerTlsKey', 'dockerTlsCert', '--docker-tls-cert'),
  needsKey('otlpClientCertificate', 'otlpClientKey', '--otlp-client-key'),
  needsCertificate('otlpClientKey', 'otlpClientCertificate', '--otlp-client-certificate'),
];

/** The outcome of {@link checkConflicts}. */
interface CheckedSettings {
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
  /** Without the variables of the specification that took part: they are ignored. */
  readonly chosen: ChosenByKey;
}

/** Finds settings that conflict with each other. */
function checkConflicts(chosen: ChosenByKey): CheckedSettings {
  const problems: string[] = [];
  const warnings: string[] = [];
  const kept = new Map(chosen);
  for (const { given, without, why } of conflicts) {
    const parties = given.map((key) => chosen.get(key)).filter((each) => each !== undefined);
    if (!parties.every(isGiven) || (without !== undefined && isGiven(chosen.get(without)))) continue;
    const error = `${parties.flatMap(({ names }) => names).join(' with ')}: ${why}`;
    const ignored = parties.filter(({ isLenient }) => isLenient);
    for (const each of ignored) kept.set(each.setting.key, { ...each, names: [], values: [] });
    if (ignored.length > 0) warnings.push(`${error}; ignored`);
    else problems.push(error);
  }
  return { problems, warnings, chosen: kept };
}

/** `--demo=false` conflicts with nothing, and neither does a value of low priority. */
function isGiven(chosen: Chosen | undefined): boolean {
  return chosen !== undefined && !chosen.hasLowPriority && chosen.values.some((value) => value !== false);
}

function needsKey(certificate: string, key: string, flag: string): Conflict {
  return { given: [certificate], without: key, why: `a client certificate needs its key: give ${flag}` };
}

function needsCertificate(key: string, certificate: string, flag: string): Conflict {
  return { given: [key], without: certificate, why: `a key needs its client certificate: give ${flag}` };
}

/** Fills in defaults, first the constant ones, then those that follow from others, and clamps values to their bounds. */
function applyDefaults(chosen: ChosenByKey): LoadedConfig {
  const values = new Map([...chosen].map(([key, each]) => [key, givenOrConstant(each)]));
  const known = {
    intervalMillis: settings.intervalMillis.type.parse(values.get('intervalMillis')),
    resourceAttributes: settings.resourceAttributes.type.parse(values.get('resourceAttributes')),
    isEndpointGiven: (chosen.get('otlpEndpoint')?.names.length ?? 0) > 0,
  };
  for (const [key, each] of chosen) values.set(key, values.get(key) ?? derivedDefault(each, known));
  const warnings = [...chosen.values()].flatMap((each) => clamp(each, chosen, values));
  if (values.get('verbose') === true && values.get('logLevel') !== 'trace') values.set('logLevel', 'debug');
  const config = Object.freeze(Object.fromEntries(values));
  if (!isConfig(config)) throw new TypeError('a default does not pass the type of its own setting');
  return { config, warnings };
}

function givenOrConstant({ setting, values }: Chosen): unknown {
  const byDefault = typeof setting.default === 'string' ? setting.type.parse(setting.default) : undefined;
  if (values.length === 0) return byDefault;
  if (!setting.combined) return values[0];
  const completed: unknown = Object.assign({}, byDefault, ...values.toReversed());
  return setting.type.parse(completed);
}

function derivedDefault({ setting }: Chosen, known: KnownValues): unknown {
  return typeof setting.default === 'function' ? setting.type.parse(setting.default(known)) : undefined;
}

/** Clamps defaults without a warning. Derived defaults respect their bound already. */
function clamp({ setting, names }: Chosen, chosen: ChosenByKey, values: Map<string, unknown>): string[] {
  if (names.length === 0 && typeof setting.default === 'function') return [];
  const upper = chosen.get(setting.maxKey ?? '')?.setting;
  const value = values.get(setting.key);
  const bound = upper && values.get(upper.key);
  if (typeof value !== 'number' || typeof bound !== 'number' || value <= bound) return [];
  values.set(setting.key, bound);
  return names.map((name) => `${name} ${value}ms: lowered to --${upper?.flag}, ${bound}ms`);
}
