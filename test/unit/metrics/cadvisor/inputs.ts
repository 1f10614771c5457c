/** Inputs of the identity labels that every series of cAdvisor has. */
const identity = [
  'inspect/Name',
  'inspect/Config/Image',
  'inspect/Image',
  'inspect/Config/Labels',
  'inspect/HostConfig/CgroupParent',
  'inspect/State/Status',
];
const quota = ['NanoCpus', 'CpuQuota', 'CpuPeriod'].map((key) => `inspect/HostConfig/${key}`);
const memory = 'stats/memory_stats';

/** Inputs of each value of profile `cadvisor` besides identity, by the beginning of its key; first match wins. */
const made: readonly [series: string, ...inputs: string[]][] = [
  ['container_last_seen', 'stats/read'],
  ['container_health_state', 'inspect/State/Health'],
  ['container_creation_time', 'inspect/Created'],
  ['container_start_time', 'inspect/State/StartedAt', 'inspect/Created'],
  ['container_spec_cpu_period', 'inspect/HostConfig/CpuPeriod'],
  ['container_spec_cpu_quota', ...quota],
  ['container_spec_cpu_shares', 'inspect/HostConfig/CpuShares'],
  ['container_spec_memory_limit', 'inspect/HostConfig/Memory'],
  ['container_spec_memory_swap', 'inspect/HostConfig/MemorySwap', 'inspect/HostConfig/Memory'],
  ['container_spec_memory_reservation', 'inspect/HostConfig/MemoryReservation'],
  ['container_threads', 'stats/pids_stats', 'inspect/HostConfig/PidsLimit'],
  ['container_cpu_cfs', 'stats/cpu_stats/throttling_data', ...quota],
  ['container_cpu', 'stats/cpu_stats/cpu_usage'],
  ['container_memory_usage', `${memory}/usage`],
  // Without usage and keys there is no memory at all.
  ['container_memory_max_usage', `${memory}/max_usage`, `${memory}/usage`, `${memory}/stats`],
  ['container_memory_failcnt', `${memory}/failcnt`, `${memory}/usage`, `${memory}/stats`],
  ['container_memory_working_set', `${memory}/usage`, `${memory}/stats`],
  ['container_memory', `${memory}/stats`],
  ['container_fs', 'stats/blkio_stats'],
  ['container_blkio', 'stats/blkio_stats/io_service_bytes_recursive'],
  ['container_network', 'stats/networks', 'inspect/HostConfig/NetworkMode'],
];

/** The same with the identity. */
export const cadvisorInputs = made.map(([series, ...inputs]): [string, ...string[]] => [
  series,
  ...inputs,
  ...identity,
]);

/** cAdvisor's 0 for no limit of tasks, and for more inactive cache than usage; for a name of the conventions it would be a lie. */
export const cadvisorZeros = /^container_(threads_max|memory_working_set_bytes|health_state)/;
