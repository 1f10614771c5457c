import type { Machine, NumaNode } from '../../model/host.ts';
import type { Attributes, Observe, RuntimeInstrument } from '../../model/instrument.ts';
import type { RuntimeSnapshot } from '../../model/snapshot.ts';
import { literalGauge } from '../prometheus-names.ts';

const identityKeys = ['machine_id', 'system_uuid', 'boot_id'] as const;
const notRead = 'usage is read by the runtime’s API, or no container was ever found on this host';
const noNuma = `the kernel has no NUMA nodes, or ${notRead}`;

/** cAdvisor's metrics of the host: by its files where these are known to be the runtime's, else as far as the runtime reports them. */
export const cadvisorRuntime: readonly RuntimeInstrument[] = [
  machineGauge(
    'cpu_cores',
    'Logical CPUs of the host',
    ({ machine, runtime }) => machine?.logicalCpus ?? runtime.cpus,
  ),
  machineGauge(
    'cpu_physical_cores',
    'Cores of the host’s CPUs',
    ({ machine }) => machine?.physicalCores,
    `/proc/cpuinfo names no cores (Arm), or ${notRead}`,
  ),
  machineGauge(
    'cpu_sockets',
    'Sockets of the host’s CPUs',
    ({ machine }) => machine?.sockets,
    `/proc/cpuinfo names no sockets (Arm), or ${notRead}`,
  ),
  machineGauge(
    'memory_bytes',
    'Memory of the host',
    ({ machine, runtime }) => machine?.memoryBytes ?? runtime.memoryBytes,
  ),
  machineGauge('swap_bytes', 'Swap of the host', ({ machine }) => machine?.swapBytes, notRead),
  {
    ...literalGauge('machine_scrape_error', '1 while the host’s memory cannot be read, else 0'),
    source: 'proc',
    absentWhen: notRead,
    observe: ({ machine }, observe) => machine && observe(Number(machine.memoryBytes === undefined)),
  },
  nodeMetric('memory_capacity_bytes', 'Memory of a NUMA node', [], ({ memoryBytes }, observe) => {
    if (memoryBytes !== undefined) observe(memoryBytes);
  }),
  nodeMetric(
    'hugepages_count',
    'Huge pages of a NUMA node, by their size in KiB',
    ['page_size'],
    ({ hugePages }, observe) => {
      for (const [size, count] of hugePages) observe(count, { page_size: size });
    },
  ),
  nodeMetric(
    'distance',
    'Distance from a NUMA node to another, 10 to itself',
    ['target_node_id'],
    ({ distances }, observe) => {
      for (const [target, distance] of distances.entries())
        observe(distance, { target_node_id: `${target}` });
    },
  ),
  ...unavailable('the architecture s390x alone has it', ['machine_cpu_books', 'machine_cpu_drawers']),
  ...unavailable('node_exporter has it, from the EDAC files of sysfs', [
    'machine_dimm_count',
    'machine_dimm_capacity_bytes',
  ]),
  ...unavailable('non-volatile memory answers to a library of its vendor alone (ipmctl)', [
    'machine_nvm_capacity',
    'machine_nvm_avg_power_budget_watts',
  ]),
  ...unavailable('the caches and threads of CPUs are of no use beside containers; lscpu has them', [
    'machine_cpu_cache_capacity_bytes',
    'machine_thread_siblings_count',
  ]),
  {
    ...literalGauge(
      'cadvisor_version_info',
      'Always 1; versions of kernel, runtime and this agent’s profile as labels',
    ),
    attributes: ['kernelVersion', 'osVersion', 'dockerVersion'],
    source: 'info',
    absentWhen: 'the runtime does not answer',
    observe({ runtime, containerCount }, observe) {
      if (containerCount === undefined) return;
      observe(1, {
        ...textOf('kernelVersion', runtime.kernelVersion),
        ...textOf('osVersion', runtime.operatingSystem),
        ...textOf('dockerVersion', runtime.runtimeVersion),
      });
    },
  },
  {
    ...literalGauge('container_scrape_error', '1 while the runtime does not answer, else 0'),
    source: 'list',
    observe: ({ containerCount }, observe) => observe(Number(containerCount === undefined)),
  },
];

function machineGauge(
  name: string,
  description: string,
  read: (snapshot: RuntimeSnapshot) => number | undefined,
  absentWhen?: string,
): RuntimeInstrument {
  return {
    ...literalGauge(`machine_${name}`, description),
    unit: name.endsWith('_bytes') ? 'By' : '',
    attributes: identityKeys,
    source: 'proc',
    ...(absentWhen !== undefined && { absentWhen }),
    observe(snapshot, observe) {
      const value = read(snapshot);
      if (value !== undefined) observe(value, identityOf(snapshot.machine));
    },
  };
}

function nodeMetric(
  name: string,
  description: string,
  labels: readonly string[],
  observeNode: (node: NumaNode, observe: Observe) => void,
): RuntimeInstrument {
  return {
    ...literalGauge(`machine_node_${name}`, description),
    unit: name.endsWith('_bytes') ? 'By' : '',
    attributes: [...identityKeys, 'node_id', ...labels],
    source: 'proc',
    offByDefault: true,
    absentWhen: noNuma,
    observe({ machine }, observe) {
      const identity = identityOf(machine);
      for (const node of machine?.nodes ?? [])
        observeNode(node, (value, own) => observe(value, { ...identity, node_id: node.id, ...own }));
    },
  };
}

/** What cannot be read is empty in cAdvisor, which to Prometheus is the same as none. */
function identityOf({ machineId, systemUuid, bootId }: Machine = {}): Attributes {
  return {
    ...textOf('machine_id', machineId),
    ...textOf('system_uuid', systemUuid),
    ...textOf('boot_id', bootId),
  };
}

function textOf(key: string, value: string | undefined): Attributes {
  return value === undefined ? {} : { [key]: value };
}

/** Declared with the reason why they are never observed. */
function unavailable(absentWhen: string, names: readonly string[]): readonly RuntimeInstrument[] {
  return names.map((name) => ({
    ...literalGauge(name, 'Not read'),
    unit: name.endsWith('_bytes') ? 'By' : '',
    source: 'unavailable',
    absentWhen,
    observe: () => undefined,
  }));
}
