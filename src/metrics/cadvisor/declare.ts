import type { Attributes, ContainerInstrument, FigureSource } from '../../model/instrument.ts';
import type { Integer } from '../../model/sample.ts';
import type { ContainerSnapshot, CounterGroup } from '../../model/snapshot.ts';
import { cadvisorKeys, cadvisorLabels } from './labels.ts';

/** One series of a metric. */
export interface CadvisorSeries {
  readonly value: Integer | undefined;
  /** Besides those that every series has. */
  readonly labels?: Attributes;
  /** With what a counter begins. */
  readonly group?: CounterGroup;
  /** When it began, if with none of those; milliseconds since the epoch. */
  readonly startedAt?: number;
}

/** What of a metric is not said by its name. */
export interface CadvisorDeclaration {
  readonly name: string;
  /** As cAdvisor types it, whatever the name says. */
  readonly kind: 'gauge' | 'counter';
  readonly description: string;
  readonly source: FigureSource;
  /** Besides those that every series has. */
  readonly labels?: readonly string[];
  readonly absentWhen?: string | undefined;
}

/** A metric of profile `cadvisor`: cAdvisor shows a container while it has a cgroup, and so while it runs or is paused. */
export function cadvisorMetric(
  { name, kind, description, source, labels = [], absentWhen }: CadvisorDeclaration,
  read: (snapshot: ContainerSnapshot) => readonly CadvisorSeries[],
): ContainerInstrument {
  return {
    name,
    kind,
    unit: unitOf(name),
    description,
    attributes: [...cadvisorKeys, ...labels],
    source,
    stability: 'peer',
    literal: { type: kind },
    ...(absentWhen !== undefined && { absentWhen }),
    observe(snapshot, observe) {
      if (!hasCgroup(snapshot)) return;
      const all = read(snapshot);
      const base = cadvisorLabels(snapshot, all.length);
      for (const { value, labels: own, group, startedAt: began } of all) {
        if (value === undefined) continue;
        const startedAt = group ? snapshot.starts.of(group) : began;
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
