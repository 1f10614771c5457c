import { stampedBy } from '../../model/instrument.ts';
import type { ContainerInstrument } from '../../model/instrument.ts';
import type {
  CpuThrottling,
  CpuUsage,
  Integer,
  BlockIoEntry,
  BlockIoUsage,
  InterfaceUsage,
} from '../../model/sample.ts';
import { blockIoCounter, deviceName } from '../../model/sample.ts';
import type { Measured } from '../../model/snapshot.ts';
import { entriesOfPeers, hasCpuModes } from '../formulas.ts';
import { cadvisorMetric, inSeconds, runtimeLacksIt } from './declare.ts';
import type { CadvisorDeclaration, CadvisorSeries } from './declare.ts';
import type { CadvisorOptions } from './options.ts';

const burst = {
  source: 'cgroup',
  absentWhen: `the container has no quota, or ${runtimeLacksIt}`,
} as const;

/** CPU metrics of profile `cadvisor`. */
export const cadvisorCpu: readonly ContainerInstrument[] = stampedBy('cpu', [
  mode('user', 'user', ({ userNanos }) => userNanos),
  mode('system', 'kernel', ({ kernelNanos }) => kernelNanos),
  cadvisorMetric(
    {
      name: 'container_cpu_usage_seconds_total',
      kind: 'counter',
      description: 'CPU time consumed, by CPU on cgroup v1 and in total on v2',
      source: 'stats',
      labels: ['cpu'],
    },
    usage,
  ),
  bandwidth('periods_total', 'Enforcement periods that have passed', 'periods'),
  bandwidth(
    'throttled_periods_total',
    'Enforcement periods in which the container was throttled',
    'throttledPeriods',
  ),
  bandwidth('throttled_seconds_total', 'Time that the container has been throttled', 'throttledNanos'),
  bandwidth('burst_periods_total', 'Enforcement periods with a burst', 'burstPeriods', burst),
  bandwidth('burst_seconds_total', 'Time used beyond the quota in bursts', 'burstNanos', burst),
]);

function mode(
  name: 'user' | 'system',
  counter: string,
  read: (cpu: CpuUsage) => Integer | undefined,
): ContainerInstrument {
  const description = `CPU time consumed in mode ${name}`;
  return cadvisorMetric(
    { name: `container_cpu_${name}_seconds_total`, kind: 'counter', description, source: 'stats' },
    ({ sample }) =>
      sample?.cpu && hasCpuModes(sample.cpu)
        ? [{ value: inSeconds(read(sample.cpu), sample), group: 'cpu', counter }]
        : [],
  );
}

/** CPUs that the container never ran on are left out, as cAdvisor leaves them out. */
function usage({ sample }: Measured, { perCpu }: CadvisorOptions): readonly CadvisorSeries[] {
  if (!sample?.cpu) return [];
  const { totalNanos, perCpuNanos } = sample.cpu;
  if (!perCpuNanos || !perCpu) {
    const value = inSeconds(totalNanos, sample);
    return [{ value, labels: { cpu: 'total' }, group: 'cpu', counter: 'total' }];
  }
  return perCpuNanos.flatMap((nanos, index) => {
    const labels = { cpu: `cpu${String(index).padStart(2, '0')}` };
    const counter = `core ${index}`;
    return nanos > 0 ? [{ value: inSeconds(nanos), labels, group: 'cpu', counter } as const] : [];
  });
}

function bandwidth(
  name: string,
  description: string,
  counter: keyof CpuThrottling,
  parts?: Partial<CadvisorDeclaration>,
): ContainerInstrument {
  const absentWhen = 'the container has no quota';
  return cadvisorMetric(
    {
      name: `container_cpu_cfs_${name}`,
      kind: 'counter',
      description,
      source: 'stats',
      absentWhen,
      ...parts,
    },
    ({ sample, limits }) => {
      const data = limits.cpus === undefined || sample?.windows ? undefined : sample?.cpu?.throttling;
      const count = data?.[counter];
      return [{ value: counter.endsWith('Nanos') ? inSeconds(count) : count, group: 'cpu', counter }];
    },
  );
}

type List = keyof BlockIoUsage;

/** One operation of one of the runtime's lists each. */
const rows: readonly (readonly [name: string, list: List, operation: string, description: string])[] = [
  ['reads_bytes_total', 'serviceBytes', 'read', 'Bytes read'],
  ['writes_bytes_total', 'serviceBytes', 'write', 'Bytes written'],
  ['reads_total', 'serviced', 'read', 'Reads'],
  ['writes_total', 'serviced', 'write', 'Writes'],
  ['sector_reads_total', 'sectors', 'read', 'Sectors read'],
  ['sector_writes_total', 'sectors', 'write', 'Sectors written'],
  ['reads_merged_total', 'merged', 'read', 'Reads merged'],
  ['writes_merged_total', 'merged', 'write', 'Writes merged'],
  ['read_seconds_total', 'serviceTime', 'read', 'Time spent reading'],
  ['write_seconds_total', 'serviceTime', 'write', 'Time spent writing'],
  ['io_time_seconds_total', 'serviceTime', 'total', 'Time spent on I/O'],
  ['io_current', 'queued', 'total', 'I/O that is in progress'],
  ['io_cost_usage_seconds_total', 'costUsage', '', 'I/O cost used'],
  ['io_cost_wait_seconds_total', 'costWait', '', 'Time waited for I/O cost'],
  ['io_cost_indebt_seconds_total', 'costIndebt', '', 'Time in debt of I/O cost'],
  ['io_cost_indelay_seconds_total', 'costIndelay', '', 'Time delayed for I/O cost'],
];

