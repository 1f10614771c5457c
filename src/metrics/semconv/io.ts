import type { Attributes, ContainerInstrument, Observe } from '../../model/instrument.ts';
import type { BlockIoEntry, Integer, InterfaceUsage } from '../../model/sample.ts';
import type { ContainerSnapshot } from '../../model/snapshot.ts';

const interfaceAttributes = ['network.interface.name', 'network.io.direction'] as const;
const deviceAttributes = ['system.device', 'disk.io.direction'] as const;
const towards = sharedAttributes(...interfaceAttributes);
const ofDevice = sharedAttributes(...deviceAttributes);
const reading = { 'disk.io.direction': 'read' };
const writing = { 'disk.io.direction': 'write' };

/** Network and block I/O metrics of profile `semconv`. */
export const semconvIo: readonly ContainerInstrument[] = [
  {
    ...network('container.network.io', 'By', 'Bytes received and transmitted'),
    stability: 'development',
    observe: perInterface((usage) => [usage.receivedBytes, usage.transmittedBytes]),
  },
  {
    ...network('container.network.packet.count', '{packet}', 'Packets received and transmitted'),
    observe: perInterface((usage) => [usage.receivedPackets, usage.transmittedPackets]),
  },
  {
    ...network('container.network.errors', '{error}', 'Packets that failed'),
    observe: perInterface((usage) => [usage.receivedErrors, usage.transmittedErrors]),
  },
  {
    ...network('container.network.packet.dropped', '{packet}', 'Packets dropped'),
    observe: perInterface((usage) => [usage.receivedDropped, usage.transmittedDropped]),
  },
  {
    ...disk('container.disk.io', 'By', 'Bytes read and written'),
    stability: 'development',
    observe(snapshot, observe) {
      const { blockIo, storage } = snapshot.sample ?? {};
      observeDevices(snapshot, observe, blockIo?.serviceBytes);
      observeStorage(snapshot, observe, [storage?.readBytes, storage?.writeBytes]);
    },
  },
  {
    ...disk('container.disk.operations', '{operation}', 'Reads and writes'),
    absentWhen: 'cgroup v2: the runtime gives bytes only',
    observe(snapshot, observe) {
      const { blockIo, storage } = snapshot.sample ?? {};
      observeDevices(snapshot, observe, blockIo?.serviced);
      observeStorage(snapshot, observe, [storage?.readCount, storage?.writeCount]);
    },
  },
];

function network(name: string, unit: string, description: string): Omit<ContainerInstrument, 'observe'> {
  return {
    name,
    kind: 'counter',
    unit,
    description: `${description}, by interface and direction`,
    attributes: interfaceAttributes,
    source: 'stats',
    stampedBy: 'networks',
    stability: 'extension',
    absentWhen: 'the network is none or the host’s',
  };
}

function disk(name: string, unit: string, description: string): Omit<ContainerInstrument, 'observe'> {
  return {
    name,
    kind: 'counter',
    unit,
    description: `${description}, by device (major:minor) and direction`,
    attributes: deviceAttributes,
    source: 'stats',
    stampedBy: 'blockIo',
    stability: 'extension',
    absentWhen: 'the kernel has counted nothing yet',
  };
}

function perInterface(
  read: (usage: InterfaceUsage) => readonly [received: Integer | undefined, transmitted: Integer | undefined],
): ContainerInstrument['observe'] {
  return ({ sample, starts }, observe) => {
    for (const usage of sample?.networks ?? []) {
      const startedAt = starts.of(`network ${usage.name}`);
      const [received, transmitted] = read(usage);
      if (received !== undefined) observe(Number(received), towards(usage.name, 'receive'), startedAt);
      if (transmitted !== undefined) observe(Number(transmitted), towards(usage.name, 'transmit'), startedAt);
    }
  };
}

/** cgroup v1 lists sync, async and total besides: they would count everything again. */
function observeDevices(
  snapshot: ContainerSnapshot,
  observe: Observe,
  entries: readonly BlockIoEntry[] = [],
): void {
  const startedAt = snapshot.starts.of('block-io');
  for (const { operation, major, minor, value } of entries) {
    if (value === undefined || (operation !== 'read' && operation !== 'write')) continue;
    observe(Number(value), ofDevice(`${major}:${minor}`, operation), startedAt);
  }
}

/** Windows counts per container, not per device. */
function observeStorage(
  snapshot: ContainerSnapshot,
  observe: Observe,
  [read, written]: readonly [Integer | undefined, Integer | undefined],
): void {
  const startedAt = snapshot.starts.of('block-io');
  if (read !== undefined) observe(Number(read), reading, startedAt);
  if (written !== undefined) observe(Number(written), writing, startedAt);
}

/** Hosts have a handful of devices and interface names; hostile ones may not fill the memory. */
const maxNames = 1000;

/**
 * Makes attributes of a name and a direction, the same object for the same two: hundreds of containers have an
 * `eth0`, and a reader that meets a known object need not write it out again.
 */
function sharedAttributes(
  nameKey: string,
  directionKey: string,
): (name: string, direction: string) => Attributes {
  const known = new Map<string, Map<string, Attributes>>();
  return (name, direction) => {
    if (known.size > maxNames) known.clear();
    const directions = known.get(name) ?? new Map<string, Attributes>();
    known.set(name, directions);
    const attributes = directions.get(direction) ?? { [nameKey]: name, [directionKey]: direction };
    directions.set(direction, attributes);
    return attributes;
  };
}
