import { healthStatuses } from '../../model/container.ts';
import type { Attributes, ContainerInstrument } from '../../model/instrument.ts';
import { stampedBy } from '../../model/instrument.ts';
import { blockIoCounter } from '../../model/sample.ts';
import type { BlockIoUsage, InterfaceUsage } from '../../model/sample.ts';
import { entriesOfPeers, uptime } from '../formulas.ts';
import { dockerStatsCpu } from './cpu.ts';
import { isUp, observePresent, receiverInstrument } from './declare.ts';
import { dockerStatsMemory } from './memory.ts';

const absences: Readonly<Partial<Record<keyof BlockIoUsage, string>>> = {
  serviceBytes: 'the kernel has counted nothing yet',
  serviced: 'the runtime’s API is read, and gives bytes only: Docker on cgroup v2, Podman on cgroup v1',
};

/** Block I/O metrics of profile `docker_stats`: on cgroup v1 with all operations, so that a sum counts everything thrice. */
const dockerStatsBlockIo: readonly ContainerInstrument[] = stampedBy('blockIo', [
  perDevice(
    'io_merged_recursive',
    '{operations}',
    'Number of bios/requests merged into requests belonging to this cgroup and its descendant cgroups (Only available with cgroups v1).',
    'merged',
  ),
  perDevice(
    'io_queued_recursive',
    '{operations}',
    'Number of requests queued up for this cgroup and its descendant cgroups (Only available with cgroups v1).',
    'queued',
  ),
  perDevice(
    'io_service_bytes_recursive',
    'By',
    'Number of bytes transferred to/from the disk by the group and descendant groups.',
    'serviceBytes',
  ),
  perDevice(
    'io_service_time_recursive',
    'ns',
    'Total amount of time in nanoseconds between request dispatch and request completion for the IOs done by this cgroup and descendant cgroups (Only available with cgroups v1).',
    'serviceTime',
  ),
  perDevice(
    'io_serviced_recursive',
    '{operations}',
    'Number of IOs (bio) issued to the disk by the group and descendant groups (Only available with cgroups v1).',
    'serviced',
  ),
  perDevice(
    'io_time_recursive',
    'ms',
    'Disk time allocated to cgroup (and descendant cgroups) per device in milliseconds (Only available with cgroups v1).',
    'time',
  ),
  perDevice(
    'io_wait_time_recursive',
    'ns',
    'Total amount of time the IOs for this cgroup (and descendant cgroups) spent waiting in the scheduler queues for service (Only available with cgroups v1).',
    'waitTime',
  ),
  perDevice(
    'sectors_recursive',
    '{sectors}',
    'Number of sectors transferred to/from disk by the group and descendant groups (Only available with cgroups v1).',
    'sectors',
  ),
]);

function perDevice(
  name: string,
  unit: string,
  description: string,
  list: keyof BlockIoUsage,
): ContainerInstrument {
  return receiverInstrument(
    {
      name: `container.blockio.${name}`,
      kind: 'counter',
      unit,
      description,
      attributes: ['device_major', 'device_minor', 'operation'],
      absentWhen: absences[list] ?? 'cgroup v2',
      ...(list === 'serviceBytes' && { isOn: true }),
    },
    ({ sample, starts }, observe, cache) => {
      for (const entry of entriesOfPeers(sample?.blockIo?.[list])) {
        const { major, minor, operation, value } = entry;
        const startedAt = starts.of('block-io', blockIoCounter(list, entry));
        const attributes = cache.ofNames(ofDevice, `${major}:${minor}`, operation);
        observePresent(observe, value, attributes, startedAt);
      }
    },
  );
}

function ofDevice(numbers: string, operation: string): Attributes {
  const [major = '', minor = ''] = numbers.split(':');
  return { device_major: major, device_minor: minor, operation };
}

const onByDefault: readonly string[] = ['rx_bytes', 'rx_dropped', 'tx_bytes', 'tx_dropped'];

