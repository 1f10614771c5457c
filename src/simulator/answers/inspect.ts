import type { Limits } from '../world/container-spec.ts';
import type { ContainerState } from '../world/container-state.ts';
import type { SimulatedContainer } from '../world/container.ts';
import { zeroTime, engineTime } from './engine-time.ts';
import { imageId, mountPoints } from './list.ts';
import { endpoints, networkMode } from './networks.ts';

/** The answer to `/containers/{id}/json` (shape of Moby's api/types/container InspectResponse). */
export function inspectAnswer(container: SimulatedContainer): object {
  const { id, name, spec, state, createdAt } = container;
  const directory = `/var/lib/docker/containers/${id}`;
  return {
    Id: id,
    Created: engineTime(createdAt),
    Path: spec.command[0] ?? '',
    Args: spec.command.slice(1),
    State: inspectState(state),
    Image: imageId(spec.image),
    ResolvConfPath: `${directory}/resolv.conf`,
    HostnamePath: `${directory}/hostname`,
    HostsPath: `${directory}/hosts`,
    LogPath: `${directory}/${id}-json.log`,
    Name: `/${name}`,
    RestartCount: state.restartCount,
    Driver: 'overlay2',
    Platform: 'linux',
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: 'docker-default',
    ExecIDs: null,
    HostConfig: hostConfig(container),
    GraphDriver: { Data: { MergedDir: `/var/lib/docker/overlay2/${id}/merged` }, Name: 'overlay2' },
    Mounts: mountPoints(container),
    Config: containerConfig(container),
    NetworkSettings: networkSettings(container),
  };
}

function inspectState(state: ContainerState): object {
  const { status, health } = state;
  return {
    Status: status,
    // Moby calls paused and restarting containers running.
    Running: status === 'running' || status === 'paused' || status === 'restarting',
    Paused: status === 'paused',
    Restarting: status === 'restarting',
    OOMKilled: state.oomKilled,
    Dead: false,
    Pid: state.pid,
    ExitCode: state.exitCode,
    Error: '',
    StartedAt: engineTime(state.startedAt),
    FinishedAt: state.finishedAt === undefined ? zeroTime : engineTime(state.finishedAt),
    ...(health && { Health: { Status: health.status, FailingStreak: health.failingStreak, Log: [] } }),
  };
}

function containerConfig({ id, spec }: SimulatedContainer): object {
  const second = 1_000_000_000;
  return {
    Hostname: id.slice(0, 12),
    Domainname: '',
    User: '',
    AttachStdin: false,
    AttachStdout: true,
    AttachStderr: true,
    ExposedPorts: Object.fromEntries(spec.ports.map(({ privatePort }) => [`${privatePort}/tcp`, {}])),
    Tty: false,
    OpenStdin: false,
    StdinOnce: false,
    Env: spec.env,
    Cmd: spec.command,
    ...(spec.healthcheck && {
      Healthcheck: {
        Test: ['CMD-SHELL', 'curl -fsS http://localhost/health'],
        Interval: spec.healthcheck.intervalMillis * 1_000_000,
        Timeout: 3 * second,
        Retries: 3,
      },
    }),
    Image: spec.image,
    Volumes: null,
    WorkingDir: '',
    Entrypoint: null,
    Labels: spec.labels,
  };
}

function networkSettings(container: SimulatedContainer): object {
  const { id, spec, state } = container;
  const isUp = state.pid !== 0;
  return {
    SandboxID: isUp ? id : '',
    SandboxKey: isUp ? `/var/run/docker/netns/${id.slice(0, 12)}` : '',
    Ports: Object.fromEntries(
      (isUp ? spec.ports : []).map(({ privatePort, publicPort }) => [
        `${privatePort}/tcp`,
        publicPort === undefined ? null : [{ HostIp: '0.0.0.0', HostPort: String(publicPort) }],
      ]),
    ),
    Networks: endpoints(container),
  };
}

/** The HostConfig of inspect (shape of Moby's api/types/container HostConfig), limits included. */
function hostConfig(container: SimulatedContainer): object {
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
    ...settingsNobodyChanged,
    ...resources(spec.limits),
  };
}

/** Shape of Moby's api/types/container Resources. */
function resources(limits: Limits): object {
  const given = { ...unlimited, ...limits };
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

/** Limits in inspect when none is set. */
const unlimited = {
  cpus: 0,
  cpuShares: 0,
  cpuQuotaMicros: 0,
  cpuPeriodMicros: 0,
  cpusetCpus: '',
  memoryBytes: 0,
  memoryReservationBytes: 0,
  pids: null,
};

const settingsNobodyChanged = {
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
