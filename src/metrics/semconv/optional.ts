import { stampedBy } from '../../model/instrument.ts';
import type { Attributes, ContainerInstrument, Observe } from '../../model/instrument.ts';
import { hugePagesCounter } from '../../model/sample.ts';
import type { HugePagesUsage, OptionalPart, ProcessUsage } from '../../model/sample.ts';
import type { ContainerSnapshot } from '../../model/snapshot.ts';

const byRuntime = 'usage is read by the runtime’s API, which lacks it';
const noHugePages = `the kernel has no controller of huge pages, or ${byRuntime}`;
const noProcesses = `the host’s /proc is not read, its processes are closed to this user, or ${byRuntime}`;
const foreign = `the agent is in a pid namespace of its own (docker run --pid host), or ${noProcesses}`;

const sizeKey = 'container.memory.linux.hugepages.size';
const nodeKey = 'container.memory.linux.numa.node';
const numaTypeKey = 'container.memory.linux.numa.type';
const threadStateKey = 'container.thread.state';
const connectionKeys = ['network.connection.state', 'network.transport', 'network.type'] as const;

const numaTypes: Readonly<Record<string, string>> = {
  anon: 'anonymous',
  file: 'page_cache',
  unevictable: 'unevictable',
};

const threadStates: readonly (readonly [letter: string, state: string])[] = [
  ['R', 'running'],
  ['S', 'sleeping'],
  ['D', 'uninterruptible'],
  ['T', 'stopped'],
];

/** The conventions' words for the kernel's numbers of TCP states, from 1 on. */
const connectionStates = [
  'established',
  'syn_sent',
  'syn_received',
  'fin_wait_1',
  'fin_wait_2',
  'time_wait',
  'closed',
  'close_wait',
  'last_ack',
  'listen',
  'closing',
];

/** Metrics of profile `semconv` that are off by default, as their files are read only where one is on. */
export const semconvOptional: readonly ContainerInstrument[] = [
  ...stampedBy('hugePages', [
    hugePages(
      { name: 'usage', kind: 'updowncounter', unit: 'By', description: 'Huge pages in use' },
      ({ usage }) => usage,
    ),
    hugePages(
      {
        name: 'usage.peak',
        kind: 'gauge',
        unit: 'By',
        description: 'Most huge pages ever in use; of cgroup v1 alone',
      },
      ({ maxUsage }) => maxUsage,
    ),
    hugePages(
      {
        name: 'failures',
        kind: 'counter',
        unit: '{failure}',
        description: 'How often the limit of huge pages was hit',
      },
      ({ failures }) => failures,
    ),
  ]),
  {
    ...optional('numa', 'container.memory.linux.numa.usage', 'By', 'Memory by NUMA node and what it holds'),
    attributes: [nodeKey, numaTypeKey],
    source: 'cgroup',
    absentWhen: `the kernel has no NUMA, or ${byRuntime}`,
    observe({ sample }, observe) {
      for (const { type, scope, node, bytes } of sample?.numa ?? [])
        if (scope === 'hierarchy')
          observe(bytes, { [nodeKey]: node, [numaTypeKey]: numaTypes[type] ?? type });
    },
  },
  ofProcesses(['processes', 'container.process.count', '{process}', 'Processes'], ({ processes }, observe) =>
    present(processes, observe),
  ),
  {
    ...ofProcesses(
      ['tasks', 'container.thread.count', '{thread}', 'Threads by state'],
      ({ taskStates: counts }, observe) => {
        for (const [letter, state] of counts ? threadStates : [])
          observe(counts?.get(letter) ?? 0, { [threadStateKey]: state });
      },
    ),
    attributes: [threadStateKey],
    absentWhen: foreign,
  },
  {
    ...ofProcesses(
      [
        'descriptors',
        'container.unix.file_descriptor.count',
        '{descriptor}',
        'Open file descriptors of all processes',
      ],
      ({ fileDescriptors }, observe) => present(fileDescriptors, observe),
    ),
    absentWhen: foreign,
  },
  {
    ...ofProcesses(
      ['descriptors', 'container.unix.socket.count', '{socket}', 'Open sockets of all processes'],
      ({ sockets }, observe) => present(sockets, observe),
    ),
    absentWhen: foreign,
  },
  ofProcesses(
    [
      'limits',
      'container.unix.file_descriptor.limit',
      '{descriptor}',
      'Soft limit of open files of the first process, absent without one',
    ],
    ({ maxOpenFiles }, observe) => present(maxOpenFiles === Infinity ? undefined : maxOpenFiles, observe),
  ),
  {
    ...optional('tcp', 'container.network.connection.count', '{connection}', 'TCP connections by state'),
    attributes: connectionKeys,
    source: 'proc',
    absentWhen: `the network is the host’s or another container’s, or ${noProcesses}`,
    observe: observeConnections,
  },
];

