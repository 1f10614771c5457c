import { detailOf } from './memory-detail.ts';
import type { Moves } from './moves.ts';

const seconds = 'in seconds';
const withoutShared = 'without shared memory, which is a type of its own';
const received = (name: string) => `${name}{network.io.direction=receive}`;
const transmitted = (name: string) => `${name}{network.io.direction=transmit}`;

const cpu: Moves = {
  'container.cpu.usage.total': ['container.cpu.time', 'in seconds; sum over the modes'],
  'container.cpu.usage.usermode': ['container.cpu.time{cpu.mode=user}', seconds],
  'container.cpu.usage.kernelmode': ['container.cpu.time{cpu.mode=system}', seconds],
  'container.cpu.utilization': [
    'container.cpu.usage',
    'in CPUs by wall clock: 0.2 where the receiver has 20 under unit 1, which Prometheus calls a ratio',
  ],
  'container.cpu.usage.percpu': ['container.cpu.logical.time', 'in seconds; off by default'],
  'container.cpu.limit': ['container.cpu.limit.current', 'a quota counts, whatever the cpuset'],
  'container.cpu.throttling_data.periods': ['container.cpu.throttling.periods'],
  'container.cpu.throttling_data.throttled_periods': ['container.cpu.throttling.throttled_periods'],
  'container.cpu.throttling_data.throttled_time': ['container.cpu.throttling.throttled_time', seconds],
};

const memory: Moves = {
  'container.memory.usage.total': ['container.memory.working_set', 'the same figure under its honest name'],
  'container.memory.usage.limit': [
    'container.memory.limit.current',
    'absent without a limit, where the receiver shows the host’s memory',
  ],
  'container.memory.percent': [
    'container.memory.limit.utilization',
    '0 to 1; absent without a limit, where the receiver divides by the host’s memory',
  ],
  'container.memory.rss': ['container.memory.rss', 'with all cgroups below; on cgroup v2, too'],
  'container.memory.total_rss': ['container.memory.rss', 'on cgroup v2, too'],
  'container.memory.anon': ['container.memory.rss', 'on cgroup v1, too'],
  'container.memory.pgmajfault': ['container.paging.faults{system.paging.fault.type=major}'],
  'container.memory.total_pgmajfault': ['container.paging.faults{system.paging.fault.type=major}'],
  'container.memory.pgfault': ['container.paging.faults', 'sum over the types'],
  'container.memory.total_pgfault': ['container.paging.faults', 'sum over the types'],
  'container.memory.fails': [
    'container.memory.linux.events',
    'event `max` on cgroup v1 and `oom` on v2, where Docker counts how often no memory was left, and not the hits of the limit; off by default; absent on Windows and Podman by its API, where the receiver shows 0',
  ],
  'container.memory.usage.max': [
    'container.memory.usage.peak',
    'absent on cgroup v2 by the runtime’s API, where the receiver shows 0',
  ],
};

/** Metrics of `memory.stat` keys that profile `semconv` has by kind, with an attribute. */
const memoryDetail: Moves = Object.fromEntries(
  [
    ...['active_anon', 'active_file', 'inactive_anon', 'inactive_file', 'unevictable'].flatMap(ofBoth),
    ...['dirty', 'mapped_file', 'writeback', 'rss_huge', 'pgpgin', 'pgpgout'].flatMap(ofBoth),
    ...['file', 'cache', 'total_cache'].map((key) => [key, withoutShared] as const),
  ].map(([key, changes]) => [`container.memory.${key}`, detailOf(key, changes)]),
);

function ofBoth(key: string): (readonly [key: string, changes: string])[] {
  const own = key === 'unevictable' || key.includes('active_') ? 'on cgroup v1 ' : '';
  return [
    [key, `${own}with all cgroups below`],
    [`total_${key}`, ''],
  ];
}

const io: Moves = {
  'container.blockio.io_service_bytes_recursive': [
    'container.disk.io',
    'read and write alone: a sum counts each byte once; device as major:minor',
  ],
  'container.blockio.io_serviced_recursive': ['container.disk.operations', 'read and write alone'],
  'container.network.io.usage.rx_bytes': [received('container.network.io')],
  'container.network.io.usage.rx_packets': [received('container.network.packet.count')],
  'container.network.io.usage.rx_errors': [received('container.network.errors')],
  'container.network.io.usage.rx_dropped': [received('container.network.packet.dropped')],
  'container.network.io.usage.tx_bytes': [transmitted('container.network.io')],
  'container.network.io.usage.tx_packets': [transmitted('container.network.packet.count')],
  'container.network.io.usage.tx_errors': [transmitted('container.network.errors')],
  'container.network.io.usage.tx_dropped': [transmitted('container.network.packet.dropped')],
};

const life: Moves = {
  'container.pids.count': ['container.pids.current'],
  'container.pids.limit': [
    'container.pids.limit.current',
    'absent without a limit, where the receiver can show -1',
  ],
  'container.restarts': ['container.restarts.current', 'no counter: it falls to 0 at a manual start'],
  'container.uptime': ['container.uptime'],
  'container.state.health.status': ['container.health.status'],
};

/** The OpenTelemetry Collector's docker_stats receiver. */
export const dockerStatsMoves: Moves = { ...cpu, ...memory, ...memoryDetail, ...io, ...life };
