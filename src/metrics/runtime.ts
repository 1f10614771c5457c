import type { ContainerInstrument, EngineInstrument, Observe } from '../model/instrument.ts';
import type { EngineSnapshot } from '../model/snapshot.ts';
import { absencesOf } from './absence.ts';
import type { AbsenceReason } from './absence.ts';

const cutReasons = ['too_many_values', 'name_taken'] as const;

/** What measuring disk usage costs, how old its figures are, and how it fails. */
export const diskUsageInstruments: readonly EngineInstrument[] = [
  {
    ...diskUsageInstrument('duration', 's', 'How long the engine took to tell its disk usage, last time'),
    observe({ engine, diskUsage }, observe) {
      if (diskUsage?.seconds !== undefined) observe(diskUsage.seconds, { engine: engine.name });
    },
  },
  {
    ...diskUsageInstrument('age', 's', 'Age of the figures of disk usage'),
    observe({ engine, diskUsage, now }, observe) {
      if (diskUsage?.measuredAt !== undefined)
        observe(Math.max(0, now - diskUsage.measuredAt) / 1000, { engine: engine.name });
    },
  },
  {
    ...diskUsageInstrument('errors', '{error}', 'Measurements of disk usage that failed, by type'),
    kind: 'counter',
    attributes: ['engine', 'error.type'],
    absentWhen: 'none failed',
    observe({ engine, diskUsage }, observe) {
      for (const [type, count] of diskUsage?.failures ?? [])
        observe(count, { engine: engine.name, 'error.type': type }, diskUsage?.since);
    },
  },
];

/** What the agent tells of each engine, in every profile. */
export const engineInstruments: readonly EngineInstrument[] = [
  agent('tidegauge.engine.up', '{engine}', '1 while the engine answers, else 0', ({ containerCount }) =>
    Number(containerCount !== undefined),
  ),
  agent(
    'tidegauge.engine.containers',
    '{container}',
    'Containers that exist on the engine',
    (engine) => engine.containerCount,
  ),
  agent(
    'tidegauge.engine.unselected_containers',
    '{container}',
    'Containers that the selection leaves out: neither inspected nor measured',
    (engine) => engine.unselectedCount,
  ),
  agent(
    'tidegauge.probe.last_success_time',
    's',
    'When the last successful probe ended, in Unix time',
    ({ lastSuccess }) => (lastSuccess === undefined ? undefined : lastSuccess / 1000),
  ),
  agent('tidegauge.snapshot.age', 's', 'Age of the figures that are served', ({ lastSuccess, now }) =>
    lastSuccess === undefined ? undefined : Math.max(0, now - lastSuccess) / 1000,
  ),
  {
    ...agent(
      'tidegauge.attributes.cut',
      '{attribute}',
      'Attributes made of labels and environment that are left out, by reason',
      () => undefined,
    ),
    attributes: ['engine', 'reason'],
    observe({ engine: { name: engine }, cutAttributes }, observe) {
      if (!cutAttributes) return;
      for (const reason of cutReasons) observe(cutAttributes[reason], { engine, reason });
    },
  },
  {
    ...agent(
      'tidegauge.absent',
      '{container}',
      'Running containers that lack a figure, by reason',
      () => undefined,
    ),
    attributes: ['engine', 'reason'],
    observe: observeAbsences,
  },
  ...diskUsageInstruments,
];

/** What the agent tells of each container, in every profile. */
export const trackingInstruments: readonly ContainerInstrument[] = [
  {
    name: 'tidegauge.container.probe.failures',
    kind: 'counter',
    unit: '{failure}',
    description: 'Failed measurements of the container; stays while its figures are unpublished',
    attributes: [],
    source: 'agent',
    stability: 'extension',
    absentWhen: 'the container never failed',
    observe({ failures, trackedSince }, observe) {
      if (failures > 0) observe(failures, {}, trackedSince);
    },
  },
];

function agent(
  name: string,
  unit: string,
  description: string,
  read: (engine: EngineSnapshot) => number | undefined,
): EngineInstrument {
  return {
    name,
    kind: 'gauge',
    unit,
    description,
    attributes: ['engine'],
    source: 'agent',
    stability: 'extension',
    observe(engine, observe) {
      const value = read(engine);
      if (value !== undefined) observe(value, { engine: engine.engine.name });
    },
  };
}

function observeAbsences({ engine, containers, containerCount }: EngineSnapshot, observe: Observe): void {
  if (containerCount === undefined) return;
  const counts = new Map<AbsenceReason, number>();
  for (const reason of containers.flatMap(absencesOf)) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  for (const [reason, count] of counts) observe(count, { engine: engine.name, reason });
}

function diskUsageInstrument(
  name: string,
  unit: string,
  description: string,
): Omit<EngineInstrument, 'observe'> {
  return {
    name: `tidegauge.disk_usage.${name}`,
    kind: 'gauge',
    unit,
    description,
    attributes: ['engine'],
    source: 'agent',
    stability: 'extension',
    absentWhen: 'disk usage is not measured',
  };
}
