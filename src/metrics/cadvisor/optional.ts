import type { ContainerInstrument } from '../../model/instrument.ts';
import { hugePagesCounter } from '../../model/sample.ts';
import type { OptionalPart, ProcessUsage, Sample, SocketCounts } from '../../model/sample.ts';
import type { Measured } from '../../model/snapshot.ts';
import { cadvisorMetric, runtimeLacksIt } from './declare.ts';
import type { CadvisorDeclaration, CadvisorSeries } from './declare.ts';

const noProcesses = `the host’s /proc is not read, its processes are closed to this user, or ${runtimeLacksIt}`;
const foreign = `the agent is in a pid namespace of its own (docker run --pid host), or ${noProcesses}`;
const noSockets = `the network is the host’s or another container’s, or ${noProcesses}`;

/** cAdvisor's words for the kernel's numbers of TCP states, from 1 on. */
const tcpStates = [
  'established',
  'synsent',
  'synrecv',
  'finwait1',
  'finwait2',
  'timewait',
  'close',
  'closewait',
  'lastack',
  'listen',
  'closing',
];

/** cAdvisor's words for the kernel's letters; waiting for I/O is counted as other waiting there. */
const taskStates: readonly (readonly [letter: string, state: string])[] = [
  ['S', 'sleeping'],
  ['R', 'running'],
  ['T', 'stopped'],
  ['D', 'uninterruptible'],
];

/** Metrics of profile `cadvisor` that are off by default, as cAdvisor has them; their files are read only where one is on. */
export const cadvisorOptional: readonly ContainerInstrument[] = [
  hugePages('failcnt', 'counter', 'How often the limit of huge pages was hit', ({ pageSize, failures }) => ({
    value: failures,
    group: 'memory',
    counter: hugePagesCounter(pageSize),
  })),
  hugePages('usage_bytes', 'gauge', 'Huge pages in use', ({ usage }) => ({ value: usage })),
  hugePages(
    'max_usage_bytes',
    'gauge',
    'Most huge pages ever in use; of cgroup v1 alone',
    ({ maxUsage }) => ({ value: maxUsage }),
  ),
  optional(
    'numa',
    {
      name: 'container_memory_numa_pages',
      description:
        'Pages by kind and NUMA node, of the container alone (cgroup v1) and with all cgroups below it',
      labels: ['type', 'scope', 'node'],
      source: 'cgroup',
      absentWhen: `the kernel has no NUMA, or ${runtimeLacksIt}`,
    },
    ({ sample }) =>
      (sample?.numa ?? []).map(({ type, scope, node, pages }) => ({
        value: pages,
        labels: { type, scope, node },
      })),
  ),
  optional(
    'cpuset',
    {
      name: 'container_memory_migrate',
      description: '1 where memory moves with the set of NUMA nodes',
      source: 'cgroup',
      absentWhen: `cgroup v2, or ${runtimeLacksIt}`,
    },
    ({ sample }) => [
      { value: sample?.migratesMemory === undefined ? undefined : Number(sample.migratesMemory) },
    ],
  ),
  ofProcesses('processes', { name: 'processes', description: 'Processes' }, ({ processes }) => [
    { value: processes },
  ]),
  ofProcesses(
    'descriptors',
    {
      name: 'file_descriptors',
      description: 'Open file descriptors of all processes',
      absentWhen: foreign,
    },
    ({ fileDescriptors }) => [{ value: fileDescriptors }],
  ),
  ofProcesses(
    'descriptors',
    { name: 'sockets', description: 'Open sockets of all processes', absentWhen: foreign },
    ({ sockets }) => [{ value: sockets }],
  ),
  ofProcesses(
    'limits',
    {
      name: 'ulimits_soft',
      description: 'Soft limit of open files of the first process, -1 without',
      labels: ['ulimit'],
    },
    ({ maxOpenFiles: max }) => [{ value: max === Infinity ? -1 : max, labels: { ulimit: 'max_open_files' } }],
  ),
  ofProcesses(
    'tasks',
    {
      name: 'tasks_state',
      description:
        'Tasks by state, by the files of each where cAdvisor asks the kernel’s taskstats; none waits for I/O here',
      labels: ['state'],
      absentWhen: foreign,
    },
    ({ taskStates: counts }) =>
      counts
        ? taskStates.map(([letter, state]) => ({ value: counts.get(letter) ?? 0, labels: { state } }))
        : [],
  ),
  tcp('network_tcp_usage_total', 'TCP sockets by state', ({ ipv4 }) => ipv4),
  tcp('network_tcp6_usage_total', 'TCP sockets over IPv6 by state', ({ ipv6 }) => ipv6),
  udp('network_udp_usage_total', 'UDP sockets, their queues and drops', ({ ipv4 }) => ipv4),
  udp('network_udp6_usage_total', 'UDP sockets over IPv6, their queues and drops', ({ ipv6 }) => ipv6),
];

