import type { ContainerSnapshot } from '../model/snapshot.ts';
import type { MemoryUsage, Sample } from '../model/sample.ts';
import { workingSet } from './formulas.ts';

/** Reasons for absent values of a running container, with their explanations. */
export const absenceReasons = {
  'no-inspect':
    'the runtime lists the container and cannot describe it, as of one that is stuck in its removal: only its name and state are known',
  'no-usage':
    'the runtime gives no usage of a container that runs: it has no cgroups (rootless on cgroup v1), or the container whose network it joined is gone',
  'no-cpu': 'the runtime gives no CPU time: its cpu cgroup is off',
  'no-memory': 'the runtime gives no memory figures: the memory cgroup is off (cgroup_enable=memory)',
  'no-working-set':
    'there is no page cache to subtract (Podman’s API gives none, or memory.stat cannot be read), so no working set',
  'no-pids': 'the runtime counts no processes: the pids cgroup is off',
  'no-own-network':
    'the runtime counts no network for the container: it has none, the host’s, or one that another program made',
  'shared-network':
    'the container joined the network of another, where its traffic is counted once for both; container.info names the other',
  'no-block-io':
    'the kernel counts no block I/O for the container yet (cgroup v1 counts only throttled devices)',
  'no-disk-operations':
    'the runtime’s API gives bytes but no operations (Docker on cgroup v2, Podman on cgroup v1)',
  'no-swap': 'the kernel does not account swap (swapaccount=0), or memory.swap.current cannot be read',
  'no-pressure':
    'the kernel counts no pressure (psi=0, as some distributions have it, or cgroup v1 without a tree of v2 beside it), or its files cannot be read',
} as const;

/** Why the size of a container's writable layer may be absent. */
export const diskUsageNotMeasured =
  '--disk-usage-interval is 0, or the runtime, or a proxy before it, refuses /system/df';
/** Why the file system that holds it may be unknown. */
export const storageNotReached =
  'no container’s usage is read by the kernel’s files; or the runtime’s storage directory is not mounted where the agent runs; or disk usage is not measured';

/** One of {@link absenceReasons}. */
export type AbsenceReason = keyof typeof absenceReasons;

/** Reasons for the absent values of a container that runs, or that cannot be inspected. */
export function absencesOf(snapshot: ContainerSnapshot): readonly AbsenceReason[] {
  const { sample, givesNoUsage, isListedOnly } = snapshot;
  if (isListedOnly) return ['no-inspect'];
  if (givesNoUsage) return ['no-usage'];
  if (!sample || sample.isLast) return [];
  const { cpu, memory, pids, windows } = sample;
  const reasons = [
    cpu ? undefined : 'no-cpu',
    memoryAbsence(memory),
    pids?.current !== undefined || windows ? undefined : 'no-pids',
    networkAbsence(snapshot),
    diskAbsence(sample),
    ...kernelAbsences(sample),
  ] as const;
  return reasons.filter((reason) => reason !== undefined);
}

/** Of what no runtime's API gives, only where the kernel's files were read: events of memory come from there alone. */
function kernelAbsences({ memory, pressure, unread }: Sample): readonly (AbsenceReason | undefined)[] {
  if (!memory?.events) return [];
  // On cgroup v1 swap is in memory.stat: without that file nothing is known of it.
  const lacksSwap = memory.swapUsage === undefined && !memory.unknown?.includes('stats');
  return [
    lacksSwap ? 'no-swap' : undefined,
    pressure || unread?.includes('pressure') ? undefined : 'no-pressure',
  ];
}

function networkAbsence({
  sample,
  sharedNetwork,
  hasHostNetwork,
}: ContainerSnapshot): AbsenceReason | undefined {
  if (sharedNetwork?.isCountedHere === false) return 'shared-network';
  return sample?.networks && !hasHostNetwork ? undefined : 'no-own-network';
}

function memoryAbsence(memory: MemoryUsage | undefined): AbsenceReason | undefined {
  if (memory?.usage === undefined && memory?.commitBytes === undefined) return 'no-memory';
  return workingSet(memory) === undefined ? 'no-working-set' : undefined;
}

function diskAbsence({ blockIo, storage }: Sample): AbsenceReason | undefined {
  if (storage) return undefined;
  if (!blockIo?.serviceBytes) return 'no-block-io';
  return blockIo.serviced ? undefined : 'no-disk-operations';
}
