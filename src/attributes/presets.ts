/** One label that becomes an attribute by itself. */
interface PresetLabel {
  readonly label: string;
  readonly attribute: string;
}

/** An image's version, as the OCI image specification has it: `service.version`, once a service is named. */
export const imageVersionLabel = 'org.opencontainers.image.version';

/**
 * The labels of each preset. The conventions have names for Kubernetes alone; all other labels they put under
 * `container.label.<key>`, which Prometheus shows as cAdvisor does: `container_label_com_docker_compose_project`.
 */
const presetLabels = {
  compose: [
    byConvention('com.docker.compose.project'),
    byConvention('com.docker.compose.service'),
    byConvention('com.docker.compose.container-number'),
  ],
  swarm: [
    byConvention('com.docker.stack.namespace'),
    byConvention('com.docker.swarm.service.id'),
    byConvention('com.docker.swarm.service.name'),
    byConvention('com.docker.swarm.task.id'),
    byConvention('com.docker.swarm.task.name'),
    byConvention('com.docker.swarm.node.id'),
  ],
  kubernetes: [
    { label: 'io.kubernetes.pod.name', attribute: 'k8s.pod.name' },
    { label: 'io.kubernetes.pod.namespace', attribute: 'k8s.namespace.name' },
    { label: 'io.kubernetes.pod.uid', attribute: 'k8s.pod.uid' },
    { label: 'io.kubernetes.container.name', attribute: 'k8s.container.name' },
  ],
  oci: [],
} as const satisfies Readonly<Record<string, readonly PresetLabel[]>>;

/** The name of a preset. */
export type PresetName = keyof typeof presetLabels;

/** Every attribute that a preset makes. */
export const presetAttributes: readonly string[] = attributesOf(Object.values(presetLabels).flat());

/** The attributes of these presets, by label. */
export function presetRules(names: readonly PresetName[]): ReadonlyMap<string, string> {
  const labels = names.flatMap((name): readonly PresetLabel[] => presetLabels[name]);
  return new Map(labels.map(({ label, attribute }) => [label, attribute]));
}

function byConvention(label: string): PresetLabel {
  return { label, attribute: `container.label.${label}` };
}

function attributesOf(labels: readonly PresetLabel[]): string[] {
  return labels.map(({ attribute }) => attribute);
}
