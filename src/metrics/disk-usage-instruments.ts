import type { EngineInstrument } from '../model/instrument.ts';

/** What measuring disk usage costs, how old its figures are, and how it fails. */
export const diskUsageInstruments: readonly EngineInstrument[] = [
  {
    ...agent('duration', 's', 'How long the engine took to tell its disk usage, last time'),
    observe({ engine, diskUsage }, observe) {
      if (diskUsage?.seconds !== undefined) observe(diskUsage.seconds, { engine: engine.name });
    },
  },
  {
    ...agent('age', 's', 'Age of the figures of disk usage'),
    observe({ engine, diskUsage, now }, observe) {
      if (diskUsage?.measuredAt !== undefined)
        observe(Math.max(0, now - diskUsage.measuredAt) / 1000, { engine: engine.name });
    },
  },
  {
    ...agent('errors', '{error}', 'Measurements of disk usage that failed, by type'),
    kind: 'counter',
    attributes: ['engine', 'error.type'],
    absentWhen: 'none failed',
    observe({ engine, diskUsage }, observe) {
      for (const [type, count] of diskUsage?.failures ?? [])
        observe(count, { engine: engine.name, 'error.type': type }, diskUsage?.since);
    },
  },
];

function agent(name: string, unit: string, description: string): Omit<EngineInstrument, 'observe'> {
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
