import { countOf, objectOf } from '../json-fields.ts';
import type { Fields } from '../json-fields.ts';

/**
 * A stats answer without the figures that Podman fills in although it does not know them; another engine's as it is.
 * Its `system_cpu_usage` is not the host's, its throttling is never counted, and a container without a network of its
 * own has one of which nothing was ever counted.
 */
export function dropPlaceholders(answer: Fields): Fields {
  const cpu = objectOf(answer['cpu_stats']);
  // A percentage of its own making that no other engine gives.
  if (cpu?.['cpu'] === undefined) return answer;
  return {
    ...answer,
    cpu_stats: ownCpu(cpu),
    precpu_stats: ownCpu(objectOf(answer['precpu_stats']) ?? {}),
    networks: wasUsed(objectOf(answer['networks'])) ? answer['networks'] : undefined,
  };
}

function ownCpu({ system_cpu_usage: _notTheHosts, throttling_data: throttling, ...own }: Fields): Fields {
  return hasCounted(objectOf(throttling)) ? { ...own, throttling_data: throttling } : own;
}

function wasUsed(networks: Fields = {}): boolean {
  return Object.values(networks).some((network) => hasCounted(objectOf(network)));
}

function hasCounted(counters: Fields = {}): boolean {
  return Object.values(counters).some((count) => Boolean(countOf(count)));
}
