/**
 * Why a metric that the conventions lack has its name: the nearest that they have, or what stands in for it.
 * Each reads on from "name": "name after …".
 */
const reasons: Readonly<Record<string, string>> = {
  'container.info': 'after `target_info` of the Prometheus compatibility specification',
  'container.status.state': 'after `k8s.container.status.state`',
  'container.health.status': 'after `k8s.container.status.state`, with the word of the health check first',
  'container.restarts.current':
    'after `k8s.container.restart.count`, with the ending of `k8s.container.cpu.limit.current`: as it stands, for a manual start sets it back to 0',
  'container.exit_code':
    'by inspect: `ExitCode`; the conventions have `process.exit.code` as an attribute only',
  'container.oom_killed': 'by inspect: `OOMKilled`; `k8s.container.status.reason` has it as a value only',
  'container.start_time':
    'after `process_start_time_seconds` of Prometheus; of the conventions, `container.uptime` is nearest',
  'container.pids.current': 'by the kernel: `pids.current`',
  'container.pids.limit.current': 'after `k8s.container.cpu.limit.current`',
  'container.cpu.limit.current': 'after `k8s.container.cpu.limit.current`',
  'container.cpu.limit.utilization': 'after `k8s.container.cpu.limit.utilization`',
  'container.cpu.throttling.periods': 'by the engine: `throttling_data.periods`',
  'container.cpu.throttling.throttled_periods': 'by the engine: `throttling_data.throttled_periods`',
  'container.cpu.throttling.throttled_time': 'by the engine: `throttling_data.throttled_time`',
  'container.cpu.logical.time':
    'after `system.cpu.time` by `cpu.logical_number`, and apart from `container.cpu.time`, whose sum it would double',
  'container.memory.usage.peak': 'by the kernel: `memory.peak`, below the metric of which it is the peak',
  'container.memory.limit.current': 'after `k8s.container.memory.limit.current`',
  'container.memory.reservation.current':
    'after `k8s.container.memory.limit.current`, with the engine’s word `MemoryReservation`',
  'container.memory.limit.utilization': 'after `k8s.container.memory.limit.utilization`',
  'container.memory.linux.usage':
    'after `system.memory.usage` by state, in the namespace of `system.memory.linux.*`, and apart from `container.memory.usage`, whose sum it would double',
  'container.memory.linux.page_cache.usage': 'after `system.memory.linux.slab.usage` by state',
  'container.memory.linux.lru.usage': 'after `system.memory.linux.slab.usage` by state',
  'container.memory.linux.slab.usage': 'after `system.memory.linux.slab.usage`',
  'container.memory.linux.transparent_hugepages.usage':
    'after `system.memory.linux.hugepages.usage`, which counts those that are reserved',
  'container.memory.linux.transparent_hugepages.allocations':
    'after `system.paging.faults` by type: events of the pages named before',
  'container.paging.linux.operations':
    'after `system.paging.operations`, whose operations are reads and writes of swap',
  'container.paging.linux.workingset.events':
    'after `system.paging.faults` by type, with the kernel’s word `workingset`',
  'container.paging.usage': 'after `system.paging.usage`',
  'container.network.packet.count': 'after `system.network.packet.count`',
  'container.network.errors': 'after `system.network.errors`',
  'container.network.packet.dropped': 'after `system.network.packet.dropped`',
  'container.disk.operations': 'after `system.disk.operations`',
  'container.events': 'by the engine: the events of `docker events`',
  'container.exits': 'by the engine: the event `die`, and `process.exit.code` of the conventions',
  'container.image.events': 'as `container.events`, for the entity `container.image`',
  'container.runtime.info': 'after `target_info` of Prometheus, for the entity `container.runtime`',
  'container.runtime.containers':
    'after `system.network.connection.count` by state, without `count`, which in Prometheus is of histograms',
  'container.runtime.images':
    'after `system.cpu.logical.count`, without `count`, which in Prometheus is of histograms',
  'container.runtime.disk.usage': 'after `system.filesystem.usage`',
  'container.runtime.disk.reclaimable': 'by the engine: `Reclaimable` of system df',
};

/** The reason of an extension's name; absent for names of the conventions and of peers. */
export function nameReason(name: string): string | undefined {
  if (name.startsWith('tidegauge.')) return 'in the namespace of this program, as the conventions ask of one';
  return Object.hasOwn(reasons, name) ? reasons[name] : undefined;
}
