import { findCandidates, judge } from './candidate.ts';
import type { Candidate, Chosen, ChosenByKey, Places } from './candidate.ts';
import { ConfigError } from './config-error.ts';
import { parseConfigFile } from './config-file.ts';
import type { ConfigFile } from './config-file.ts';
import { nearest, readFailure } from './messages.ts';
import { idleBlock, readDockerStats } from './receiver/read-block.ts';
import type { KnownValues, NamedSetting } from './settings/setting.ts';
import { isConfig, namedSettings, settings } from './settings/settings.ts';
import type { Config } from './settings/settings.ts';

/** Everything a configuration comes from. */
export interface ConfigInput {
  /** By flag without dashes; what yargs leaves: text, true or false, or an array where a flag was repeated. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Throws as `fs.readFileSync` does. */
  readonly readFile: (path: string) => string;
}

/** A configuration and what its user should hear of. */
export interface LoadedConfig {
  readonly config: Config;
  readonly warnings: readonly string[];
}

/**
 * Flag before environment before file before default. Pure but for `readFile`.
 * Throws a {@link ConfigError} with every mistake, also those in values that others override.
 */
export function loadConfig(input: ConfigInput): LoadedConfig {
  const file = readDockerStats(readConfigFile(input), input.environment);
  const places = { flags: input.flags, environment: input.environment, file: file.entries };
  const weighed = namedSettings.map((setting) => weigh(setting, places, input.readFile));
  const together = judgeTogether(new Map(weighed.map(({ chosen }) => [chosen.setting.key, chosen])));
  const problems = [file, ...weighed, together].flatMap((each) => each.problems);
  if (problems.length > 0) throw new ConfigError(problems);
  const { config, warnings } = settle(together.chosen);
  const earlier = [...weighed, together].flatMap((each) => each.warnings);
  const all = [
    ...unreadFiles(input.environment),
    ...unknownVariables(input.environment),
    ...earlier,
    ...warnings,
    ...idleBlock(config),
  ];
  return { config, warnings: all };
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
    return { entries: new Map(), problems: [`${name} "${path}": ${readFailure(error)}`] };
  }
}

interface Good {
  readonly candidate: Candidate;
  readonly value: unknown;
}

