import { isOfUsage } from '../../model/instrument.ts';
import type { Attributes, ContainerInstrument, MetricSource, Observe } from '../../model/instrument.ts';
import type { Integer } from '../../model/sample.ts';
import type { ContainerSnapshot, CounterGroup, CounterStarts, Measured } from '../../model/snapshot.ts';
import { cadvisorDefaults, cadvisorLabels } from './options.ts';
import type { CadvisorInstrument, CadvisorOptions } from './options.ts';

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

/**
 * A metric of profile `cadvisor`: cAdvisor shows a container while it has a cgroup, and so while it runs or is paused; of
 * one that has ended the last values are shown. Cgroups that are no containers' have the same.
 */
export function cadvisorMetric(
  { name, kind, description, source, labels = [], absentWhen, ...others }: CadvisorDeclaration,
  read: (measured: Measured, options: CadvisorOptions) => readonly CadvisorSeries[],
): CadvisorInstrument {
  const isUsage = isOfUsage({ source });
  const observeWith = (options: CadvisorOptions): Pick<ContainerInstrument, 'observe' | 'observeCgroup'> => ({
    observe(snapshot, observe, cache) {
      if (!hasCgroup(snapshot) && !(isUsage && snapshot.sample?.isLast)) return;
      const all = read(snapshot, options);
      const base = cadvisorLabels(snapshot, cache, { makers: options.labels, series: all.length });
      observeAll(all, { base, starts: snapshot.starts, observe });
    },
    observeCgroup(cgroup, observe, cache) {
      const base = cache.ofNames(labelsOfCgroup, cgroup.path);
      observeAll(read(cgroup, options), { base, starts: cgroup.starts, observe });
    },
  });
  return {
    name,
    kind,
    unit: unitOf(name),
    description,
    attributes: [...cadvisorDefaults.labels.keys, ...labels],
    source,
    ...others,
    stability: 'peer',
    literal: { type: kind },
    ...(absentWhen !== undefined && { absentWhen }),
    ...observeWith(cadvisorDefaults),
    observeWith,
  };
}

/** cAdvisor's `name` and `image` are empty here, which to Prometheus is the same as none. */
function labelsOfCgroup(path: string): Attributes {
  return { id: path };
}

function observeAll(
  series: readonly CadvisorSeries[],
  {
    base,
    starts,
    observe,
  }: { readonly base: Attributes; readonly starts: CounterStarts; readonly observe: Observe },
): void {
  for (const { value, labels: own, group, counter, startedAt: began } of series) {
    if (value === undefined) continue;
    const startedAt = group ? starts.of(group, counter) : began;
    observe(Number(value), own ? { ...base, ...own } : base, startedAt);
  }
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
