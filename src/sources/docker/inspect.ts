import type { ContainerIdentity, ContainerLimits, ContainerState, LimitName } from '../../model/container.ts';
import type { InspectedContainer } from '../container-source.ts';
import { displayName, healthOf, statusOf } from './list.ts';
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
} from '../json-fields.ts';
import type { Fields } from '../json-fields.ts';
import { parseImageReference } from '../image-reference.ts';
import { SourceError } from '../source-error.ts';

/**
 * `GET /containers/{id}/json` as Moby's `container.InspectResponse` gives it; a missing field loses that fact alone.
 * Throws {@link SourceError} `bad-response` when the answer is no object.
 */
export function parseInspect(id: string, answer: unknown): InspectedContainer {
  const fields = objectOf(answer);
  if (!fields) throw new SourceError('bad-response', `inspect of ${id}: expected a JSON object`);
  const hostConfig = objectOf(fields['HostConfig']) ?? {};
  return {
    identity: identityOf(id, fields, hostConfig),
    state: stateOf(objectOf(fields['State']) ?? {}, fields),
    limits: { ...limitsOf(hostConfig), ...unknownLimits(fields['HostConfig']) },
  };
}

function identityOf(id: string, fields: Fields, hostConfig: Fields): ContainerIdentity {
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
    networkMode: textOf(hostConfig['NetworkMode']),
    restartPolicy: textOf(objectOf(hostConfig['RestartPolicy'])?.['Name']),
    cgroupParent: textOf(hostConfig['CgroupParent']),
    createdAt: timeOf(fields['Created']),
  });
}

function stateOf(state: Fields, fields: Fields): ContainerState {
  const status = statusOf(state['Status']);
  const hasEnded = status === 'exited' || status === 'dead' || status === 'restarting';
  return present<ContainerState>({
    status,
    health: healthOf((objectOf(state['Health']) ?? objectOf(state['Healthcheck']))?.['Status']),
    startedAt: timeOf(state['StartedAt']),
    finishedAt: timeOf(state['FinishedAt']),
    // A start sets the engine's field to 0: of a container that runs it would tell a success that nobody saw.
    exitCode: hasEnded ? integerOf(state['ExitCode']) : undefined,
    oomKilled: flagOf(state['OOMKilled']),
    restartCount: smallCount(fields['RestartCount']),
  });
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

/** A limit that is told as nonsense may be set all the same. */
function unknownLimits(hostConfig: unknown): Pick<ContainerLimits, 'unknown'> {
  const told = objectOf(hostConfig);
  const unknown = limitKeys.filter(([, key]) => !told || isMalformed(told[key], integerOf));
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
