import type { Limits } from '../world/container-spec.ts';
import { networkMode } from './networks.ts';
import type { SimulatedContainer } from '../world/container.ts';

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
  const given = { ...UNLIMITED, ...limits };
  return {
    CpuShares: given.cpuShares,
    Memory: given.memoryBytes,
    NanoCpus: Math.round(given.cpus * 1e9),
    CgroupParent: '',
    BlkioWeight: 0,
    CpuPeriod: given.cpuPeriodMicros,
    CpuQuota: given.cpuQuotaMicros,
    CpuRealtimePeriod: 0,
    CpuRealtimeRuntime: 0,
    CpusetCpus: given.cpusetCpus,
    CpusetMems: '',
    MemoryReservation: given.memoryReservationBytes,
    MemorySwap: limits.memorySwapBytes ?? given.memoryBytes * 2,
    MemorySwappiness: null,
    OomKillDisable: null,
    PidsLimit: given.pids,
    Ulimits: null,
    CpuCount: 0,
    CpuPercent: 0,
    IOMaximumIOps: 0,
    IOMaximumBandwidth: 0,
  };
}

/** How inspect shows limits that nobody set. */
const UNLIMITED = {
  cpus: 0,
  cpuShares: 0,
  cpuQuotaMicros: 0,
  cpuPeriodMicros: 0,
  cpusetCpus: '',
  memoryBytes: 0,
  memoryReservationBytes: 0,
  pids: null,
};

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
