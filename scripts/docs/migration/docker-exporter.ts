import type { Moves } from './moves.ts';

const ownClock = 'the agent’s own, by runtime';

/** prometheus-net/docker_exporter. */
export const dockerExporterMoves: Moves = {
  docker_container_cpu_used_total: ['container.cpu.time', 'a counter in seconds, by mode, with its start'],
  docker_container_cpu_capacity_total: [
    '',
    'divide by time and CPUs: `container.cpu.usage` is in CPUs already',
  ],
  docker_container_memory_used_bytes: [
    'container.memory.usage',
    'the same figure, page cache included; `container.memory.working_set` is what `docker stats` shows',
  ],
  docker_container_network_in_bytes: [
    'container.network.io{network.io.direction=receive}',
    'a counter, by interface',
  ],
  docker_container_network_out_bytes: [
    'container.network.io{network.io.direction=transmit}',
    'a counter, by interface',
  ],
  docker_container_disk_read_bytes: ['container.disk.io{disk.io.direction=read}', 'a counter, by device'],
  docker_container_disk_write_bytes: ['container.disk.io{disk.io.direction=write}', 'a counter, by device'],
  docker_container_restart_count: ['container.restarts.current'],
  docker_container_running_state: ['container.status.state', 'one series per state'],
  docker_container_start_time_seconds: ['container.start_time', 'stopped containers have it, too'],
  docker_containers: ['tidegauge.runtime.containers', ownClock],
  docker_probe_container_failed_total: ['tidegauge.container.probe.failures', 'absent until the first'],
  docker_probe_successfully_completed_time: ['tidegauge.probe.last_success_time', ownClock],
  docker_probe_duration_seconds: ['tidegauge.probe.duration', ownClock],
  docker_probe_list_containers_duration_seconds: ['tidegauge.list.duration', ownClock],
  docker_probe_inspect_duration_seconds: ['tidegauge.inspect.duration', ownClock],
  docker_probe_stats_duration_seconds: [
    'tidegauge.stats.duration',
    `${ownClock}; readings of the kernel’s files are among them`,
  ],
  docker_probe_list_containers_failed_total: ['tidegauge.list.errors', 'by type of error'],
  docker_probe_inline_timeouts_total: ['tidegauge.probe.inline_timeouts', ownClock],
};
