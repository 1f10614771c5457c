// One piece, because it is a table: the metrics of usage besides memory, with their attributes.
import type { ContainerFilesystem } from '../../model/disk-usage.ts';
import { stampedBy } from '../../model/instrument.ts';
import type { AttributeCache, Attributes, ContainerInstrument, Observe } from '../../model/instrument.ts';
import type {
  CpuThrottling,
  CpuUsage,
  BlockIoUsage,
  InterfaceUsage,
  Stalled,
  StorageUsage,
} from '../../model/sample.ts';
import { blockIoCounter, deviceName, pressureCounter } from '../../model/sample.ts';
import type { ContainerSnapshot } from '../../model/snapshot.ts';
import { diskUsageNotMeasured, storageNotReached } from '../absence.ts';
import { cpuUsage, hasCpuModes } from '../formulas.ts';

const user = { 'cpu.mode': 'user' };
const system = { 'cpu.mode': 'system' };
/** No runtime sets what is needed for a burst, `cpu.max.burst`. */
const burst = {
  source: 'cgroup',
  offByDefault: true,
  absentWhen: 'usage is read by the runtime’s API, or the kernel does not count it',
} as const;

/** CPU metrics of profile `semconv`. */
export const semconvCpu: readonly ContainerInstrument[] = stampedBy('cpu', [
  {
    name: 'container.cpu.time',
    kind: 'counter',
    unit: 's',
    description: 'CPU time consumed, by mode; on cgroup v1 the modes come in steps of 10 ms',
    attributes: ['cpu.mode'],
    source: 'stats',
    stability: 'release_candidate',
    observe: observeCpuTime,
  },
  {
    name: 'container.cpu.usage',
    kind: 'gauge',
    unit: '{cpu}',
    description: 'CPUs in use between the last two samples, by wall clock',
    attributes: [],
    source: 'stats',
    stability: 'development',
    absentWhen: 'the container was measured only once since it started',
    observe({ sample, previous }, observe) {
      const cpus = sample && cpuUsage(sample, previous);
      if (cpus !== undefined) observe(cpus);
    },
  },
  {
    name: 'container.cpu.limit.current',
    kind: 'updowncounter',
    unit: '{cpu}',
    description: 'CPUs that the container may use, from --cpus or its quota',
    attributes: [],
    source: 'inspect',
    stability: 'extension',
    absentWhen: 'no limit is set',
    observe({ limits }, observe) {
      if (limits.cpus !== undefined) observe(limits.cpus);
    },
  },
  {
    name: 'container.cpu.limit.utilization',
    kind: 'gauge',
    unit: '1',
    description: 'CPUs in use divided by the limit; may pass 1 for a moment, as a quota holds per period',
    attributes: [],
    source: 'stats',
    stability: 'extension',
    absentWhen: 'no limit is set',
    observe({ sample, previous, limits }, observe) {
      const cpus = sample && cpuUsage(sample, previous);
      if (cpus !== undefined && limits.cpus !== undefined) observe(cpus / limits.cpus);
    },
  },
  throttling('periods', '{period}', 'Scheduler periods in which the container had a quota', 'periods'),
  throttling('throttled_periods', '{period}', 'Periods in which the quota ran out', 'throttledPeriods'),
  throttling('throttled_time', 's', 'Time that the container was held back by its quota', 'throttledNanos'),
  {
    ...throttling(
      'burst_periods',
      '{period}',
      'Periods in which more than the quota was used, from what was left of earlier ones',
      'burstPeriods',
    ),
    ...burst,
  },
  { ...throttling('burst_time', 's', 'Time used beyond the quota in such periods', 'burstNanos'), ...burst },
]);

/** Windows counts in ticks of 100 ns; a runtime without modes gives one point without the attribute. */
function observeCpuTime({ sample, starts }: ContainerSnapshot, observe: Observe): void {
  if (!sample?.cpu) return;
  const { totalNanos, userNanos, kernelNanos } = sample.cpu;
  const perSecond = sample.windows ? 1e7 : 1e9;
  if (!hasCpuModes(sample.cpu)) {
    if (totalNanos !== undefined) observe(Number(totalNanos) / perSecond, {}, starts.of('cpu', 'total'));
    return;
  }
  if (userNanos !== undefined) observe(Number(userNanos) / perSecond, user, starts.of('cpu', 'user'));
  if (kernelNanos !== undefined) observe(Number(kernelNanos) / perSecond, system, starts.of('cpu', 'kernel'));
}

function throttling(
  name: string,
  unit: string,
  description: string,
  counter: keyof CpuThrottling,
): ContainerInstrument {
  return {
    name: `container.cpu.throttling.${name}`,
    kind: 'counter',
    unit,
    description,
    attributes: [],
    source: 'stats',
    stability: 'extension',
    absentWhen: 'the runtime does not report it (Windows)',
    observe({ sample, starts }, observe) {
      const value = sample?.windows ? undefined : sample?.cpu?.throttling?.[counter];
      if (value === undefined) return;
      observe(Number(value) / (unit === 's' ? 1e9 : 1), {}, starts.of('cpu', counter));
    },
  };
}

/**
 * CPU time by core: a metric of its own, for in `container.cpu.time` it would count everything again.
 * Off by default: as many series per container as the host has CPUs.
 */
