import { detailOf } from './memory-detail.ts';
import type { Moves } from './moves.ts';
import { telegrafRuntime } from './telegraf-runtime.ts';

/** Keys of cgroup v1 and v2 that telegraf hands on as they are. */
const memoryKeys = [
  'active_anon',
  'active_file',
  'inactive_anon',
  'inactive_file',
  'unevictable',
  'cache',
  'mapped_file',
  'writeback',
  'rss_huge',
  'pgpgin',
  'pgpgout',
].flatMap((key) => [key, `total_${key}`]);

const memoryDetail: Moves = Object.fromEntries(
  memoryKeys.map((key) => [`docker_container_mem.${key}`, detailOf(key)]),
);

/** Telegraf's inputs.docker: it has no profile, so its fields move to `semconv` alone. */
export const telegrafMoves: Moves = {
  'docker_container_cpu.usage_total': ['container.cpu.time', 'in seconds; sum over the modes'],
  'docker_container_cpu.usage_in_usermode': ['container.cpu.time{cpu.mode=user}', 'in seconds'],
  'docker_container_cpu.usage_in_kernelmode': ['container.cpu.time{cpu.mode=system}', 'in seconds'],
  'docker_container_cpu.usage_percent': ['container.cpu.usage', 'in CPUs: 1 is 100 percent'],
  'docker_container_cpu.usage_system': ['', '`container.cpu.usage.system` of profile docker_stats'],
  'docker_container_cpu.throttling_periods': ['container.cpu.throttling.periods'],
  'docker_container_cpu.throttling_throttled_periods': ['container.cpu.throttling.throttled_periods'],
  'docker_container_cpu.throttling_throttled_time': ['container.cpu.throttling.throttled_time', 'in seconds'],
  'docker_container_mem.usage': [
    'container.memory.working_set',
    'differs on cgroup v1: the inactive page cache is left out, not all of it',
  ],
  'docker_container_mem.usage_percent': [
    'container.memory.limit.utilization',
    '0 to 1; absent without a limit',
  ],
  'docker_container_mem.limit': ['container.memory.limit.current', 'absent without a limit'],
  'docker_container_mem.max_usage': [
    'container.memory.usage.peak',
    'absent on cgroup v2 by the runtime’s API, not 0',
  ],
  'docker_container_mem.fail_count': [
    'container.memory.linux.events',
    'event `max` on cgroup v1, `oom` on v2; off by default; `container.memory.fails` of profile docker_stats is the same figure',
  ],
  'docker_container_mem.rss': ['container.memory.rss', 'on cgroup v2, too'],
  'docker_container_mem.total_rss': ['container.memory.rss', 'on cgroup v2, too'],
  'docker_container_mem.hierarchical_memory_limit': ['container.memory.limit.current'],
  ...memoryDetail,
  'docker_container_mem.pgfault': ['container.paging.faults', 'sum over the types'],
  'docker_container_mem.pgmajfault': ['container.paging.faults{system.paging.fault.type=major}'],
  'docker_container_mem.total_pgfault': ['container.paging.faults', 'sum over the types'],
  'docker_container_mem.total_pgmajfault': ['container.paging.faults{system.paging.fault.type=major}'],
  'docker_container_mem.commit_bytes': ['container.memory.usage', 'Windows'],
  'docker_container_mem.commit_peak_bytes': ['container.memory.usage.peak', 'Windows'],
  'docker_container_mem.private_working_set': ['container.memory.working_set', 'Windows'],
  'docker_container_net.rx_bytes': ['container.network.io{network.io.direction=receive}'],
  'docker_container_net.tx_bytes': ['container.network.io{network.io.direction=transmit}'],
  'docker_container_net.rx_packets': ['container.network.packet.count{network.io.direction=receive}'],
  'docker_container_net.tx_packets': ['container.network.packet.count{network.io.direction=transmit}'],
  'docker_container_net.rx_errors': ['container.network.errors{network.io.direction=receive}'],
  'docker_container_net.tx_errors': ['container.network.errors{network.io.direction=transmit}'],
  'docker_container_net.rx_dropped': ['container.network.packet.dropped{network.io.direction=receive}'],
  'docker_container_net.tx_dropped': ['container.network.packet.dropped{network.io.direction=transmit}'],
  'docker_container_blkio.io_service_bytes_recursive_read': ['container.disk.io{disk.io.direction=read}'],
  'docker_container_blkio.io_service_bytes_recursive_write': ['container.disk.io{disk.io.direction=write}'],
  'docker_container_blkio.io_serviced_recursive_read': ['container.disk.operations{disk.io.direction=read}'],
  'docker_container_blkio.io_serviced_recursive_write': [
    'container.disk.operations{disk.io.direction=write}',
  ],
  'docker_container_blkio.*': [
    '',
    'sync, async and total count the same bytes again; the rest in profile docker_stats',
  ],
  'docker_container_health.failing_streak': ['', 'the status alone shows when the runtime gave up'],
  'docker_container_health.health_status': ['container.health.status', 'one series per health'],
  'docker_container_status.exitcode': ['container.exit_code', 'absent while it runs, where telegraf has 0'],
  'docker_container_status.oomkilled': ['container.oom_killed'],
  'docker_container_status.restart_count': ['container.restarts.current'],
  'docker_container_status.started_at': ['container.start_time', 'in seconds'],
  'docker_container_status.finished_at': ['', 'when a container stopped: the state changes at that moment'],
  'docker_container_status.pid': ['', 'no figure, and another one at each start'],
  'docker_container_status.uptime_ns': ['container.uptime', 'in seconds'],
  ...telegrafRuntime,
};
