import type { ContainerIdentity } from '../../model/container.ts';
import type { AttributeCache, Attributes, ContainerInstrument } from '../../model/instrument.ts';
import type { ContainerSnapshot, Identified } from '../../model/snapshot.ts';

/** Options of profile `cadvisor`. */
export interface CadvisorOptions {
  readonly labels: LabelMakers;
  /** CPU time by CPU, where the kernel counts it so. */
  readonly perCpu: boolean;
}

/** The labels of a container on each of its series, and their keys. */
export interface LabelMakers {
  readonly keys: readonly string[];
  readonly whole: (container: Identified) => Attributes;
  /** Without what its user labelled it with. */
  readonly bare: (container: Identified) => Attributes;
}

/** Labels and variables of a container that become labels of its series. */
export interface LabelChoice {
  /** Names of labels; absent: all. */
  readonly labels?: ReadonlySet<string>;
  /** Beginnings of the names of variables. */
  readonly variables: readonly string[];
}

/** A metric of profile `cadvisor`, which can be observed with other options. */
export interface CadvisorInstrument extends ContainerInstrument {
  observeWith(options: CadvisorOptions): Pick<ContainerInstrument, 'observe' | 'observeCgroup'>;
}

/** The instruments, those of profile `cadvisor` among them with these options. */
export function withCadvisorOptions(
  instruments: readonly ContainerInstrument[],
  options: CadvisorOptions,
): readonly ContainerInstrument[] {
  return instruments.map((instrument) => {
    if (!isCadvisors(instrument)) return instrument;
    const own = instrument.attributes.filter((key) => !cadvisorDefaults.labels.keys.includes(key));
    const attributes = [...options.labels.keys, ...own];
    return { ...instrument, attributes, ...instrument.observeWith(options) };
  });
}

function isCadvisors(instrument: ContainerInstrument): instrument is CadvisorInstrument {
  return 'observeWith' in instrument;
}

const identityKeys = ['id', 'name', 'image'] as const;

/** Makers of the labels that were chosen. */
export function labelMakers({ labels, variables }: LabelChoice): LabelMakers {
  const keys = [
    ...identityKeys,
    ...(labels?.size === 0 ? [] : ['container_label_*']),
    ...(variables.length === 0 ? [] : ['container_env_*']),
  ];
  return {
    keys,
    whole: (container) => ({
      ...bareLabels(container),
      ...Object.fromEntries(ownLabels(container.identity.labels, labels)),
      ...Object.fromEntries(ownVariables(container.identity.environment, variables)),
    }),
    bare: bareLabels,
  };
}

/** As cAdvisor has them by default. */
export const cadvisorDefaults: CadvisorOptions = { labels: labelMakers({ variables: [] }), perCpu: true };

/** Beyond so many label values in one metric of one container, its series go without the container's own labels. */
const maxLabelValues = 200_000;

/**
 * cAdvisor's identity labels of a container. cAdvisor puts the labels of all containers on each series, those of the
 * others empty; an empty label is none to Prometheus, so only the container's own are here.
 * @param series how many series the metric has, each of which repeats the labels.
 */
export function cadvisorLabels(
  snapshot: ContainerSnapshot,
  cache: AttributeCache,
  { makers, series }: { readonly makers: LabelMakers; readonly series: number },
): Attributes {
  const whole = cache.ofContainer(makers.whole, snapshot);
  if (series <= 1 || series * Object.keys(whole).length <= maxLabelValues) return whole;
  return cache.ofContainer(makers.bare, snapshot);
}

/** `id`, `name` and `image` alone. */
function bareLabels({ identity }: Identified): Attributes {
  const { name, image } = identity;
  return {
    id: identity.cgroupPath ?? `/${identity.id}`,
    name,
    ...(image.reference !== undefined && { image: image.reference }),
  };
}

/** The first, in the order of names, of labels that become the same. */
function ownLabels(
  labels: ContainerIdentity['labels'],
  chosen: LabelChoice['labels'],
): ReadonlyMap<string, string> {
  const own = new Map<string, string>();
  for (const key of Object.keys(labels).toSorted()) {
    if (chosen?.has(key) === false) continue;
    const label = `container_label_${sanitized(key)}`;
    const value = labels[key];
    if (value && !own.has(label)) own.set(label, value);
  }
  return own;
}

/** cAdvisor writes the names in small letters; of variables that become the same, the last stands. */
function ownVariables(
  environment: ContainerIdentity['environment'],
  beginnings: readonly string[],
): ReadonlyMap<string, string> {
  const own = new Map<string, string>();
  if (beginnings.length === 0) return own;
  for (const entry of environment) {
    const [name = ''] = entry.split('=', 1);
    const value = entry.slice(name.length + 1);
    if (value !== '' && beginnings.some((beginning) => name.startsWith(beginning)))
      own.set(`container_env_${sanitized(name.toLowerCase())}`, value);
  }
  return own;
}

function sanitized(name: string): string {
  return name.replaceAll(/[^a-zA-Z0-9_]/g, '_');
}

/** Beginnings of names, and cAdvisor's group of metrics that they belong to; the first that fits decides. */
const beginnings: readonly (readonly [beginning: string, group: string])[] = [
  ['container_cpu_schedstat_', 'sched'],
  ['container_cpu_load_', 'cpuLoad'],
  ['container_tasks_state', 'cpuLoad'],
  ['container_cpu_', 'cpu'],
  ['container_memory_numa_', 'memory_numa'],
  ['container_memory_migrate', 'cpuset'],
  ['container_memory_bandwidth_', 'resctrl'],
  ['container_llc_', 'resctrl'],
  ['container_memory_', 'memory'],
  ['container_referenced_', 'referenced_memory'],
  ['container_hugetlb_', 'hugetlb'],
  ['container_fs_inodes_', 'disk'],
  ['container_fs_limit_', 'disk'],
  ['container_fs_usage_', 'disk'],
  ['container_fs_', 'diskIO'],
  ['container_blkio_', 'diskIO'],
  ['container_network_tcp', 'tcp'],
  ['container_network_udp', 'udp'],
  ['container_network_advance_tcp_', 'advtcp'],
  ['container_network_', 'network'],
  ['container_processes', 'process'],
  ['container_file_descriptors', 'process'],
  ['container_sockets', 'process'],
  ['container_threads', 'process'],
  ['container_ulimits_', 'process'],
  ['container_perf_', 'perf_event'],
  ['container_oom_', 'oom_event'],
  ['container_pressure_', 'pressure'],
  ['machine_cpu_cache_', 'cpu_topology'],
  ['machine_thread_siblings_', 'cpu_topology'],
  ['machine_node_', 'cpu_topology'],
];

/** The group that switches a metric of cAdvisor; undefined for what it always shows. */
export function groupOf(name: string): string | undefined {
  return beginnings.find(([beginning]) => name.startsWith(beginning))?.[1];
}
