/** docker_exporter's own metrics, apart from the catalogue: they are of what happens, not of a container or a runtime. */
export const dockerExporterOwn = {
  probe: {
    kind: 'histogram',
    name: 'docker_probe_duration_seconds',
    description: 'How long it takes to query Docker for the complete data set',
  },
  list: {
    kind: 'histogram',
    name: 'docker_probe_list_containers_duration_seconds',
    description: 'How long it takes to list the containers',
  },
  inspect: {
    kind: 'histogram',
    name: 'docker_probe_inspect_duration_seconds',
    description: 'How long it takes to inspect one container',
  },
  stats: {
    kind: 'histogram',
    name: 'docker_probe_stats_duration_seconds',
    description: 'How long it takes to get the stats of one container',
  },
  listFailures: {
    kind: 'counter',
    name: 'docker_probe_list_containers_failed_total',
    description: 'Failed attempts to list the containers',
  },
  inlineTimeouts: {
    kind: 'counter',
    name: 'docker_probe_inline_timeouts_total',
    description: 'Scrapes answered before the probe had ended',
  },
} as const satisfies Readonly<Record<string, OwnMetric>>;

/** A metric that docker_exporter has of itself. */
export interface OwnMetric {
  readonly kind: 'histogram' | 'counter';
  readonly name: string;
  readonly description: string;
}
