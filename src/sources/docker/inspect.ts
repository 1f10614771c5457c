import type {
  ContainerIdentity,
  ContainerLimits,
  ContainerState,
  ContainerStatus,
  LimitName,
} from '../../model/container.ts';
import type { RuntimeDescription } from '../../model/runtime.ts';
import type { ContainerNetwork, ContainerPod, InspectedContainer } from '../container-source.ts';
import { parseImageReference } from '../image-reference.ts';
import {
  countOf,
  flagOf,
  integerOf,
  isMalformed,
  objectOf,
  positiveOf,
  present,
  textMapOf,
  textOf,
  textsOf,
  timeOf,
} from '../json.ts';
import type { Fields } from '../json.ts';
import { SourceError } from '../source-error.ts';
import { currentHealth, displayName, healthOf, statusOf } from './list.ts';

/**
 * `GET /containers/{id}/json` as Moby's `container.InspectResponse` gives it; a missing field loses that fact alone.
 * Throws {@link SourceError} `bad-response` when the response is no object.
 */
export function parseInspect(id: string, response: unknown, host?: CgroupHost): InspectedContainer {
  const fields = objectOf(response);
  if (!fields) throw new SourceError('bad-response', `inspect of ${id}: expected a JSON object`);
  const hostConfig = objectOf(fields['HostConfig']) ?? {};
  const identity = identityOf({ id, fields, hostConfig, host });
  const state = objectOf(fields['State']) ?? {};
  return present<InspectedContainer>({
    identity,
    state: stateOf(state, fields),
    limits: { ...limitsOf(hostConfig), ...unknownLimits(fields['HostConfig']) },
    pid: hasProcess(statusOf(state['Status'])) ? smallCount(state['Pid']) || undefined : undefined,
    network: networkOf(textOf(hostConfig['NetworkMode'])),
    pod: podOf(identity.labels),
  });
}

/** Docker's network modes that name another namespace: `host`, `container:ID`. */
function networkOf(mode = ''): ContainerNetwork {
  const [, ownerId] = /^container:(.+)$/.exec(mode) ?? [];
  if (ownerId !== undefined) return { ownerId };
  return mode === 'host' ? { isHost: true } : {};
}

/** Labels that cri-dockerd and the kubelet's dockershim put on containers of a pod. */
function podOf(labels: ContainerIdentity['labels']): ContainerPod | undefined {
  const name = labels['io.kubernetes.pod.name'];
  const namespace = labels['io.kubernetes.pod.namespace'];
  if (!name || !namespace) return undefined;
  return present<ContainerPod>({ name, namespace, uid: labels['io.kubernetes.pod.uid'] });
}

interface Inspected {
  readonly id: string;
  readonly fields: Fields;
  readonly hostConfig: Fields;
  readonly host: CgroupHost | undefined;
}

function identityOf({ id, fields, hostConfig, host }: Inspected): ContainerIdentity {
  const config = objectOf(fields['Config']) ?? {};
  const path = textOf(fields['Path']);
  return present<ContainerIdentity>({
    id,
    name: displayName(textsOf([fields['Name']]), id),
    image: parseImageReference(
      textOf(config['Image']) ?? textOf(fields['ImageName']),
      textOf(fields['Image']),
    ),
    labels: textMapOf(config['Labels']),
    environment: textsOf(config['Env']),
    hostname: textOf(config['Hostname']),
    command: path ? [path, ...textsOf(fields['Args'])] : textsOf(config['Cmd']),
    commandArguments: Array.isArray(config['Cmd']) ? textsOf(config['Cmd']) : undefined,
    restartPolicy: textOf(objectOf(hostConfig['RestartPolicy'])?.['Name']),
    cgroupPath: host && cgroupPath({ id, parent: textOf(hostConfig['CgroupParent']) }, host),
    createdAt: timeOf(fields['Created']),
  });
}

/** Engines may keep the pid of a run that ended: another process has it by then. */
function hasProcess(status: ContainerStatus | undefined): boolean {
  return status === undefined || status === 'running' || status === 'paused';
}

function stateOf(state: Fields, fields: Fields): ContainerState {
  const status = statusOf(state['Status']);
  const health = objectOf(state['Health']) ?? objectOf(state['Healthcheck']);
  return present<ContainerState>({
    status,
    health: currentHealth(healthOf(health?.['Status']), status),
    startedAt: timeOf(state['StartedAt']),
    finishedAt: timeOf(state['FinishedAt']),
    exitCode: exitCodeOf(status, integerOf(state['ExitCode'])),
    oomKilled: flagOf(state['OOMKilled']),
    restartCount: smallCount(fields['RestartCount']),
  });
}

