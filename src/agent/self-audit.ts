import type { Meter } from '@opentelemetry/api';
import type { Log } from '../log.ts';
import { AuditInstruments } from '../self-metrics/agent-instruments.ts';
import type { EngineSnapshot } from '../model/snapshot.ts';
import { Auditor } from '../audit/auditor.ts';
import { ourFigures } from '../audit/our-figures.ts';

/** The auditor of a running agent, over the figures as they are exported. */
export function selfAudit(
  meter: Meter,
  log: Log,
  snapshot: (engine: string) => EngineSnapshot | undefined,
): Auditor {
  const observer = new AuditInstruments(meter);
  return new Auditor({ readings: ourFigures, observer, log, snapshot, random: Math.random });
}
