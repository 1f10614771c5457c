/** The profiles there are: the catalogue has one for each name, in this order. */
export const profileNames = ['semconv', 'docker_exporter', 'docker_stats', 'cadvisor'] as const;
