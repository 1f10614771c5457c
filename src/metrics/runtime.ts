import { endpointKey } from '../model/runtime.ts';
import type { ContainerInstrument, RuntimeInstrument, Observe } from '../model/instrument.ts';
import { dropReasons } from '../model/identity-mapper.ts';
import type { RuntimeSnapshot } from '../model/snapshot.ts';
import { absencesOf } from './absence.ts';
import type { AbsenceReason } from './absence.ts';

/** Cost, age and failures of measuring disk usage. */
export const diskUsageInstruments: readonly RuntimeInstrument[] = [
  {
    ...diskUsageInstrument('duration', 's', 'How long the runtime took to report its disk usage, last time'),
    observe({ runtime, diskUsage }, observe) {
      if (diskUsage?.seconds !== undefined) observe(diskUsage.seconds, { [endpointKey]: runtime.name });
    },
  },
  {
    ...diskUsageInstrument('age', 's', 'Age of the figures of disk usage'),
    observe({ runtime, diskUsage, now }, observe) {
      if (diskUsage?.measuredAt !== undefined)
        observe(Math.max(0, now - diskUsage.measuredAt) / 1000, { [endpointKey]: runtime.name });
    },
  },
  {
    ...diskUsageInstrument('errors', '{error}', 'Measurements of disk usage that failed, by type'),
    kind: 'counter',
    attributes: [endpointKey, 'error.type'],
    absentWhen: 'none failed',
    observe({ runtime, diskUsage }, observe) {
      for (const [type, count] of diskUsage?.failures ?? [])
        observe(count, { [endpointKey]: runtime.name, 'error.type': type }, diskUsage?.since);
    },
  },
];

/** The agent's metrics about each runtime, in every profile. */
export const runtimeInstruments: readonly RuntimeInstrument[] = [
  agent('tidegauge.runtime.up', '{runtime}', '1 while the runtime answers, else 0', ({ containerCount }) =>
    Number(containerCount !== undefined),
  ),
  agent(
    'tidegauge.runtime.containers',
    '{container}',
    'Containers that exist on the runtime',
    (runtime) => runtime.containerCount,
  ),
  agent(
    'tidegauge.runtime.unselected_containers',
    '{container}',
    'Containers that the selection leaves out: neither inspected nor measured',
    (runtime) => runtime.unselectedCount,
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
      'tidegauge.runtime.clock.offset',
      's',
      'The runtime’s clock minus the agent’s; 0 where they agree within a second',
      ({ runtime, containerCount }) =>
        containerCount === undefined || runtime.clockOffsetMillis === undefined
          ? undefined
          : runtime.clockOffsetMillis / 1000,
    ),
    absentWhen: 'the runtime does not answer, or does not report its time',
  },
  {
    ...agent(
      'tidegauge.attributes.dropped',
      '{attribute}',
      'Attributes made of labels and environment that are left out, by reason',
      () => undefined,
    ),
    attributes: [endpointKey, 'reason'],
    observe({ runtime: { name: runtime }, droppedAttributes }, observe) {
      if (!droppedAttributes) return;
      for (const reason of dropReasons)
        observe(droppedAttributes[reason], { [endpointKey]: runtime, reason });
    },
  },
  {
    ...agent(
      'tidegauge.metrics.missing',
      '{container}',
      'Containers that run or cannot be inspected, and lack a figure, by reason',
      () => undefined,
    ),
    attributes: [endpointKey, 'reason'],
    observe: observeAbsences,
  },
  ...diskUsageInstruments,
];

/** The agent's metrics about each container, in every profile. */
export const trackingInstruments: readonly ContainerInstrument[] = [
  {
    name: 'tidegauge.container.probe.failures',
    kind: 'counter',
    unit: '{failure}',
    description: 'Failed measurements of the container; stays while its figures are unpublished',
    attributes: [],
    source: 'agent',
    outlivesPublication: true,
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
  read: (runtime: RuntimeSnapshot) => number | undefined,
): RuntimeInstrument {
  return {
    name,
    kind: 'gauge',
    unit,
    description,
    attributes: [endpointKey],
    source: 'agent',
    stability: 'extension',
    observe(runtime, observe) {
      const value = read(runtime);
      if (value !== undefined) observe(value, { [endpointKey]: runtime.runtime.name });
    },
  };
}

function observeAbsences({ runtime, containers, containerCount }: RuntimeSnapshot, observe: Observe): void {
  if (containerCount === undefined) return;
  const counts = new Map<AbsenceReason, number>();
  for (const reason of containers.flatMap(absencesOf)) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  for (const [reason, count] of counts) observe(count, { [endpointKey]: runtime.name, reason });
}

function diskUsageInstrument(
  name: string,
  unit: string,
  description: string,
): Omit<RuntimeInstrument, 'observe'> {
  return {
    name: `tidegauge.disk_usage.${name}`,
    kind: 'gauge',
    unit,
    description,
    attributes: [endpointKey],
    source: 'agent',
    stability: 'extension',
    absentWhen: 'disk usage is not measured',
  };
}