export const semconvCpuLogical: ContainerInstrument = {
  name: 'container.cpu.logical.time',
  kind: 'counter',
  unit: 's',
  description: 'CPU time consumed, by logical CPU of the host',
  attributes: ['cpu.logical_number'],
  source: 'stats',
  stampedBy: 'cpu',
  stability: 'extension',
  offByDefault: true,
  absentWhen: 'cgroup v2 or Windows, which do not report it',
  observe({ sample, starts }, observe, cache) {
    sample?.cpu?.perCpuNanos?.forEach((nanos, index) => {
      if (nanos || isOnline(index, sample.cpu))
        observe(Number(nanos) / 1e9, cache.ofNames(ofCore, `${index}`), starts.of('cpu', `core ${index}`));
    });
  },
};

/** The kernel lists every CPU that could be plugged in: those that never were have no time, rather than none used. */
function isOnline(index: number, cpu: CpuUsage | undefined): boolean {
  return index < (cpu?.onlineCpus ?? Infinity);
}

function ofCore(index: string): Attributes {
  return { 'cpu.logical_number': Number(index) };
}

const interfaceAttributes = ['network.interface.name', 'network.io.direction'] as const;
const deviceAttributes = ['system.device', 'disk.io.direction'] as const;
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
    observe(snapshot, observe, cache) {
      observeDevices(snapshot, observe, cache, 'serviceBytes');
      observeStorage(snapshot, observe, 'readBytes', 'writeBytes');
    },
  },
  {
    ...disk('container.disk.operations', '{operation}', 'Reads and writes'),
    absentWhen: 'the runtime’s API is read, and gives bytes only: Docker on cgroup v2, Podman on cgroup v1',
    observe(snapshot, observe, cache) {
      observeDevices(snapshot, observe, cache, 'serviced');
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
    description: `${description}, by device (its name, or major:minor where only that is known) and direction`,
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
  return ({ sample, starts, sharedNetwork, hasHostNetwork }, observe, cache) => {
    if (hasHostNetwork || sharedNetwork?.isCountedHere === false) return;
    for (const usage of sample?.networks ?? []) {
      for (const [counter, direction] of directions) {
        const value = usage[counter];
        if (value === undefined) continue;
        const startedAt = starts.of(`network ${usage.name}`, counter);
        observe(Number(value), cache.ofNames(ofInterface, usage.name, direction), startedAt);
      }
    }
  };
}

function ofInterface(name: string, direction: string): Attributes {
  return { 'network.interface.name': name, 'network.io.direction': direction };
}

/** cgroup v1 lists sync, async and total besides: they would count everything again. */
function observeDevices(
  { sample, starts }: ContainerSnapshot,
  observe: Observe,
  cache: AttributeCache,
  list: keyof BlockIoUsage,
): void {
  for (const entry of sample?.blockIo?.[list] ?? []) {
    const { operation, value } = entry;
    if (value === undefined || (operation !== 'read' && operation !== 'write')) continue;
    const startedAt = starts.of('block-io', blockIoCounter(list, entry));
    observe(Number(value), cache.ofNames(ofDevice, deviceName(entry), operation), startedAt);
  }
}

function ofDevice(device: string, direction: string): Attributes {
  return { 'system.device': device, 'disk.io.direction': direction };
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

const resourceKey = 'container.pressure.resource';
const resources = (['cpu', 'memory', 'io'] as const).map((resource) => ({
  resource,
  attributes: { [resourceKey]: resource },
}));

/** Metrics of pressure (PSI) of profile `semconv`; averages are rates of these. */
export const semconvPressure: readonly ContainerInstrument[] = stampedBy('pressure', [
  pressure(
    'waiting_time',
    'Time in which at least one task of the container waited for a resource',
    'someNanos',
  ),
  pressure(
    'stalled_time',
    'Time in which all tasks of the container waited for a resource at once; part of the time waited',
    'fullNanos',
  ),
]);

function pressure(name: string, description: string, kind: keyof Stalled): ContainerInstrument {
  return {
    name: `container.pressure.${name}`,
    kind: 'counter',
    unit: 's',
    description,
    attributes: [resourceKey],
    source: 'cgroup',
    stability: 'extension',
    absentWhen: 'the kernel counts no pressure (PSI), or usage is read by the runtime’s API, which lacks it',
    observe({ sample, starts }, observe) {
      for (const { resource, attributes } of resources) {
        const nanos = sample?.pressure?.[resource]?.[kind];
        if (nanos === undefined) continue;
        observe(Number(nanos) / 1e9, attributes, starts.of('pressure', pressureCounter(resource, kind)));
      }
    },
  };
}

/** The same of every container of a host. */
const ofHost = { offByDefault: true, absentWhen: storageNotReached } as const;

/** File system metrics of profile `semconv`, on the slow schedule. */
export const semconvFilesystem: readonly ContainerInstrument[] = [
  {
    ...filesystem('usage', 'Bytes of the writable layer', ({ usageBytes }) => usageBytes),
    absentWhen: diskUsageNotMeasured,
  },
  {
    ...filesystem(
      'capacity',
      'Size of the file system that holds the writable layer',
      (of) => of.filesystem?.capacityBytes,
    ),
    ...ofHost,
  },
  {
    ...filesystem(
      'available',
      'What is free of the file system that holds the writable layer',
      (of) => of.filesystem?.availableBytes,
    ),
    ...ofHost,
  },
];

function filesystem(
  name: string,
  description: string,
  read: (of: ContainerFilesystem) => number | undefined,
): ContainerInstrument {
  return {
    name: `container.filesystem.${name}`,
    kind: 'updowncounter',
    unit: 'By',
    description,
    attributes: [],
    source: 'disk usage',
    stampedBy: 'now',
    stability: 'development',
    observe({ filesystem: of }, observe) {
      const bytes = of && read(of);
      if (bytes !== undefined) observe(bytes);
    },
  };
}
