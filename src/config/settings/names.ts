/** The profiles there are: the catalogue has one for each name, in this order. */
export const profileNames = ['semconv', 'docker_exporter', 'docker_stats', 'cadvisor'] as const;

/** The presets there are: the metrics have the labels of each. */
export const presetNames = ['compose', 'swarm', 'kubernetes', 'oci'] as const;

/** Where usage may be read. */
export const usageSources = ['auto', 'cgroup', 'runtime'] as const;