interface Weighed {
  readonly chosen: Chosen;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

function weigh(setting: NamedSetting, places: Places, readFile: (path: string) => string): Weighed {
  const problems: string[] = [];
  const warnings: string[] = [];
  const good: Good[] = [];
  for (const candidate of findCandidates(setting, places)) {
    const verdict = judge(candidate, setting, readFile);
    if ('value' in verdict) good.push({ candidate, value: verdict.value });
    else if (candidate.isForgiven) warnings.push(`${verdict.mistake}; ignored`);
    else problems.push(verdict.mistake);
  }
  return { chosen: choose(setting, good), problems, warnings };
}

function choose(setting: NamedSetting, good: readonly Good[]): Chosen {
  const [first] = good;
  const place = good.filter(({ candidate }) => candidate.from === first?.candidate.from);
  const winners = setting.combined ? place : place.slice(0, 1);
  return {
    setting,
    names: winners.map(({ candidate }) => candidate.name),
    values: winners.map(({ value }) => value),
    isForgiven: first?.candidate.isForgiven ?? false,
    yields: first?.candidate.yields ?? false,
  };
}

/** Kubernetes adds variables for each service, so an unknown one is a mistake only when it is nearly a known one. */
function unknownVariables(environment: ConfigInput['environment']): string[] {
  const known = namedSettings.flatMap(({ variables }) => variables).filter((name) => name.startsWith(prefix));
  const endings = known.map((name) => name.slice(prefix.length));
  return Object.keys(environment)
    .filter((name) => name.startsWith(prefix) && !known.includes(name))
    .map((name) => ({ name, near: nearest(name.slice(prefix.length), endings) }))
    .filter(({ near }) => near !== undefined)
    .map(({ name, near }) => `${name}: unknown variable; did you mean ${prefix}${near}?`);
}

const prefix = 'TIDEGAUGE_';

/** Settings that may not be given together, or not without another. */
interface Contradiction {
  readonly given: readonly string[];
  readonly without?: string;
  readonly why: string;
}

const contradictions: readonly Contradiction[] = [
  { given: ['demo', 'dockerUrl'], why: 'the demo brings its own runtime; leave out one of them' },
  { given: ['replay', 'dockerUrl'], why: 'a recording is its own runtime; leave out one of them' },
  { given: ['demo', 'replay'], why: 'each brings its own runtime; leave out one of them' },
  needsKey('dockerTlsCert', 'dockerTlsKey', '--docker-tls-key'),
  needsCertificate('dockerTlsKey', 'dockerTlsCert', '--docker-tls-cert'),
  needsKey('otlpClientCertificate', 'otlpClientKey', '--otlp-client-key'),
  needsCertificate('otlpClientKey', 'otlpClientCertificate', '--otlp-client-certificate'),
];

/** What values cannot show one by one. */
export interface Contradicted {
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
  /** Without the variables of the specification that took part: they are ignored. */
  readonly chosen: ChosenByKey;
}

/** Judges the whole of what is given. */
function judgeTogether(chosen: ChosenByKey): Contradicted {
  const problems: string[] = [];
  const warnings: string[] = [];
  const kept = new Map(chosen);
  for (const { given, without, why } of contradictions) {
    const parties = given.map((key) => chosen.get(key)).filter((each) => each !== undefined);
    if (!parties.every(isGiven) || (without !== undefined && isGiven(chosen.get(without)))) continue;
    const mistake = `${parties.flatMap(({ names }) => names).join(' with ')}: ${why}`;
    const forgiven = parties.filter(({ isForgiven }) => isForgiven);
    for (const each of forgiven) kept.set(each.setting.key, { ...each, names: [], values: [] });
    if (forgiven.length > 0) warnings.push(`${mistake}; ignored`);
    else problems.push(mistake);
  }
  return { problems, warnings, chosen: kept };
}

/** `--demo=false` gives nothing that could contradict, nor does what gives way. */
function isGiven(chosen: Chosen | undefined): boolean {
  return chosen !== undefined && !chosen.yields && chosen.values.some((value) => value !== false);
}

function needsKey(certificate: string, key: string, flag: string): Contradiction {
  return { given: [certificate], without: key, why: `a client certificate needs its key: give ${flag}` };
}

function needsCertificate(key: string, certificate: string, flag: string): Contradiction {
  return { given: [key], without: certificate, why: `a key needs its client certificate: give ${flag}` };
}

/** The whole configuration, and what had to be lowered for it. */
export interface Settled {
  readonly config: Config;
  readonly warnings: readonly string[];
}

/** Fills in defaults, first the constant ones, then those that follow from others, and keeps upper bounds. */
function settle(chosen: ChosenByKey): Settled {
  const values = new Map([...chosen].map(([key, each]) => [key, givenOrConstant(each)]));
  const known = {
    interval: settings.interval.type.parse(values.get('interval')),
    resourceAttributes: settings.resourceAttributes.type.parse(values.get('resourceAttributes')),
  };
  for (const [key, each] of chosen) values.set(key, values.get(key) ?? derived(each, known));
  const warnings = [...chosen.values()].flatMap((each) => keepBound(each, chosen, values));
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

function derived({ setting }: Chosen, known: KnownValues): unknown {
  return typeof setting.default === 'function' ? setting.type.parse(setting.default(known)) : undefined;
}

/** Defaults are lowered silently: nobody asked for them. One that is worked out of others has regarded them already. */
function keepBound({ setting, names }: Chosen, chosen: ChosenByKey, values: Map<string, unknown>): string[] {
  if (names.length === 0 && typeof setting.default === 'function') return [];
  const upper = chosen.get(setting.atMost ?? '')?.setting;
  const value = values.get(setting.key);
  const bound = upper && values.get(upper.key);
  if (typeof value !== 'number' || typeof bound !== 'number' || value <= bound) return [];
  values.set(setting.key, bound);
  return names.map((name) => `${name} ${value}ms: lowered to --${upper?.flag}, ${bound}ms`);
}
