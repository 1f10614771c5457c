import { createHash } from 'node:crypto';
import type { ContainerSet } from '../world/container-set.ts';
import type { EngineHost } from '../world/host.ts';
import { KERNEL } from './version.ts';

/** What info counts besides containers. */
export interface InfoCounts {
  readonly now: number;
  readonly listeners: number;
}

/** The answer to `/info` (shape of Moby's api/types/system Info). */
export function infoAnswer(
  host: EngineHost,
  containers: ContainerSet,
  { now, listeners }: InfoCounts,
): object {
  return {
    ID: engineId(host.hostname),
    ...countByState(containers),
    Driver: 'overlay2',
    DriverStatus: [['Backing Filesystem', 'extfs']],
    Plugins: {
      Volume: ['local'],
      Network: ['bridge', 'host', 'null'],
      Authorization: null,
      Log: ['json-file'],
    },
    ...CAPABILITIES,
    NEventsListener: listeners,
    SystemTime: new Date(now).toISOString(),
    LoggingDriver: 'json-file',
    CgroupDriver: host.cgroup === 2 ? 'systemd' : 'cgroupfs',
    CgroupVersion: String(host.cgroup),
    KernelVersion: KERNEL,
    OperatingSystem: 'Debian GNU/Linux 13 (trixie)',
    OSVersion: '13',
    OSType: 'linux',
    Architecture: 'x86_64',
    IndexServerAddress: 'https://index.docker.io/v1/',
    NCPU: host.cpus,
    MemTotal: host.memoryBytes,
    GenericResources: null,
    DockerRootDir: '/var/lib/docker',
    HttpProxy: '',
    HttpsProxy: '',
    NoProxy: '',
    Name: host.hostname,
    Labels: [],
    ExperimentalBuild: false,
    ServerVersion: host.engineVersion,
    Runtimes: { runc: { path: 'runc' }, 'io.containerd.runc.v2': { path: 'runc' } },
    DefaultRuntime: 'runc',
    Swarm: { NodeID: '', NodeAddr: '', LocalNodeState: 'inactive', ControlAvailable: false, Error: '' },
    LiveRestoreEnabled: false,
    Isolation: '',
    InitBinary: 'docker-init',
    SecurityOptions: ['name=apparmor', 'name=seccomp,profile=builtin', 'name=cgroupns'],
    Warnings: null,
  };
}

const CAPABILITIES = {
  MemoryLimit: true,
  SwapLimit: true,
  CpuCfsPeriod: true,
  CpuCfsQuota: true,
  CPUShares: true,
  CPUSet: true,
  PidsLimit: true,
  IPv4Forwarding: true,
  Debug: false,
  OomKillDisable: false,
};

function countByState(containers: ContainerSet): object {
  const all = [...containers.values()].map(({ state }) => state.status);
  const running = all.filter((status) => status === 'running' || status === 'restarting').length;
  const paused = all.filter((status) => status === 'paused').length;
  return {
    Containers: all.length,
    ContainersRunning: running,
    ContainersPaused: paused,
    ContainersStopped: all.length - running - paused,
    Images: 12,
  };
}

function engineId(hostname: string): string {
  const hex = createHash('sha256').update(`engine/${hostname}`).digest('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}
