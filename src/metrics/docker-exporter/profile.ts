import { stampedBy } from '../../model/instrument.ts';
import type { ContainerInstrument, RuntimeInstrument } from '../../model/instrument.ts';
import { runMillis } from '../formulas.ts';
import { literalGauge } from '../prometheus-names.ts';
import { numberOf } from '../../model/sample.ts';
import type { BlockIoEntry, Integer, InterfaceUsage, Sample } from '../../model/sample.ts';
import type { ContainerSnapshot } from '../../model/snapshot.ts';

/** Running states as prometheus-net/docker_exporter counts them; all others are 0. */
const runningStates: Readonly<Record<string, number>> = { running: 1, restarting: 0.5 };

/** The container metrics of prometheus-net/docker_exporter, name by name; resource usage is a gauge there. */
export const dockerExporterContainers: readonly ContainerInstrument[] = [
  ...stampedBy('cpu', [
    gauge(
      'docker_container_cpu_used_total',
      'Accumulated CPU usage of a container, in unspecified units',
      ({ sample }) => {
        const total = numberOf(sample?.cpu?.totalNanos);
        return total === undefined ? undefined : total / (sample?.processors ?? 1);
      },
    ),
    gauge(
      'docker_container_cpu_capacity_total',
      'All potential CPU usage available to a container, in unspecified units',
      (s) => cpuCapacity(s),
    ),
  ]),
  ...stampedBy('memory', [
    gauge(
      'docker_container_memory_used_bytes',
      'Memory usage of a container, page cache included',
      ({ sample }) => numberOf(sample?.memory?.usage ?? sample?.memory?.commitBytes),
    ),
  ]),
  ...stampedBy('networks', [
    gauge(
      'docker_container_network_in_bytes',
      'Total bytes received by all network interfaces',
      ({ sample }) => sample && overInterfaces(sample, ({ receivedBytes }) => receivedBytes),
    ),
    gauge(
      'docker_container_network_out_bytes',
      'Total bytes sent by all network interfaces',
      ({ sample }) => sample && overInterfaces(sample, ({ transmittedBytes }) => transmittedBytes),
    ),
  ]),
  ...stampedBy('blockIo', [
    gauge(
      'docker_container_disk_read_bytes',
      'Total bytes read from disk',
      ({ sample }) => sample && overDevices(sample, 'read', sample.storage?.readBytes),
    ),
    gauge(
      'docker_container_disk_write_bytes',
      'Total bytes written to disk',
      ({ sample }) => sample && overDevices(sample, 'write', sample.storage?.writeBytes),
    ),
  ]),
  gauge(
    'docker_container_restart_count',
    'Number of times the runtime has restarted this container',
    ({ state }) => state.restartCount,
    'inspect',
  ),
  gauge(
    'docker_container_running_state',
    'Whether the container is running (1), restarting (0.5) or stopped (0)',
    (s) => (s.state.status === undefined ? undefined : (runningStates[s.state.status] ?? 0)),
    'inspect',
  ),
  gauge(
    'docker_container_start_time_seconds',
    'Timestamp indicating when the container was started',
    ({ state }) =>
      state.status === 'running' && state.startedAt !== undefined ? state.startedAt / 1000 : undefined,
    'inspect',
  ),
  {
    ...gauge(
      'docker_probe_container_failed_total',
      'Number of times the exporter failed to probe a container',
      () => undefined,
    ),
    kind: 'counter',
    literal: { type: 'counter' },
    source: 'agent',
    outlivesPublication: true,
    observe: ({ failures, identity, trackedSince }, observe) =>
      observe(failures, { name: identity.name }, trackedSince),
  },
];

