import { ConfigError } from './config/config-error.ts';
import { didYouMean } from './config/did-you-mean.ts';
import type { Config } from './config/settings.ts';
import { catalogueOf, wholeCatalogue } from './metrics/catalogue.ts';
import type { Catalogue } from './metrics/catalogue.ts';

/** The metrics that a configuration switches on. Throws a ConfigError with every name that its profiles do not have. */
export function chosenMetrics({ profile, metric }: Config): Catalogue {
  const switches = metricSwitches(metric);
  const { containers, engine } = wholeCatalogue(profile);
  const known = [...containers, ...engine].map(({ name }) => name);
  const unknown = [...switches.keys()].filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    const where = `no metric that can be switched in ${profile.join(', ')}`;
    throw new ConfigError(unknown.map((name) => `--metric "${name}": ${where}${didYouMean(name, known)}`));
  }
  return catalogueOf(profile, switches);
}

/** `NAME` switches on, `!NAME` off; the last word on a metric holds. */
function metricSwitches(words: readonly string[] = []): ReadonlyMap<string, boolean> {
  return new Map(words.map((word) => (word.startsWith('!') ? [word.slice(1).trim(), false] : [word, true])));
}