/** Why these names: of each the nearest one of the conventions, as it reads on from "name". */
export const optionalNameReasons: Readonly<Record<string, string>> = {
  'container.memory.linux.hugepages.usage':
    'after `system.memory.linux.hugepages.usage`, in bytes, as there are several sizes',
  'container.memory.linux.hugepages.usage.peak':
    'after `container.memory.usage.peak`, below the metric of which it is the peak',
  'container.memory.linux.hugepages.failures': 'by the kernel: `hugetlb.*.failcnt`',
  'container.memory.linux.numa.usage':
    'after `system.memory.usage`, in the namespace of `system.memory.linux.*`, with the kernel’s word `numa`',
  'container.process.count': 'after `system.process.count`',
  'container.thread.count': 'after `process.thread.count`',
  'container.unix.file_descriptor.count': 'after `process.unix.file_descriptor.count`',
  'container.unix.file_descriptor.limit': 'after `jvm.file_descriptor.limit`, beside the count',
  'container.unix.socket.count': 'after `process.unix.file_descriptor.count`, of which they are a part',
  'container.network.connection.count': 'after `system.network.connection.count`',
};

type Declared = Omit<ContainerInstrument, 'observe' | 'source'>;

function optional(part: OptionalPart, name: string, unit: string, description: string): Declared {
  return {
    name,
    kind: 'updowncounter',
    unit,
    description,
    attributes: [],
    stampedBy: part,
    stability: 'extension',
    offByDefault: true,
  };
}

type HugePagesMetric = Pick<ContainerInstrument, 'name' | 'kind' | 'unit' | 'description'>;

function hugePages(
  { name, kind, unit, description }: HugePagesMetric,
  read: (of: HugePagesUsage) => HugePagesUsage['usage'],
): ContainerInstrument {
  return {
    ...optional('hugePages', `container.memory.linux.hugepages.${name}`, unit, description),
    kind,
    attributes: [sizeKey],
    source: 'cgroup',
    absentWhen: noHugePages,
    observe({ sample, starts }, observe) {
      for (const of of sample?.hugePages ?? []) {
        const value = read(of);
        if (value === undefined) continue;
        const startedAt = kind === 'counter' ? starts.of('memory', hugePagesCounter(of.pageSize)) : undefined;
        observe(Number(value), { [sizeKey]: of.pageSize }, startedAt);
      }
    },
  };
}

type Row = readonly [part: OptionalPart, name: string, unit: string, description: string];

function ofProcesses(
  row: Row,
  observeThem: (of: ProcessUsage, observe: Observe) => void,
): ContainerInstrument {
  return {
    ...optional(...row),
    source: 'proc',
    absentWhen: noProcesses,
    observe: ({ sample }, observe) => {
      if (sample?.process) observeThem(sample.process, observe);
    },
  };
}

function present(value: number | undefined, observe: Observe): void {
  if (value !== undefined) observe(value);
}

/** Sockets that several containers share are shown with none: each would have all of them. */
function observeConnections({ sample, sharedNetwork }: ContainerSnapshot, observe: Observe): void {
  if (!sample?.process || sharedNetwork) return;
  for (const version of ['ipv4', 'ipv6'] as const) {
    const counts = sample.process[version]?.tcp;
    if (!counts) continue;
    for (const [index, state] of connectionStates.entries())
      observe(counts.get(index + 1) ?? 0, connectionOf(state, version));
  }
}

function connectionOf(state: string, version: string): Attributes {
  return { 'network.connection.state': state, 'network.transport': 'tcp', 'network.type': version };
}
