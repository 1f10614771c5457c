/** The presets there are: the metrics have the labels of each. */
export const presetNames = ['compose', 'swarm', 'kubernetes', 'oci'] as const;
