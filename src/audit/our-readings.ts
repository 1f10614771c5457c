import { profiles } from '../metrics/catalogue.ts';
import { cpuPercent, workingSet } from '../metrics/formulas.ts';
import { AttributeCache } from '../model/instrument.ts';
import type { ContainerInstrument, Observe } from '../model/instrument.ts';
import type { CpuUsage, PreviousSample, Sample } from '../model/sample.ts';
import type { ContainerSnapshot } from '../model/snapshot.ts';
import type { AuditedMetric } from './audited-metrics.ts';
import type { ResponsePair } from './response-pairs.ts';

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

/** The values between which one lies; they are equal where nothing passed. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/**
 * The value that the kernel's files give in place of the responses of which a snapshot is made: between the readings
 * before them and those after. Undefined where they do not give it.
 */
export function kernelRange(
  read: (snapshot: ContainerSnapshot) => number | undefined,
  snapshot: ContainerSnapshot,
  { older, newer }: NonNullable<ResponsePair['kernel']>,
): Range | undefined {
  // The difference of two readings is smallest from after the first to before the second.
  const ends = [
    read(withUsage(snapshot, newer.before, older.after)),
    read(withUsage(snapshot, newer.after, older.before)),
  ].filter((value) => value !== undefined);
  return ends.length === 2 ? { min: Math.min(...ends), max: Math.max(...ends) } : undefined;
}

/** The snapshot as it would be with the usage of other samples: times and the host's own remain. */
function withUsage(snapshot: ContainerSnapshot, fresh: Sample, before: Sample): ContainerSnapshot {
  const { sample, previous } = snapshot;
  const { memory, networks, blockIo, pids, unknown } = fresh;
  if (!sample) return snapshot;
  const { takenAt, readAt, windows } = sample;
  const own = { takenAt, windows, ...(readAt !== undefined && { readAt }), ...cpuOf(sample, fresh) };
  return {
    ...snapshot,
    sample: {
      ...own,
      ...(memory && { memory }),
      ...(networks && { networks }),
      ...(blockIo && { blockIo }),
      ...(pids && { pids }),
      ...(unknown && { unknown }),
    },
    ...(previous && { previous: { ...previous, ...cpuOf(previous, before) } }),
  };
}

function cpuOf({ cpu }: PreviousSample, { cpu: other }: Sample): { readonly cpu?: CpuUsage } {
  return other?.totalNanos === undefined ? {} : { cpu: { ...cpu, totalNanos: other.totalNanos } };
}
