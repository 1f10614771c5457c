import type { ResourceOf } from '../attributes/resource.ts';
import { ConfigError } from '../config/config-error.ts';
import { didYouMean } from '../config/messages.ts';
import type { DockerStatsBlock } from '../config/receiver/block.ts';
import { profileNames } from '../config/settings/names.ts';
import type { Config } from '../config/settings/settings.ts';
import { compilePattern } from '../config/types/pattern.ts';
import { groupOf, labelMakers, withCadvisorOptions } from '../metrics/cadvisor/options.ts';
import type { CadvisorOptions } from '../metrics/cadvisor/options.ts';
import { catalogueOf, conflictsOf, profiles, resourceOf, wholeCatalogue } from '../metrics/catalogue.ts';
import type { Catalogue, ProfileName } from '../metrics/catalogue.ts';
import type { DockerStatsOptions } from '../metrics/docker-stats/options.ts';
import { dockerStatsContainers } from '../metrics/docker-stats/profile.ts';
import { receiverAttribute } from '../metrics/docker-stats/resource.ts';
import type { ContainerSnapshot } from '../model/snapshot.ts';

/** The enabled instruments of a configuration, and the resource attributes of containers in its profiles. */
interface ChosenMetrics {
  readonly catalogue: Catalogue;
  readonly resourceOf: ResourceOf;
}

/**
 * The metrics that a configuration switches on. Throws a ConfigError with every name that its profiles do not have, or
 * with every two of its metrics that cannot go together.
 */
export function chosenMetrics(config: Config): ChosenMetrics {
  const { profile, metric, dockerStats = {} } = config;
  const switches = new Map([...groupSwitches(config), ...metricSwitches(metric)]);
  const problems = [...metricMistakes({ profile, metric }), ...dockerStatsMistakes(dockerStats)];
  if (problems.length > 0) throw new ConfigError(problems);
  const options = dockerStatsOptions(dockerStats);
  const conflicts = conflictTexts(profile, switches, options);
  if (conflicts.length > 0) throw new ConfigError(conflicts);
  const { containers, runtime } = catalogueOf(profile, switches, options);
  return {
    catalogue: { containers: withCadvisorOptions(containers, cadvisorOptions(config)), runtime },
    resourceOf: resourceOf(profile, options),
  };
}

/** Every metric of a group of cAdvisor's is on where the group is named, and off where it is not. */
function groupSwitches({ profile, cadvisorGroup }: Config): ReadonlyMap<string, boolean> {
  if (!profile.includes('cadvisor') || cadvisorGroup.includes('all')) return new Map();
  const named: ReadonlySet<string> = new Set(cadvisorGroup);
  const { containers, runtime } = profiles.cadvisor;
  const grouped = [...containers, ...runtime].flatMap(({ name }) => {
    const group = groupOf(name);
    return group === undefined ? [] : [[name, named.has(group)] as const];
  });
  return new Map(grouped);
}

/** The settings of profile `cadvisor` as its options. */
function cadvisorOptions({ cadvisorGroup, cadvisorLabel, cadvisorEnv }: Config): CadvisorOptions {
  const names = cadvisorLabel.filter((name) => name !== 'none');
  return {
    perCpu: cadvisorGroup.includes('all') || cadvisorGroup.includes('percpu'),
    labels: labelMakers({
      ...(!names.includes('all') && { labels: new Set(names) }),
      variables: cadvisorEnv ?? [],
    }),
  };
}

/** Every name of `--metric` that the profiles do not have; that no profile has, when the profiles are not known. */
export function metricMistakes({ profile, metric }: Partial<Pick<Config, 'profile' | 'metric'>>): string[] {
  const { containers, runtime } = wholeCatalogue(profile ?? profileNames);
  const known = [...containers, ...runtime].map(({ name }) => name);
  const where = profile ? profile.join(', ') : 'any profile';
  return [...metricSwitches(metric).keys()]
    .filter((name) => !known.includes(name))
    .map(
      (name) => `--metric "${name}": no metric that can be switched in ${where}${didYouMean(name, known)}`,
    );
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

type ShownTest = (snapshot: ContainerSnapshot) => boolean;
type ResourceAttributeOptions = NonNullable<
  NonNullable<DockerStatsBlock['resource_attributes']>['container.id']
>;
type Filter = NonNullable<ResourceAttributeOptions['metrics_include']>[number];

/** A pasted receiver's block as options of the profile `docker_stats`. */
export function dockerStatsOptions(block: DockerStatsBlock): DockerStatsOptions {
  const metrics = Object.entries(block.metrics ?? {}).map(
    ([name, options]) => [name, options ?? {}] as const,
  );
  const attributes = resourceAttributes(block);
  const switches = attributes.flatMap(([key, { enabled }]) =>
    enabled === undefined ? [] : [[key, enabled] as const],
  );
  const tests = attributes.flatMap(([key, options]) => filters(key, options));
  return {
    metrics: new Map(metrics),
    resource: {
      switches: new Map(switches),
      labels: block.container_labels_to_metric_labels ?? {},
      environment: block.env_vars_to_metric_labels ?? {},
    },
    isShown: tests.length === 0 ? undefined : (snapshot) => tests.every((isShown) => isShown(snapshot)),
  };
}

/** The names in a block that the profile does not have. */
function dockerStatsMistakes({ metrics }: DockerStatsBlock): string[] {
  const names = dockerStatsContainers.map(({ name }) => name);
  return Object.entries(metrics ?? {}).flatMap(([name, options]) => {
    const at = `docker_stats.metrics.${name}`;
    const instrument = dockerStatsContainers.find((each) => each.name === name);
    if (!instrument) return [`${at}: unknown metric${didYouMean(name, names)}`];
    const known = instrument.attributes;
    const strange = (options?.attributes ?? []).filter((key) => !known.includes(key));
    const expected =
      known.length > 0 ? `expected some of ${known.join(', ')}` : 'the metric has no attributes';
    return strange.map((key) => `${at}.attributes "${key}": ${expected}`);
  });
}

function resourceAttributes({
  resource_attributes: given,
}: DockerStatsBlock): [string, ResourceAttributeOptions][] {
  return Object.entries(given ?? {}).flatMap(([key, options]) => (options ? [[key, options]] : []));
}

/** A container is shown when an include of each attribute matches it, and no exclude does. */
function filters(key: string, options: ResourceAttributeOptions): ShownTest[] {
  const { metrics_include: included, metrics_exclude: excluded, enabled } = options;
  if (enabled === false) return [];
  return [
    ...(included?.length ? [matching(key, included)] : []),
    ...(excluded?.length ? [not(matching(key, excluded))] : []),
  ];
}

function matching(key: string, wanted: readonly Filter[]): ShownTest {
  const tests = wanted.map((filter) => {
    if ('strict' in filter) return (value: string) => value === filter.strict;
    return compilePattern(`/${filter.regexp}/`);
  });
  return (snapshot) => {
    const value = receiverAttribute(snapshot, key) ?? '';
    return tests.some((test) => test(value));
  };
}

function not(test: ShownTest): ShownTest {
  return (snapshot) => !test(snapshot);
}
