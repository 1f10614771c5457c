/** The profiles there are: the catalogue has one for each name, in this order. */
export const profileNames = ['semconv', 'docker_exporter', 'docker_stats', 'cadvisor'] as const;

/** The presets there are: the metrics have the labels of each. */
export const presetNames = ['compose', 'swarm', 'kubernetes', 'oci'] as const;

/** Where usage may be read. */
export const usageSources = ['auto', 'cgroup', 'runtime'] as const;

/** Which cgroups that are no containers' have rows of their own. */
export const cgroupRows = ['none', 'root', 'slices'] as const;

/** cAdvisor's groups of metrics there are: the catalogue knows the group of each metric. */
export const cadvisorGroupNames = [
  'advtcp',
  'app',
  'cpu',
  'cpuLoad',
  'cpu_topology',
  'cpuset',
  'disk',
  'diskIO',
  'hugetlb',
  'memory',
  'memory_numa',
  'network',
  'oom_event',
  'percpu',
  'perf_event',
  'pressure',
  'process',
  'referenced_memory',
  'resctrl',
  'sched',
  'tcp',
  'udp',
] as const;
