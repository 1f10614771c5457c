import type { ContainerIdentity } from '../../model/container.ts';
import type { EngineDescription } from '../../model/runtime.ts';
import type { Attributes } from '../../model/instrument.ts';
import type { ContainerSnapshot } from '../../model/snapshot.ts';
import { cgroupPath } from '../cgroup-path.ts';

/** Labels of every series of cAdvisor. */
export const cadvisorKeys = ['id', 'name', 'image', 'container_label_*'] as const;

/** Beyond so many label values in one metric of one container, its series go without the container's own labels. */
const mostLabelValues = 200_000;

interface Labels {
  readonly engine: EngineDescription;
  /** `id`, `name` and `image` alone. */
  readonly bare: Attributes;
  /** With `container_label_*`. */
  readonly whole: Attributes;
  readonly count: number;
}

/** Made once per identity: hundreds of series of a container have them. */
const known = new WeakMap<ContainerIdentity, Labels>();

/**
 * Who a container is, in cAdvisor's words. cAdvisor puts the labels of all containers on each series, those of the
 * others empty; an empty label is none to Prometheus, so here are the container's own.
 * @param series how many series the metric has, each of which repeats the labels.
 */
export function cadvisorLabels({ identity, engine }: ContainerSnapshot, series = 1): Attributes {
  let labels = known.get(identity);
  if (labels?.engine !== engine) known.set(identity, (labels = labelsOf(identity, engine)));
  return series > 1 && series * labels.count > mostLabelValues ? labels.bare : labels.whole;
}

function labelsOf(identity: ContainerIdentity, engine: EngineDescription): Labels {
  const { name, image } = identity;
  const bare = {
    id: cgroupPath(identity, engine),
    name,
    ...(image.reference !== undefined && { image: image.reference }),
  };
  const own = ownLabels(identity.labels);
  return { engine, bare, whole: { ...bare, ...Object.fromEntries(own) }, count: own.size };
}

/** Of labels that become the same, the first in the order of their names. */
function ownLabels(labels: ContainerIdentity['labels']): ReadonlyMap<string, string> {
  const own = new Map<string, string>();
  for (const key of Object.keys(labels).toSorted()) {
    const label = `container_label_${key.replaceAll(/[^a-zA-Z0-9_]/g, '_')}`;
    const value = labels[key];
    if (value && !own.has(label)) own.set(label, value);
  }
  return own;
}