const absences: Readonly<Partial<Record<List, string>>> = {
  serviceBytes: 'the kernel has counted nothing yet',
  serviced: 'the runtime’s API is read, and gives bytes only: Docker on cgroup v2, Podman on cgroup v1',
};
const onlyWithCost = `io.cost.qos is not set (cgroup v2), or ${runtimeLacksIt}`;
const onlyWithScheduler =
  'cgroup v2, and cgroup v1 without the scheduler CFQ (Linux 5.0 and newer), or usage is read by the kernel’s files';

/** Block I/O metrics of profile `cadvisor`. */
export const cadvisorDisk: readonly ContainerInstrument[] = stampedBy('blockIo', [
  ...rows.map(([name, list, operation, description]) =>
    cadvisorMetric(
      {
        name: `container_fs_${name}`,
        kind: name.endsWith('_total') ? 'counter' : 'gauge',
        description: `${description}, by device (its file, or major:minor where only that is known)`,
        source: list.startsWith('cost') ? 'cgroup' : 'stats',
        labels: ['device'],
        absentWhen: absences[list] ?? (list.startsWith('cost') ? onlyWithCost : onlyWithScheduler),
      },
      ({ sample }) =>
        (sample?.blockIo?.[list] ?? [])
          .filter((entry) => entry.operation === operation)
          .map((entry) => ofDevice(entry, list, name)),
    ),
  ),
  cadvisorMetric(
    {
      name: 'container_blkio_device_usage_total',
      kind: 'counter',
      description: 'Bytes by device and operation; on cgroup v1 each byte counts in three operations',
      source: 'stats',
      labels: ['device', 'major', 'minor', 'operation'],
      absentWhen: absences.serviceBytes,
    },
    ({ sample }) => entriesOfPeers(sample?.blockIo?.serviceBytes).flatMap(ofOperation),
  ),
]);

/** A device by its file, as cAdvisor names it; the runtime's response has its numbers alone. */
function deviceFile(entry: BlockIoEntry): string {
  return entry.device === undefined ? deviceName(entry) : `/dev/${entry.device}`;
}

function ofDevice(entry: BlockIoEntry, list: List, name: string): CadvisorSeries {
  const { value } = entry;
  return {
    value: name.includes('_seconds_') ? secondsOf(value, list) : value,
    labels: { device: deviceFile(entry) },
    ...(name.endsWith('_total') && { group: 'block-io', counter: blockIoCounter(list, entry) }),
  };
}

/** The kernel counts I/O cost in microseconds, and other times in nanoseconds. */
function secondsOf(value: Integer | undefined, list: List): number | undefined {
  if (value === undefined || !list.startsWith('cost')) return inSeconds(value);
  return Number(value) / 1e6;
}

function ofOperation(entry: BlockIoEntry): readonly CadvisorSeries[] {
  const { major, minor, operation, value } = entry;
  const written = operations.get(operation);
  if (written === undefined) return [];
  const labels = { device: deviceFile(entry), major: `${major}`, minor: `${minor}`, operation: written };
  return [{ value, labels, group: 'block-io', counter: blockIoCounter('serviceBytes', entry) }];
}

/** As the kernel writes them on cgroup v1; v2 has the first two. */
const operations: ReadonlyMap<string, string> = new Map(
  ['Read', 'Write', 'Sync', 'Async', 'Discard', 'Total'].map((name) => [name.toLowerCase(), name]),
);

/** Network metrics of profile `cadvisor`. */
export const cadvisorNetwork: readonly ContainerInstrument[] = stampedBy('networks', [
  networkCounter('receive_bytes', 'Bytes received', 'receivedBytes'),
  networkCounter('receive_packets', 'Packets received', 'receivedPackets'),
  networkCounter('receive_packets_dropped', 'Packets dropped while receiving', 'receivedDropped'),
  networkCounter('receive_errors', 'Errors while receiving', 'receivedErrors'),
  networkCounter('transmit_bytes', 'Bytes transmitted', 'transmittedBytes'),
  networkCounter('transmit_packets', 'Packets transmitted', 'transmittedPackets'),
  networkCounter('transmit_packets_dropped', 'Packets dropped while transmitting', 'transmittedDropped'),
  networkCounter('transmit_errors', 'Errors while transmitting', 'transmittedErrors'),
]);

/** A network that several containers share is shown with its owner alone, so that a sum counts it once. */
function networkCounter(
  name: string,
  description: string,
  key: Exclude<keyof InterfaceUsage, 'name'>,
): ContainerInstrument {
  return cadvisorMetric(
    {
      name: `container_network_${name}_total`,
      kind: 'counter',
      description: `${description}, by interface`,
      source: 'stats',
      labels: ['interface'],
      absentWhen: 'the network is none, the host’s or another container’s',
    },
    ({ sample, sharedNetwork }) => {
      if (sharedNetwork) return [];
      return (sample?.networks ?? []).map((usage) => ({
        value: usage[key],
        labels: { interface: usage.name },
        group: `network ${usage.name}`,
        counter: key,
      }));
    },
  );
}
