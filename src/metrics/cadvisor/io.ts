import { stampedBy } from '../../model/instrument.ts';
import type { ContainerInstrument } from '../../model/instrument.ts';
import { blockIoCounter } from '../../model/sample.ts';
import type { BlockIoEntry, BlockIoUsage, InterfaceUsage } from '../../model/sample.ts';
import { cadvisorMetric, inSeconds } from './declare.ts';
import type { CadvisorSeries } from './declare.ts';

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
];

const absences: Readonly<Partial<Record<List, string>>> = {
  serviceBytes: 'the kernel has counted nothing yet',
  serviced: 'cgroup v2: the runtime gives bytes only',
};
const onlyWithScheduler = 'cgroup v2, and cgroup v1 without the scheduler CFQ (Linux 5.0 and newer)';

/** Block I/O metrics of profile `cadvisor` that the runtime gives. */
export const cadvisorDisk: readonly ContainerInstrument[] = stampedBy('blockIo', [
  ...rows.map(([name, list, operation, description]) =>
    cadvisorMetric(
      {
        name: `container_fs_${name}`,
        kind: name.endsWith('_total') ? 'counter' : 'gauge',
        description: `${description}, by device (major:minor)`,
        source: 'stats',
        labels: ['device'],
        absentWhen: absences[list] ?? onlyWithScheduler,
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
    ({ sample }) => (sample?.blockIo?.serviceBytes ?? []).flatMap(ofOperation),
  ),
]);

/** A device by its numbers: the runtime's response has no device names. */
function ofDevice(entry: BlockIoEntry, list: List, name: string): CadvisorSeries {
  const { major, minor, value } = entry;
  return {
    value: name.includes('_seconds_') ? inSeconds(value) : value,
    labels: { device: `${major}:${minor}` },
    ...(name.endsWith('_total') && { group: 'block-io', counter: blockIoCounter(list, entry) }),
  };
}

function ofOperation(entry: BlockIoEntry): readonly CadvisorSeries[] {
  const { major, minor, operation, value } = entry;
  const written = operations.get(operation);
  if (written === undefined) return [];
  const labels = { device: `${major}:${minor}`, major: `${major}`, minor: `${minor}`, operation: written };
  return [{ value, labels, group: 'block-io', counter: blockIoCounter('serviceBytes', entry) }];
}

/** As the kernel writes them on cgroup v1; v2 has the first two. */
const operations: ReadonlyMap<string, string> = new Map(
  ['Read', 'Write', 'Sync', 'Async', 'Discard', 'Total'].map((name) => [name.toLowerCase(), name]),
);

/** Network metrics of profile `cadvisor` that the runtime gives. */
export const cadvisorNetwork: readonly ContainerInstrument[] = stampedBy('networks', [
  counter('receive_bytes', 'Bytes received', 'receivedBytes'),
  counter('receive_packets', 'Packets received', 'receivedPackets'),
  counter('receive_packets_dropped', 'Packets dropped while receiving', 'receivedDropped'),
  counter('receive_errors', 'Errors while receiving', 'receivedErrors'),
  counter('transmit_bytes', 'Bytes transmitted', 'transmittedBytes'),
  counter('transmit_packets', 'Packets transmitted', 'transmittedPackets'),
  counter('transmit_packets_dropped', 'Packets dropped while transmitting', 'transmittedDropped'),
  counter('transmit_errors', 'Errors while transmitting', 'transmittedErrors'),
]);

/** A network that several containers share is shown with its owner alone, so that a sum counts it once. */
function counter(
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
