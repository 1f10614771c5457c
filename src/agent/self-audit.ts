import type { Meter } from '@opentelemetry/api';
import type { Log } from '../log.ts';
import { AuditInstruments } from '../self-metrics/agent-instruments.ts';
import type { Trackers } from '../tracker/trackers.ts';
import type { RuntimeSnapshot } from '../model/snapshot.ts';
import { Auditor } from '../audit/auditor.ts';
import { ourReadings } from '../audit/our-figures.ts';

/** The auditor of a running agent, over the figures as they are exported. */
export function selfAudit(meter: Meter, log: Log, trackers: Trackers): Auditor {
  const observer = new AuditInstruments(meter);
  const snapshot = (name: string): RuntimeSnapshot | undefined =>
    trackers.sets.find(({ runtime }) => runtime.name === name)?.snapshot();
  return new Auditor({ readings: ourReadings, observer, log, snapshot, random: Math.random });
}
