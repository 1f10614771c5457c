import { findCandidates, judge, type Candidate, type Places } from './candidate.ts';
import type { Chosen } from './candidate.ts';
import { ConfigError } from './config-error.ts';
import { parseConfigFile, type ConfigFile } from './config-file.ts';
import { judgeTogether } from './conflicts.ts';
import { nearest, readFailure } from './messages.ts';
import { idleBlock } from './receiver/unused-block.ts';
import { readDockerStats } from './receiver/read-block.ts';
import type { NamedSetting } from './settings/setting.ts';
import { settle } from './resolve.ts';
import { namedSettings, type Config } from './settings/settings.ts';

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
  const all = [...unknownVariables(input.environment), ...earlier, ...warnings, ...idleBlock(config)];
  return { config, warnings: all };
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
