import { didYouMean } from '../config/messages.ts';
import type { DockerStatsBlock } from '../config/receiver/block.ts';
import { compilePattern } from '../config/types/pattern.ts';
import type { DockerStatsOptions } from '../metrics/docker-stats/options.ts';
import { receiverAttribute } from '../metrics/docker-stats/resource.ts';
import { dockerStatsContainers } from '../metrics/docker-stats/profile.ts';
import type { ContainerSnapshot } from '../model/snapshot.ts';

type ShownTest = (snapshot: ContainerSnapshot) => boolean;
type ResourceAttributeOptions = NonNullable<
  NonNullable<DockerStatsBlock['resource_attributes']>['container.id']
>;
type Filter = NonNullable<ResourceAttributeOptions['metrics_include']>[number];

/** What a pasted block means to the profile `docker_stats`. */
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
export function dockerStatsMistakes({ metrics }: DockerStatsBlock): string[] {
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
