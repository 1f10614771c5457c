import type { Attributes, ContainerInstrument, Observe } from '../../model/instrument.ts';
import { blockIoCounter } from '../../model/sample.ts';
import type { BlockIoUsage, InterfaceUsage, StorageUsage } from '../../model/sample.ts';
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
    observe: perInterface('receivedBytes', 'transmittedBytes'),
  },
  {
    ...network('container.network.packet.count', '{packet}', 'Packets received and transmitted'),
    observe: perInterface('receivedPackets', 'transmittedPackets'),
  },
  {
    ...network('container.network.errors', '{error}', 'Packets that failed'),
    observe: perInterface('receivedErrors', 'transmittedErrors'),
  },
  {
    ...network('container.network.packet.dropped', '{packet}', 'Packets dropped'),
    observe: perInterface('receivedDropped', 'transmittedDropped'),
  },
  {
    ...disk('container.disk.io', 'By', 'Bytes read and written'),
    stability: 'development',
    observe(snapshot, observe) {
      observeDevices(snapshot, observe, 'serviceBytes');
      observeStorage(snapshot, observe, 'readBytes', 'writeBytes');
    },
  },
  {
    ...disk('container.disk.operations', '{operation}', 'Reads and writes'),
    absentWhen: 'cgroup v2: the runtime gives bytes only',
    observe(snapshot, observe) {
      observeDevices(snapshot, observe, 'serviced');
      observeStorage(snapshot, observe, 'readCount', 'writeCount');
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
    absentWhen: 'the network is none, the host’s or another container’s, at which it is counted',
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

type InterfaceCounter = Exclude<keyof InterfaceUsage, 'name'>;

function perInterface(
  received: InterfaceCounter,
  transmitted: InterfaceCounter,
): ContainerInstrument['observe'] {
  const directions = [
    [received, 'receive'],
    [transmitted, 'transmit'],
  ] as const;
  return ({ sample, starts, sharedNetwork, hasHostNetwork }, observe) => {
    if (hasHostNetwork || sharedNetwork?.isCountedHere === false) return;
    for (const usage of sample?.networks ?? []) {
      for (const [counter, direction] of directions) {
        const value = usage[counter];
        if (value === undefined) continue;
        const startedAt = starts.of(`network ${usage.name}`, counter);
        observe(Number(value), towards(usage.name, direction), startedAt);
      }
    }
  };
}

/** cgroup v1 lists sync, async and total besides: they would count everything again. */
function observeDevices(
  { sample, starts }: ContainerSnapshot,
  observe: Observe,
  list: keyof BlockIoUsage,
): void {
  for (const entry of sample?.blockIo?.[list] ?? []) {
    const { operation, major, minor, value } = entry;
    if (value === undefined || (operation !== 'read' && operation !== 'write')) continue;
    const startedAt = starts.of('block-io', blockIoCounter(list, entry));
    observe(Number(value), ofDevice(`${major}:${minor}`, operation), startedAt);
  }
}

/** Windows counts per container, not per device. */
function observeStorage(
  { sample, starts }: ContainerSnapshot,
  observe: Observe,
  read: keyof StorageUsage,
  write: keyof StorageUsage,
): void {
  const { [read]: wasRead, [write]: wasWritten } = sample?.storage ?? {};
  if (wasRead !== undefined) observe(Number(wasRead), reading, starts.of('block-io', read));
  if (wasWritten !== undefined) observe(Number(wasWritten), writing, starts.of('block-io', write));
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
