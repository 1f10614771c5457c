import type { ContainerSnapshot } from '../model/snapshot.ts';
import type { MemoryUsage, Sample } from '../model/sample.ts';
import { workingSet } from './formulas.ts';

/** Why a figure of a running container is not there: the reasons, and what each means to a reader. */
export const absenceReasons = {
  'no-cpu': 'the engine gives no CPU time: its cpu cgroup is off, or it is rootless on cgroup v1',
  'no-memory': 'the engine gives no memory figures: the memory cgroup is off (cgroup_enable=memory)',
  'no-working-set': 'the engine gives no page cache to subtract (Podman), so no working set',
  'no-own-network':
    'the engine counts no network for the container: it has none, the host’s, or one that another program made',
  'no-block-io':
    'the kernel counts no block I/O for the container yet (cgroup v1 counts only throttled devices)',
  'no-disk-operations': 'the engine gives bytes but no operations (cgroup v2)',
} as const;

/** One of {@link absenceReasons}. */
export type AbsenceReason = keyof typeof absenceReasons;

/** What a running, measured container lacks. */
export function absencesOf({ sample }: ContainerSnapshot): readonly AbsenceReason[] {
  if (!sample) return [];
  const { cpu, memory, networks } = sample;
  const reasons = [
    cpu ? undefined : 'no-cpu',
    memoryAbsence(memory),
    networks ? undefined : 'no-own-network',
    diskAbsence(sample),
  ] as const;
  return reasons.filter((reason) => reason !== undefined);
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