/** Network metrics of profile `docker_stats`. */
const dockerStatsNetwork: readonly ContainerInstrument[] = stampedBy('networks', [
  perInterface('rx_bytes', 'By', 'Bytes received by the container.', 'receivedBytes'),
  perInterface('rx_dropped', '{packets}', 'Incoming packets dropped.', 'receivedDropped'),
  perInterface('rx_errors', '{errors}', 'Received errors. Not supported on Windows.', 'receivedErrors'),
  perInterface('rx_packets', '{packets}', 'Packets received.', 'receivedPackets'),
  perInterface('tx_bytes', 'By', 'Bytes sent.', 'transmittedBytes'),
  perInterface('tx_dropped', '{packets}', 'Outgoing packets dropped.', 'transmittedDropped'),
  perInterface('tx_errors', '{errors}', 'Sent errors. Not supported on Windows.', 'transmittedErrors'),
  perInterface('tx_packets', '{packets}', 'Packets sent.', 'transmittedPackets'),
]);

function perInterface(
  name: string,
  unit: string,
  description: string,
  counter: Exclude<keyof InterfaceUsage, 'name'>,
): ContainerInstrument {
  return receiverInstrument(
    {
      name: `container.network.io.usage.${name}`,
      kind: 'counter',
      unit,
      description,
      attributes: ['interface'],
      absentWhen: 'the network is none or the host’s',
      ...(onByDefault.includes(name) && { isOn: true }),
    },
    ({ sample, starts }, observe, cache) => {
      for (const usage of sample?.networks ?? []) {
        const startedAt = starts.of(`network ${usage.name}`, counter);
        const attributes = cache.ofNames(ofInterface, usage.name);
        observePresent(observe, usage[counter], attributes, startedAt);
      }
    },
  );
}

function ofInterface(name: string): Attributes {
  return { interface: name };
}

const healthAttributes = healthStatuses.map((health) => ({
  health,
  attributes: { 'container.state.health.state': health },
}));

/** Tasks, restarts, uptime and health of profile `docker_stats`. */
const dockerStatsLifecycle: readonly ContainerInstrument[] = [
  receiverInstrument(
    {
      name: 'container.pids.count',
      kind: 'updowncounter',
      unit: '{pids}',
      description: "Number of pids in the container's cgroup.",
      stampedBy: 'pids',
    },
    ({ sample }, observe) => observePresent(observe, sample?.pids?.current),
  ),
  receiverInstrument(
    {
      name: 'container.pids.limit',
      kind: 'updowncounter',
      unit: '{pids}',
      description: "Maximum number of pids in the container's cgroup.",
      stampedBy: 'pids',
      absentWhen: 'no limit is set',
    },
    ({ sample }, observe) => {
      if (sample?.pids?.current !== undefined) observePresent(observe, sample.pids.limit);
    },
  ),
  receiverInstrument(
    {
      name: 'container.restarts',
      kind: 'counter',
      unit: '{restarts}',
      description: 'Number of restarts for the container.',
      source: 'inspect',
    },
    (snapshot, observe) => {
      const { state, starts } = snapshot;
      if (isUp(snapshot)) observePresent(observe, state.restartCount, undefined, starts.of('restarts'));
    },
  ),
  receiverInstrument(
    {
      name: 'container.uptime',
      kind: 'gauge',
      unit: 's',
      description: 'Time elapsed since container start time.',
      isDouble: true,
      source: 'inspect',
      absentWhen: 'the container does not run',
    },
    (snapshot, observe) => observePresent(observe, uptime(snapshot)),
  ),
  receiverInstrument(
    {
      name: 'container.state.health.status',
      kind: 'updowncounter',
      unit: '{container}',
      description:
        'The number of containers that are currently in a given health state. All possible container health states will be reported at each time interval to avoid missing metrics. Only the value corresponding to the current health state will be non-zero.',
      attributes: ['container.state.health.state'],
      source: 'inspect',
      absentWhen: 'the container has no health check, or does not run',
    },
    (snapshot, observe) => {
      const current = snapshot.state.health;
      if (current === undefined || !isUp(snapshot)) return;
      for (const { health, attributes } of healthAttributes) observe(Number(health === current), attributes);
    },
  ),
];

/** The container metrics of the Collector's docker_stats receiver, name by name. */
export const dockerStatsContainers: readonly ContainerInstrument[] = [
  ...dockerStatsCpu,
  ...dockerStatsMemory,
  ...dockerStatsBlockIo,
  ...dockerStatsNetwork,
  ...dockerStatsLifecycle,
];
