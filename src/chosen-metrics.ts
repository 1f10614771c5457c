import { ConfigError } from './config/config-error.ts';
import { didYouMean } from './config/did-you-mean.ts';
import type { Config } from './config/settings.ts';
import { catalogueOf, wholeCatalogue } from './metrics/catalogue.ts';
import type { Catalogue, ProfileName } from './metrics/catalogue.ts';
import { conflictsOf } from './metrics/profile-conflicts.ts';

/**
 * The metrics that a configuration switches on. Throws a ConfigError with every name that its profiles do not have, or
 * with every two of its metrics that cannot go together.
 */
export function chosenMetrics({ profile, metric }: Config): Catalogue {
  const switches = metricSwitches(metric);
  const { containers, engine } = wholeCatalogue(profile);
  const known = [...containers, ...engine].map(({ name }) => name);
  const unknown = [...switches.keys()].filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    const where = `no metric that can be switched in ${profile.join(', ')}`;
    throw new ConfigError(unknown.map((name) => `--metric "${name}": ${where}${didYouMean(name, known)}`));
  }
  const conflicts = conflictTexts(profile, switches);
  if (conflicts.length > 0) throw new ConfigError(conflicts);
  return catalogueOf(profile, switches);
}

function conflictTexts(
  names: readonly ProfileName[],
  switches: ReadonlyMap<string, boolean>,
): readonly string[] {
  const catalogues = names.map((profile) => ({ profile, ...catalogueOf([profile], switches) }));
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
