import { ConfigError } from '../config/config-error.ts';
import { didYouMean } from '../config/messages.ts';
import type { Config } from '../config/settings/settings.ts';
import { dockerStatsMistakes, dockerStatsOptions } from './docker-stats-profile.ts';
import { catalogueOf, resourceOf, wholeCatalogue, conflictsOf } from '../metrics/catalogue.ts';
import type { Catalogue } from '../metrics/catalogue.ts';
import type { ResourceOf } from '../attributes/resource.ts';

/**
 * The metrics that a configuration switches on. Throws a ConfigError with every name that its profiles do not have, or
 * with every two of its metrics that cannot go together.
 */
export function chosenMetrics(config: Config): Catalogue {
  const { profile, metric, dockerStats = {} } = config;
  const switches = metricSwitches(metric);
  const { containers, runtime } = wholeCatalogue(profile);
  const known = [...containers, ...runtime].map(({ name }) => name);
  const unknown = [...switches.keys()].filter((name) => !known.includes(name));
  const where = `no metric that can be switched in ${profile.join(', ')}`;
  const mistakes = unknown.map((name) => `--metric "${name}": ${where}${didYouMean(name, known)}`);
  const problems = [...mistakes, ...dockerStatsMistakes(dockerStats)];
  if (problems.length > 0) throw new ConfigError(problems);
  const conflicts = conflictTexts(config, switches);
  if (conflicts.length > 0) throw new ConfigError(conflicts);
  return catalogueOf(profile, switches, dockerStatsOptions(dockerStats));
}

/** Who containers are, in the words of the profiles that a configuration chooses. */
export function chosenResource({ profile, dockerStats = {} }: Config): ResourceOf {
  return resourceOf(profile, dockerStatsOptions(dockerStats));
}

function conflictTexts(
  { profile: names, dockerStats = {} }: Config,
  switches: ReadonlyMap<string, boolean>,
): readonly string[] {
  const options = dockerStatsOptions(dockerStats);
  const catalogues = names.map((profile) => ({ profile, ...catalogueOf([profile], switches, options) }));
  return conflictsOf(catalogues).map(({ exposedName, differs, first, second }) => {
    const parties = `${first.profile} (${first.name}) and ${second.profile} (${second.name})`;
    const cure = `choose one of the profiles, or switch one metric off: --metric '!${first.name}'`;
    return `--profile ${names.join(',')}: ${parties} both have ${exposedName}, but differ in ${differs.join(' and ')}; ${cure}`;
  });
}

/** `NAME` switches on, `!NAME` off; the last word on a metric holds. */
function metricSwitches(words: readonly string[] = []): ReadonlyMap<string, boolean> {
  return new Map(words.map((word) => (word.startsWith('!') ? [word.slice(1).trim(), false] : [word, true])));
}
