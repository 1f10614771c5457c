import type { Config } from '../settings/settings.ts';

/** What of a receiver's block speaks of its metrics alone. */
const ofMetrics = [
  'metrics',
  'resource_attributes',
  'container_labels_to_metric_labels',
  'env_vars_to_metric_labels',
] as const;

/** Warns of a block `docker_stats:` whose metrics nobody chose. */
export function idleBlock({ profile, dockerStats = {} }: Config): string[] {
  if (profile.includes('docker_stats')) return [];
  const idle = ofMetrics.filter((key) => Object.keys(dockerStats[key] ?? {}).length > 0);
  return idle.length === 0
    ? []
    : [`docker_stats ${idle.join(', ')}: without effect, for --profile ${profile.join()} has other metrics`];
}
