import type { ContainerIdentity } from '../../model/container.ts';
import type {
  AttributeCache,
  Attributes,
  ContainerInstrument,
  MetricSource,
} from '../../model/instrument.ts';
import type { Integer } from '../../model/sample.ts';
import type { ContainerSnapshot, CounterGroup, Identified } from '../../model/snapshot.ts';

/** One series of a metric. */
export interface CadvisorSeries {
  readonly value: Integer | undefined;
  /** Labels besides those of every series. */
  readonly labels?: Attributes;
  /** With what a counter begins. */
  readonly group?: CounterGroup;
  /** Its key in that group. */
  readonly counter?: string;
  /** When it began, if with none of those; milliseconds since the epoch. */
  readonly startedAt?: number;
}

/** Declaration of a metric of profile `cadvisor`. */
export interface CadvisorDeclaration {
  readonly name: string;
  /** cAdvisor's type, even against the name's suffix. */
  readonly kind: 'gauge' | 'counter';
  readonly description: string;
  readonly source: MetricSource;
  readonly outlivesPublication?: true;
  /** Labels besides those of every series. */
  readonly labels?: readonly string[];
  readonly absentWhen?: string | undefined;
}

/** Why what the kernel counts may be absent: `source` says that it comes from its files. */
export const runtimeLacksIt = 'usage is read by the runtime’s API, which lacks it';

/** A metric of profile `cadvisor`: cAdvisor shows a container while it has a cgroup, and so while it runs or is paused. */
export function cadvisorMetric(
  { name, kind, description, source, labels = [], absentWhen, ...others }: CadvisorDeclaration,
  read: (snapshot: ContainerSnapshot) => readonly CadvisorSeries[],
): ContainerInstrument {
  return {
    name,
    kind,
    unit: unitOf(name),
    description,
    attributes: [...cadvisorKeys, ...labels],
    source,
    ...others,
    stability: 'peer',
    literal: { type: kind },
    ...(absentWhen !== undefined && { absentWhen }),
    observe(snapshot, observe, cache) {
      if (!hasCgroup(snapshot)) return;
      const all = read(snapshot);
      const base = cadvisorLabels(snapshot, cache, all.length);
      for (const { value, labels: own, group, counter, startedAt: began } of all) {
        if (value === undefined) continue;
        const startedAt = group ? snapshot.starts.of(group, counter) : began;
        observe(Number(value), own ? { ...base, ...own } : base, startedAt);
      }
    },
  };
}

/** The unit that the name ends with; any other would change the name on the way from OTLP to Prometheus. */
function unitOf(name: string): string {
  if (/_bytes(_total)?$/.test(name)) return 'By';
  return /_seconds(_total)?$/.test(name) ? 's' : '';
}

function hasCgroup({ state }: ContainerSnapshot): boolean {
  return state.status === 'running' || state.status === 'paused';
}

/** Seconds of what Linux counts in nanoseconds and Windows in ticks of 100 ns. */
export function inSeconds(count: Integer | undefined, { windows = false } = {}): number | undefined {
  return count === undefined ? undefined : Number(count) / (windows ? 1e7 : 1e9);
}

/** Labels of every series of cAdvisor. */
const cadvisorKeys = ['id', 'name', 'image', 'container_label_*'] as const;

/** Beyond so many label values in one metric of one container, its series go without the container's own labels. */
const maxLabelValues = 200_000;

/**
 * cAdvisor's identity labels of a container. cAdvisor puts the labels of all containers on each series, those of the
 * others empty; an empty label is none to Prometheus, so only the container's own are here.
 * @param series how many series the metric has, each of which repeats the labels.
 */
function cadvisorLabels(snapshot: ContainerSnapshot, cache: AttributeCache, series: number): Attributes {
  const whole = cache.ofContainer(wholeLabels, snapshot);
  if (series <= 1 || series * Object.keys(whole).length <= maxLabelValues) return whole;
  return cache.ofContainer(bareLabels, snapshot);
}

/** With `container_label_*`. */
function wholeLabels(container: Identified): Attributes {
  return { ...bareLabels(container), ...Object.fromEntries(ownLabels(container.identity.labels)) };
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
function ownLabels(labels: ContainerIdentity['labels']): ReadonlyMap<string, string> {
  const own = new Map<string, string>();
  for (const key of Object.keys(labels).toSorted()) {
    const label = `container_label_${key.replaceAll(/[^a-zA-Z0-9_]/g, '_')}`;
    const value = labels[key];
    if (value && !own.has(label)) own.set(label, value);
  }
  return own;
}
