import { detailOf } from './memory-detail.ts';
import type { Moves } from './moves.ts';

const received = (name: string) => `${name}{network.io.direction=receive}`;
const transmitted = (name: string) => `${name}{network.io.direction=transmit}`;
const waited = (time: string, resource: string) =>
  `container.pressure.${time}_time{container.pressure.resource=${resource}}`;
const hitLimit = 'container.memory.linux.events{container.memory.linux.event=max}';
const refaults = 'container.paging.linux.workingset.events{container.paging.linux.workingset.event=refault}';
const byNumber =
  '`device` is `/dev/sda` by the kernel’s files, as cAdvisor has it, and `8:0` by the runtime’s API, which gives no names';

/** google/cadvisor. */
export const cadvisorMoves: Moves = {
  container_last_seen: ['', 'the time of the sample, not of the scrape'],
  container_health_state: ['container.health.status', 'one series per health; absent without a check'],
  container_creation_time_seconds: [''],
  container_start_time_seconds: ['container.start_time', 'righter: moves with a restart'],
  container_spec_cpu_period: [''],
  container_spec_cpu_quota: ['container.cpu.limit.current', 'in CPUs; absent without a limit'],
  container_spec_cpu_shares: [
    '',
    'as it was set; cAdvisor computes it from the weight on cgroup v2 (2597 where none is set)',
  ],
  container_spec_memory_limit_bytes: ['container.memory.limit.current', 'absent without a limit, not 0'],
  container_spec_memory_reservation_limit_bytes: [
    'container.memory.reservation.current',
    'righter on cgroup v2, where cAdvisor shows `memory.min`, which Docker does not set',
  ],
  container_threads: ['container.pids.current'],
  container_threads_max: ['container.pids.limit.current', 'absent without a limit, not 0'],
  container_cpu_user_seconds_total: ['container.cpu.time{cpu.mode=user}'],
  container_cpu_system_seconds_total: ['container.cpu.time{cpu.mode=system}'],
  container_cpu_usage_seconds_total: [
    'container.cpu.time',
    'sum over the modes; or the gauge `container.cpu.usage`',
  ],
  container_cpu_cfs_periods_total: ['container.cpu.throttling.periods'],
  container_cpu_cfs_throttled_periods_total: ['container.cpu.throttling.throttled_periods'],
  container_cpu_cfs_throttled_seconds_total: ['container.cpu.throttling.throttled_time'],
  container_cpu_cfs_burst_periods_total: ['container.cpu.throttling.burst_periods', 'off by default'],
  container_cpu_cfs_burst_seconds_total: ['container.cpu.throttling.burst_time', 'off by default'],
  container_memory_usage_bytes: ['container.memory.usage'],
  container_memory_working_set_bytes: [
    'container.memory.working_set',
    'differs only where there is more inactive cache than usage: 0 here, usage there as `docker stats` has it',
  ],
  container_memory_rss: ['container.memory.rss'],
  container_memory_failures_total: [
    'container.paging.faults',
    'by type: minor faults are without the major ones',
  ],
  container_memory_max_usage_bytes: ['container.memory.usage.peak'],
  container_memory_swap: ['container.paging.usage'],
  container_memory_kernel_usage: ['', 'righter on cgroup v2, where cAdvisor shows 0'],
  container_memory_failcnt: [
    hitLimit,
    'on cgroup v2, where cAdvisor shows 0, the hits of `memory.max` by the kernel’s files, and absent by the runtime’s API, whose `failcnt` counts `oom` there; off by default',
  ],
  container_memory_events_max_total: [hitLimit, 'off by default'],
  container_memory_events_high_total: [
    'container.memory.linux.events{container.memory.linux.event=high}',
    'off by default',
  ],
  container_memory_workingset_refault_file_total: [refaults, 'of both kinds of page; off by default'],
  container_memory_workingset_refault_anon_total: [refaults, 'of both kinds of page; off by default'],
  container_memory_cache: detailOf('cache', 'without shared memory, which is a type of its own'),
  container_memory_mapped_file: detailOf('mapped_file'),
  container_memory_total_active_file_bytes: detailOf('active_file'),
  container_memory_total_inactive_file_bytes: detailOf('inactive_file'),
  container_memory_file_dirty_bytes: detailOf('dirty', 'righter on cgroup v1, where cAdvisor shows 0'),
  container_memory_file_writeback_bytes: detailOf(
    'writeback',
    'righter on cgroup v1, where cAdvisor shows 0',
  ),
  container_memory_pgscan_total: detailOf('pgscan'),
  container_memory_pgsteal_total: detailOf('pgsteal'),
  container_fs_reads_bytes_total: ['container.disk.io{disk.io.direction=read}', byNumber],
  container_fs_writes_bytes_total: ['container.disk.io{disk.io.direction=write}', byNumber],
  container_fs_reads_total: ['container.disk.operations{disk.io.direction=read}', byNumber],
  container_fs_writes_total: ['container.disk.operations{disk.io.direction=write}', byNumber],
  container_fs_usage_bytes: [
    'container.filesystem.usage',
    'by the runtime, every `--disk-usage-interval`: bytes of the writable layer, without the log files that cAdvisor adds',
  ],
  container_fs_limit_bytes: ['container.filesystem.capacity', 'off by default'],
  container_fs_inodes_total: [
    '',
    'righter: of the file system, where cAdvisor shows how many the container uses',
  ],
  container_fs_inodes_free: ['', 'righter: of the file system, where cAdvisor shows 0'],
  // The kernel's files are read for bytes and operations alone.
  'container_fs_*': [
    '',
    'by the runtime’s API alone, which gives no names: `device` is `8:0` where cAdvisor has `/dev/sda`',
  ],
  container_blkio_device_usage_total: ['container.disk.io', byNumber],
  container_network_receive_bytes_total: [received('container.network.io')],
  container_network_receive_packets_total: [received('container.network.packet.count')],
  container_network_receive_packets_dropped_total: [received('container.network.packet.dropped')],
  container_network_receive_errors_total: [received('container.network.errors')],
  container_network_transmit_bytes_total: [transmitted('container.network.io')],
  container_network_transmit_packets_total: [transmitted('container.network.packet.count')],
  container_network_transmit_packets_dropped_total: [transmitted('container.network.packet.dropped')],
  container_network_transmit_errors_total: [transmitted('container.network.errors')],
  container_oom_events_total: [
    'container.events{container.event.action=oom}',
    'since the agent listens, with the kill that ends a run, and several kills at once as one; `container.memory.oom_kills` has the kernel’s count of the present run',
  ],
  container_pressure_cpu_waiting_seconds_total: [waited('waiting', 'cpu')],
  container_pressure_cpu_stalled_seconds_total: [waited('stalled', 'cpu')],
  container_pressure_memory_waiting_seconds_total: [waited('waiting', 'memory')],
  container_pressure_memory_stalled_seconds_total: [waited('stalled', 'memory')],
  container_pressure_io_waiting_seconds_total: [waited('waiting', 'io')],
  container_pressure_io_stalled_seconds_total: [waited('stalled', 'io')],
  container_scrape_error: ['tidegauge.runtime.up', 'the other way round, by runtime'],
};
