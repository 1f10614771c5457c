import { profiles } from '../metrics/catalogue.ts';
import { cpuPercent, workingSet } from '../metrics/formulas.ts';
import { AttributeCache } from '../model/instrument.ts';
import type { ContainerInstrument, Observe } from '../model/instrument.ts';
import type { ContainerSnapshot } from '../model/snapshot.ts';
import type { AuditedMetric } from './audited-metrics.ts';

/** Functions that read each audited metric from a snapshot; undefined when the value is absent. */
export type MetricReadings = Readonly<
  Record<AuditedMetric, (snapshot: ContainerSnapshot) => number | undefined>
>;

/** As the agent exports them: through the instruments of the catalogue where there is one, else by its formulas. */
export const ourReadings: MetricReadings = {
  'cpu-percent': ({ sample, previous }) => sample && cpuPercent(sample, previous),
  cpus: exported('container.cpu.usage'),
  memory: exported('container.memory.working_set'),
  'memory-percent': memoryPercent,
  'network-received': exported('container.network.io', 'receive'),
  'network-transmitted': exported('container.network.io', 'transmit'),
  'block-read': exported('container.disk.io', 'read'),
  'block-written': exported('container.disk.io', 'write'),
  pids: exported('container.pids.current'),
};

/** Share of the limit, or of the host's memory without one: the runtime then gives that as the limit. */
function memoryPercent({ sample }: ContainerSnapshot): number | undefined {
  const limit = sample?.memory?.limit;
  const used = sample?.memory && workingSet(sample.memory);
  return used === undefined || limit === undefined ? undefined : (used / Number(limit)) * 100;
}

/** The sum of what an instrument observes, over all points or those of one direction. */
function exported(name: string, direction?: string): MetricReadings[AuditedMetric] {
  const instrument = instrumentOf(name);
  return (snapshot) => {
    let sum: number | undefined;
    const add: Observe = (value, attributes = {}) => {
      if (direction === undefined || Object.values(attributes).includes(direction)) sum = (sum ?? 0) + value;
    };
    instrument.observe(snapshot, add, new AttributeCache());
    return sum;
  };
}

function instrumentOf(name: string): ContainerInstrument {
  const found = profiles.semconv.containers.find((instrument) => instrument.name === name);
  if (!found) throw new Error(`no instrument ${name} to be compared`);
  return found;
}