type Declared = Omit<CadvisorDeclaration, 'kind'> & Partial<Pick<CadvisorDeclaration, 'kind'>>;

function optional(
  part: OptionalPart,
  declaration: Declared,
  read: (measured: Measured) => readonly CadvisorSeries[],
): ContainerInstrument {
  return {
    ...cadvisorMetric({ kind: 'gauge', ...declaration }, read),
    stampedBy: part,
    offByDefault: true,
  };
}

type HugePages = NonNullable<Sample['hugePages']>[number];

function hugePages(
  name: string,
  kind: 'gauge' | 'counter',
  description: string,
  read: (of: HugePages) => CadvisorSeries,
): ContainerInstrument {
  return optional(
    'hugePages',
    {
      name: `container_hugetlb_${name}`,
      kind,
      description,
      source: 'cgroup',
      labels: ['pagesize'],
      absentWhen: `the kernel has no controller of huge pages, or ${runtimeLacksIt}`,
    },
    ({ sample }) =>
      (sample?.hugePages ?? []).map((of) => ({ ...read(of), labels: { pagesize: of.pageSize } })),
  );
}

function ofProcesses(
  part: OptionalPart,
  { name, ...others }: Omit<CadvisorDeclaration, 'kind' | 'source'>,
  read: (of: ProcessUsage) => readonly CadvisorSeries[],
): ContainerInstrument {
  return optional(
    part,
    { name: `container_${name}`, source: 'proc', absentWhen: noProcesses, ...others },
    ({ sample }) => (sample?.process ? read(sample.process) : []),
  );
}

/** Sockets that several containers share are shown with none: each would have all of them. */
function ofSockets(
  part: OptionalPart,
  {
    name,
    description,
    label,
  }: { readonly name: string; readonly description: string; readonly label: string },
  read: (of: ProcessUsage) => readonly CadvisorSeries[],
): ContainerInstrument {
  return optional(
    part,
    { name: `container_${name}`, description, source: 'proc', labels: [label], absentWhen: noSockets },
    ({ sample, sharedNetwork }) => (sample?.process && !sharedNetwork ? read(sample.process) : []),
  );
}

function tcp(
  name: string,
  description: string,
  socketsOf: (of: ProcessUsage) => SocketCounts | undefined,
): ContainerInstrument {
  return ofSockets('tcp', { name, description, label: 'tcp_state' }, (process) => {
    const counts = socketsOf(process)?.tcp;
    if (!counts) return [];
    return tcpStates.map((state, index) => ({
      value: counts.get(index + 1) ?? 0,
      labels: { tcp_state: state },
    }));
  });
}

function udp(
  name: string,
  description: string,
  socketsOf: (of: ProcessUsage) => SocketCounts | undefined,
): ContainerInstrument {
  return ofSockets('udp', { name, description, label: 'udp_state' }, (process) => {
    const sums = socketsOf(process)?.udp;
    if (!sums) return [];
    const states = {
      listen: sums.sockets,
      dropped: sums.dropped,
      rxqueued: sums.receiveQueueBytes,
      txqueued: sums.transmitQueueBytes,
    };
    return Object.entries(states).map(([state, value]) => ({ value, labels: { udp_state: state } }));
  });
}
