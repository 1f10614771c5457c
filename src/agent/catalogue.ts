import { ConfigError } from '../config/config-error.ts';
import { didYouMean } from '../config/messages.ts';
import type { Config } from '../config/settings/settings.ts';
import { dockerStatsMistakes, dockerStatsOptions } from './docker-stats-profile.ts';
import { catalogueOf, resourceOf, wholeCatalogue, conflictsOf } from '../metrics/catalogue.ts';
import type { Catalogue, ProfileName } from '../metrics/catalogue.ts';
import type { DockerStatsOptions } from '../metrics/docker-stats/options.ts';
import type { ResourceOf } from '../attributes/resource.ts';

/** The instruments that a configuration switches on, and who a container is in the words of its profiles. */
export interface ChosenMetrics {
  readonly catalogue: Catalogue;
  readonly resourceOf: ResourceOf;
}

/**
 * The metrics that a configuration switches on. Throws a ConfigError with every name that its profiles do not have, or
 * with every two of its metrics that cannot go together.
 */
export function chosenMetrics({ profile, metric, dockerStats = {} }: Config): ChosenMetrics {
  const switches = metricSwitches(metric);
  const { containers, runtime } = wholeCatalogue(profile);
  const known = [...containers, ...runtime].map(({ name }) => name);
  const unknown = [...switches.keys()].filter((name) => !known.includes(name));
  const where = `no metric that can be switched in ${profile.join(', ')}`;
  const mistakes = unknown.map((name) => `--metric "${name}": ${where}${didYouMean(name, known)}`);
  const problems = [...mistakes, ...dockerStatsMistakes(dockerStats)];
  if (problems.length > 0) throw new ConfigError(problems);
  const options = dockerStatsOptions(dockerStats);
  const conflicts = conflictTexts(profile, switches, options);
  if (conflicts.length > 0) throw new ConfigError(conflicts);
  return { catalogue: catalogueOf(profile, switches, options), resourceOf: resourceOf(profile, options) };
}

function conflictTexts(
  names: readonly ProfileName[],
  switches: ReadonlyMap<string, boolean>,
  options: DockerStatsOptions,
): readonly string[] {
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
