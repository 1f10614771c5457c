const total = 'stats/cpu_stats/cpu_usage/total_usage';
const status = 'inspect/State/Status';
const limits = ['NanoCpus', 'CpusetCpus', 'CpuQuota', 'CpuPeriod'].map((key) => `inspect/HostConfig/${key}`);
const workingSet = ['usage', 'stats/inactive_file', 'stats/total_inactive_file'].map(
  (key) => `stats/memory_stats/${key}`,
);
/** Without usage and keys there is no memory at all. */
const wholeMemory = ['stats/memory_stats/usage', 'stats/memory_stats/stats'];

/** Inputs of each value of profile `docker_stats` by the beginning of its key; the first match counts. */
export const dockerStatsInputs: readonly [series: string, ...inputs: string[]][] = [
  ['container.cpu.usage.total', total],
  ['container.cpu.usage.usermode', 'stats/cpu_stats/cpu_usage/usage_in_usermode', total],
  ['container.cpu.usage.kernelmode', 'stats/cpu_stats/cpu_usage/usage_in_kernelmode', total],
  ['container.cpu.usage.system', 'stats/cpu_stats/system_cpu_usage', total],
  ['container.cpu.usage.percpu', 'stats/cpu_stats/cpu_usage/percpu_usage', total],
  ['container.cpu.utilization', 'stats/cpu_stats', 'stats/read'],
  ['container.cpu.logical.count', 'stats/cpu_stats/online_cpus', total],
  ['container.cpu.throttling_data', 'stats/cpu_stats/throttling_data', total],
  ['container.cpu.limit', status, ...limits],
  ['container.cpu.shares', status, 'inspect/HostConfig/CpuShares'],
  ['container.memory.usage.total', ...workingSet, ...wholeMemory],
  ['container.memory.usage.limit', 'stats/memory_stats/limit', ...wholeMemory],
  ['container.memory.usage.max', 'stats/memory_stats/max_usage', ...wholeMemory],
  ['container.memory.percent', 'stats/memory_stats/limit', ...workingSet, ...wholeMemory],
  ['container.memory.fails', 'stats/memory_stats/failcnt', ...wholeMemory],
  ['container.memory', 'stats/memory_stats/stats'],
  ['container.blockio', 'stats/blkio_stats'],
  ['container.network', 'stats/networks'],
  ['container.pids.count', 'stats/pids_stats/current'],
  ['container.pids.limit', 'stats/pids_stats'],
  ['container.restarts', status, 'inspect/RestartCount'],
  ['container.uptime', status, 'inspect/State/StartedAt', 'stats/read'],
];
