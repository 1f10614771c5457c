import type { Attributes, ContainerInstrument, Observe } from '../../model/instrument.ts';
import type { ContainerSnapshot } from '../../model/snapshot.ts';
import type { DockerStatsResourceOptions } from './resource.ts';

/** One metric's settings in a receiver's configuration. */
export interface DockerStatsMetricOptions {
  readonly enabled?: boolean | undefined;
  /** The attributes that are left. */
  readonly attributes?: readonly string[] | null | undefined;
  readonly aggregation_strategy?: AggregationStrategy | undefined;
}

/** Options of profile `docker_stats`, against the receiver's defaults. */
export interface DockerStatsOptions {
  readonly metrics: ReadonlyMap<string, DockerStatsMetricOptions>;
  readonly resource: DockerStatsResourceOptions;
  /** True when a container has metrics; absent: all have. */
  readonly isShown?: ((snapshot: ContainerSnapshot) => boolean) | undefined;
}

/** The receiver's defaults. */
export const receiverDefaults: DockerStatsOptions = {
  metrics: new Map(),
  resource: { switches: new Map(), labels: {}, environment: {} },
};

/** The instruments with these options applied. */
export function withOptions(
  instruments: readonly ContainerInstrument[],
  { metrics, isShown }: DockerStatsOptions,
): readonly ContainerInstrument[] {
  return instruments.map((instrument) => {
    const configured = configure(instrument, metrics.get(instrument.name) ?? {});
    if (!isShown) return configured;
    return {
      ...configured,
      observe: (snapshot, observe, cache) => {
        if (isShown(snapshot)) configured.observe(snapshot, observe, cache);
      },
    };
  });
}

function configure(
  instrument: ContainerInstrument,
  { enabled, attributes, aggregation_strategy: strategy = 'sum' }: DockerStatsMetricOptions,
): ContainerInstrument {
  const { offByDefault, ...always } = instrument;
  const isOn = enabled ?? !offByDefault;
  const switched = isOn ? always : { ...always, offByDefault: true as const };
  const isWhole = !attributes || instrument.attributes.every((key) => attributes.includes(key));
  return isWhole ? switched : reaggregated(switched, attributes, strategy);
}

/** Aggregation of points that differ in removed attributes alone. */
export type AggregationStrategy = 'sum' | 'avg' | 'min' | 'max';

interface Group {
  readonly attributes: Attributes;
  readonly values: number[];
  startedAt: number | undefined;
}

/** The same instrument with these attributes alone; points that are then the same become one. */
export function reaggregated(
  instrument: ContainerInstrument,
  attributes: readonly string[],
  strategy: AggregationStrategy,
): ContainerInstrument {
  const kept = instrument.attributes.filter((key) => attributes.includes(key));
  return {
    ...instrument,
    attributes: kept,
    observe(snapshot, observe, cache) {
      const groups = new Map<string, Group>();
      const gather: Observe = (value, given = {}, startedAt) => {
        const left = Object.fromEntries(Object.entries(given).filter(([key]) => kept.includes(key)));
        add(groups, { attributes: left, values: [value], startedAt });
      };
      instrument.observe(snapshot, gather, cache);
      for (const group of groups.values()) observeGroup(group, strategy, instrument, observe);
    },
  };
}

function add(groups: Map<string, Group>, { attributes, values, startedAt }: Group): void {
  const key = JSON.stringify(attributes);
  const group = groups.get(key) ?? { attributes, values: [], startedAt };
  groups.set(key, group);
  group.values.push(...values);
  // When one part begins anew the whole may fall: it begins with the youngest.
  if (startedAt !== undefined) group.startedAt = Math.max(startedAt, group.startedAt ?? startedAt);
}

function observeGroup(
  { values, attributes, startedAt }: Group,
  strategy: AggregationStrategy,
  { valueType }: ContainerInstrument,
  observe: Observe,
): void {
  const value = aggregate(values, strategy);
  observe(valueType === 'int' ? Math.trunc(value) : value, attributes, startedAt);
}

function aggregate(values: readonly number[], strategy: AggregationStrategy): number {
  const sum = values.reduce((total, value) => total + value, 0);
  switch (strategy) {
    case 'sum':
      return sum;
    case 'avg':
      return sum / values.length;
    case 'min':
      return values.reduce((min, value) => Math.min(min, value));
    case 'max':
      return values.reduce((max, value) => Math.max(max, value));
  }
}
