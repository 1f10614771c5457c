import type { Limits } from './container-spec.ts';
import { networkMode } from './network-settings.ts';
import type { SimulatedContainer } from './simulated-container.ts';

/** The HostConfig of inspect (shape of Moby's api/types/container HostConfig), limits included. */
export function hostConfig(container: SimulatedContainer): object {
  const { spec } = container;
  return {
    Binds: spec.mounts.map(({ source, destination }) => `${source}:${destination}`),
    ContainerIDFile: '',
    LogConfig: { Type: 'json-file', Config: {} },
    NetworkMode: networkMode(container),
    PortBindings: Object.fromEntries(
      spec.ports
        .filter(({ publicPort }) => publicPort !== undefined)
        .map(({ privatePort, publicPort }) => [
          `${privatePort}/tcp`,
          [{ HostIp: '', HostPort: String(publicPort) }],
        ]),
    ),
    RestartPolicy: { Name: spec.restart, MaximumRetryCount: 0 },
    AutoRemove: spec.autoRemove,
    ...SETTINGS_NOBODY_CHANGED,
    ...resources(spec.limits),
  };
}

/** Shape of Moby's api/types/container Resources. */
function resources(limits: Limits): object {
  return {
    CpuShares: limits.cpuShares ?? 0,
    Memory: limits.memoryBytes ?? 0,
    NanoCpus: Math.round((limits.cpus ?? 0) * 1e9),
    CgroupParent: '',
    BlkioWeight: 0,
    CpuPeriod: limits.cpuPeriodMicros ?? 0,
    CpuQuota: limits.cpuQuotaMicros ?? 0,
    CpuRealtimePeriod: 0,
    CpuRealtimeRuntime: 0,
    CpusetCpus: limits.cpusetCpus ?? '',
    CpusetMems: '',
    MemoryReservation: limits.memoryReservationBytes ?? 0,
    MemorySwap: limits.memorySwapBytes ?? (limits.memoryBytes ?? 0) * 2,
    MemorySwappiness: null,
    OomKillDisable: null,
    PidsLimit: limits.pids ?? null,
    Ulimits: null,
    CpuCount: 0,
    CpuPercent: 0,
    IOMaximumIOps: 0,
    IOMaximumBandwidth: 0,
  };
}

const SETTINGS_NOBODY_CHANGED = {
  VolumeDriver: '',
  VolumesFrom: null,
  ConsoleSize: [0, 0],
  CapAdd: null,
  CapDrop: null,
  CgroupnsMode: 'private',
  Dns: [],
  DnsOptions: [],
  DnsSearch: [],
  ExtraHosts: null,
  GroupAdd: null,
  IpcMode: 'private',
  Cgroup: '',
  Links: null,
  OomScoreAdj: 0,
  PidMode: '',
  Privileged: false,
  PublishAllPorts: false,
  ReadonlyRootfs: false,
  SecurityOpt: null,
  UTSMode: '',
  UsernsMode: '',
  ShmSize: 67_108_864,
  Runtime: 'runc',
  Isolation: '',
};
