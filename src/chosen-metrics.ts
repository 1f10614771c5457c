import { ConfigError } from './config/config-error.ts';
import { didYouMean } from './config/did-you-mean.ts';
import type { Config } from './config/settings.ts';
import { dockerStatsMistakes, dockerStatsOptions } from './docker-stats-choice.ts';
import { catalogueOf, resourceOf, wholeCatalogue } from './metrics/catalogue.ts';
import type { Catalogue } from './metrics/catalogue.ts';
import type { ResourceOf } from './metrics/identity-attributes.ts';

/** The metrics that a configuration switches on. Throws a ConfigError with every name that its profiles do not have. */
export function chosenMetrics({ profile, metric, dockerStats = {} }: Config): Catalogue {
  const switches = metricSwitches(metric);
  const { containers, engine } = wholeCatalogue(profile);
  const known = [...containers, ...engine].map(({ name }) => name);
  const unknown = [...switches.keys()].filter((name) => !known.includes(name));
  const where = `no metric that can be switched in ${profile.join(', ')}`;
  const mistakes = unknown.map((name) => `--metric "${name}": ${where}${didYouMean(name, known)}`);
  const problems = [...mistakes, ...dockerStatsMistakes(dockerStats)];
  if (problems.length > 0) throw new ConfigError(problems);
  return catalogueOf(profile, switches, dockerStatsOptions(dockerStats));
}

/** Who containers are, in the words of the profiles that a configuration chooses. */
export function chosenResource({ profile, dockerStats = {} }: Config): ResourceOf {
  return resourceOf(profile, dockerStatsOptions(dockerStats));
}

/** `NAME` switches on, `!NAME` off; the last word on a metric holds. */
function metricSwitches(words: readonly string[] = []): ReadonlyMap<string, boolean> {
  return new Map(words.map((word) => (word.startsWith('!') ? [word.slice(1).trim(), false] : [word, true])));
}