/**
 * The engine's field is 0 until the first end, and a start sets it to 0: of a container that runs or waits for its first
 * start, 0 is no success. A start that failed leaves the container `created` with 126, 127 or 128.
 */
function exitCodeOf(status: ContainerStatus | undefined, exitCode: number | undefined): number | undefined {
  if (status === 'created') return exitCode || undefined;
  return status === 'exited' || status === 'dead' || status === 'restarting' ? exitCode : undefined;
}

/** Docker writes 0 or −1 where a limit is not set. */
function limitsOf(hostConfig: Fields): ContainerLimits {
  return present<ContainerLimits>({
    cpus: cpuLimit(hostConfig),
    nanoCpus: positiveOf(hostConfig['NanoCpus']),
    cpuset: textOf(hostConfig['CpusetCpus']),
    cpuShares: positiveOf(hostConfig['CpuShares']),
    cpuQuotaMicros: positiveOf(hostConfig['CpuQuota']),
    cpuPeriodMicros: positiveOf(hostConfig['CpuPeriod']),
    memoryBytes: positiveOf(hostConfig['Memory']),
    memoryReservationBytes: positiveOf(hostConfig['MemoryReservation']),
    memorySwapBytes: positiveOf(hostConfig['MemorySwap']),
    pids: positiveOf(hostConfig['PidsLimit']),
  });
}

const limitKeys = [
  ['nanoCpus', 'NanoCpus'],
  ['cpuShares', 'CpuShares'],
  ['cpuQuotaMicros', 'CpuQuota'],
  ['cpuPeriodMicros', 'CpuPeriod'],
  ['memoryBytes', 'Memory'],
  ['memoryReservationBytes', 'MemoryReservation'],
  ['memorySwapBytes', 'MemorySwap'],
] as const satisfies readonly (readonly [name: LimitName, key: string])[];

/** Limits with malformed values, which may be set all the same. */
function unknownLimits(hostConfig: unknown): Pick<ContainerLimits, 'unknown'> {
  const given = objectOf(hostConfig);
  const unknown = limitKeys.filter(([, key]) => !given || isMalformed(given[key], integerOf));
  return unknown.length > 0 ? { unknown: unknown.map(([name]) => name) } : {};
}

/** `--cpus`, else quota by period, whose kernel default is 100 ms. */
function cpuLimit(hostConfig: Fields): number | undefined {
  const nanoCpus = positiveOf(hostConfig['NanoCpus']);
  if (nanoCpus !== undefined) return nanoCpus / 1e9;
  const quota = positiveOf(hostConfig['CpuQuota']);
  return quota === undefined ? undefined : quota / (positiveOf(hostConfig['CpuPeriod']) ?? 100_000);
}

function smallCount(value: unknown): number | undefined {
  const count = countOf(value);
  return typeof count === 'number' ? count : undefined;
}

/** Facts of a host that decide where its runtime puts cgroups. */
type CgroupHost = Pick<RuntimeDescription, 'runtimeName' | 'cgroupDriver'>;

/**
 * Path of a container's cgroup below the hierarchy's root, by the rules of the runtime's cgroup driver
 * (runc's `systemd` and `cgroupfs` managers): `/docker/ID`, or `/system.slice/docker-ID.scope`.
 */
export function cgroupPath(
  { id, parent }: { readonly id: string; readonly parent: string | undefined },
  { runtimeName, cgroupDriver }: CgroupHost,
): string {
  const isPodman = runtimeName === 'podman';
  if (cgroupDriver === 'systemd') {
    const slice = parent ?? (isPodman ? 'machine.slice' : 'system.slice');
    return `${slicePath(slice)}/${isPodman ? 'libpod' : 'docker'}-${id}.scope`;
  }
  const directory = parent ?? (isPodman ? 'libpod_parent' : 'docker');
  return `/${directory.replaceAll(/^\/+|\/+$/g, '')}/${isPodman ? 'libpod-' : ''}${id}`;
}

/** Systemd puts `a-b.slice` into `a.slice`; a path is one already. */
function slicePath(slice: string): string {
  const name = /^([^/]+)\.slice$/.exec(slice)?.[1];
  if (name === undefined) return `/${slice.replaceAll(/^\/+|\/+$/g, '')}`;
  if (name === '-') return '';
  const parts = name.split('-');
  return parts.map((_part, index) => `/${parts.slice(0, index + 1).join('-')}.slice`).join('');
}
