import type { Attributes, ContainerInstrument, Observe } from '../../model/instrument.ts';

/** How points that differ in left-out attributes alone become one. */
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
    observe(snapshot, observe) {
      const groups = new Map<string, Group>();
      instrument.observe(snapshot, (value, given = {}, startedAt) => {
        const left = Object.fromEntries(Object.entries(given).filter(([key]) => kept.includes(key)));
        add(groups, { attributes: left, values: [value], startedAt });
      });
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
      return values.reduce((least, value) => Math.min(least, value));
    case 'max':
      return values.reduce((most, value) => Math.max(most, value));
  }
}