/** docker_exporter's metrics of the runtime as a whole. */
export const dockerExporterRuntime: readonly RuntimeInstrument[] = [
  {
    ...literalGauge('docker_containers', 'Number of containers that exist'),
    source: 'list',
    observe: ({ containerCount }, observe) => {
      if (containerCount !== undefined) observe(containerCount);
    },
  },
  {
    ...literalGauge(
      'docker_probe_successfully_completed_time',
      'When the last Docker probe was successfully completed',
    ),
    source: 'agent',
    observe: ({ lastSuccess }, observe) => {
      if (lastSuccess !== undefined) observe(lastSuccess / 1000);
    },
  },
];

function gauge(
  name: string,
  description: string,
  read: (snapshot: ContainerSnapshot) => number | undefined,
  source: ContainerInstrument['source'] = 'stats',
): ContainerInstrument {
  return {
    ...literalGauge(name, description),
    attributes: ['name'],
    source,
    observe(snapshot, observe) {
      const value = read(snapshot);
      if (value !== undefined) observe(value, { name: snapshot.identity.name });
    },
  };
}

/** Linux: the host's CPU time. Windows has none: time since the container started, in ticks of 100 ns. */
function cpuCapacity(snapshot: ContainerSnapshot): number | undefined {
  const { sample } = snapshot;
  if (!sample?.cpu) return undefined;
  if (!sample.windows) return numberOf(sample.cpu.systemNanos);
  const millis = runMillis(snapshot);
  return millis === undefined || millis <= 0 ? undefined : millis * 10_000;
}

/** Zero when there is no interface, as the original has it: a running container without a network moves no bytes. */
function overInterfaces(
  { networks = [], unknown }: Sample,
  read: (usage: InterfaceUsage) => Integer | undefined,
): number | undefined {
  const values = networks.map(read).filter((value) => value !== undefined);
  // Without one of its terms a sum would fall.
  if (values.length < networks.length || unknown?.includes('networks')) return undefined;
  return values.reduce((sum: number, value) => sum + Number(value), 0);
}

/** Zero when nothing was counted, as the original has it; a list that lacks one direction is not believed. */
function overDevices(
  sample: Sample,
  operation: BlockIoEntry['operation'],
  windows: Integer | undefined,
): number | undefined {
  if (sample.windows) return numberOf(windows);
  if (sample.unknown?.includes('blockIo')) return undefined;
  const all = sample.blockIo?.serviceBytes ?? [];
  const entries = all.filter((entry) => entry.operation === operation);
  const values = entries.flatMap(({ value }) => value ?? []);
  // Without one of its terms a sum would fall.
  if (values.length < entries.length || (entries.length === 0 && all.length > 0)) return undefined;
  return values.reduce((sum: number, value) => sum + Number(value), 0);
}

/** docker_exporter's own metrics, apart from the catalogue: they are of what happens, not of a container or a runtime. */
export const dockerExporterOwn = {
  probe: {
    kind: 'histogram',
    name: 'docker_probe_duration_seconds',
    description: 'How long it takes to query Docker for the complete data set',
  },
  list: {
    kind: 'histogram',
    name: 'docker_probe_list_containers_duration_seconds',
    description: 'How long it takes to list the containers',
  },
  inspect: {
    kind: 'histogram',
    name: 'docker_probe_inspect_duration_seconds',
    description: 'How long it takes to inspect one container',
  },
  stats: {
    kind: 'histogram',
    name: 'docker_probe_stats_duration_seconds',
    description: 'How long it takes to get the stats of one container',
  },
  listFailures: {
    kind: 'counter',
    name: 'docker_probe_list_containers_failed_total',
    description: 'Failed attempts to list the containers',
  },
  inlineTimeouts: {
    kind: 'counter',
    name: 'docker_probe_inline_timeouts_total',
    description: 'Scrapes answered before the probe had ended',
  },
} as const satisfies Readonly<Record<string, OwnMetric>>;

/** A metric that docker_exporter has of itself. */
export interface OwnMetric {
  readonly kind: 'histogram' | 'counter';
  readonly name: string;
  readonly description: string;
}
