import type { ContainerState } from '../world/container-state.ts';
import { engineTime, NEVER } from './engine-time.ts';
import { hostConfig } from './host-config.ts';
import { imageId, mountPoints } from './list.ts';
import { endpoints } from './networks.ts';
import type { SimulatedContainer } from '../world/container.ts';

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
    FinishedAt: state.finishedAt === undefined ? NEVER : engineTime(state.finishedAt),
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
