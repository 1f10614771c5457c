import { join } from 'node:path';
import { optionalParts } from '../../../src/model/sample.ts';
import type { ContainerSnapshot } from '../../../src/model/snapshot.ts';
import { DeviceNames } from '../../../src/sources/kernel/device-names.ts';
import { LowestLimits } from '../../../src/sources/cgroup/cgroup-limits.ts';
import { CgroupV1, V1Tables } from '../../../src/sources/cgroup/cgroup-v1.ts';
import { CgroupV2, V2Tables } from '../../../src/sources/cgroup/cgroup-v2.ts';
import { DescriptorBudget } from '../../../src/sources/kernel/open-file.ts';
import { KernelText } from '../../../src/sources/kernel/kernel-text.ts';
import { parseInspect } from '../../../src/sources/docker/inspect.ts';
import { KernelTree } from '../../support/fakes/kernel-tree.ts';
import { recordedJson, type Capture } from '../../support/wire/recorded-cases.ts';
import { identity, snapshotWith } from './observed.ts';

const measuredAt = Date.UTC(2026, 10, 23, 10, 15);
const host = { cpu: { onlineCpus: 2 }, ticksPerSecond: 100 };

/** A recorded container as the kernel's files measure it, with the runtime's inspect; it runs or is paused. */
export function kernelMeasured(
  capture: Capture,
  container: string,
  parts: Partial<ContainerSnapshot> = {},
): ContainerSnapshot {
  using tree = KernelTree.recorded(capture, [container]);
  const reader = readerOf(tree, capture, container);
  const reading = reader.read(host);
  reader.close();
  return snapshotWith({
    ...parseInspect(identity.id, recordedJson(`${capture}/${container}/inspect.json`)),
    sample: { takenAt: measuredAt, readAt: measuredAt, windows: false, ...reading },
    stateAt: measuredAt,
    ...parts,
  });
}

function readerOf(tree: KernelTree, capture: Capture, container: string): CgroupV1 | CgroupV2 {
  const folderOf = (mount: string): string => join(tree.folder, tree.pathOf(container, mount));
  const shared = {
    text: new KernelText(),
    budget: new DescriptorBudget(0),
    devices: new DeviceNames(join(tree.folder, 'sys')),
    limits: new LowestLimits({ hierarchies: tree.hierarchies(), monotonic: () => 0 }),
    parts: new Set(optionalParts),
  };
  if (capture !== 'cgroup_v1') return new CgroupV2(folderOf(''), shared, new V2Tables());
  const byController = new Map(
    ['cpu', 'cpuacct', 'memory', 'blkio', 'pids'].map((name) => [name, folderOf(name)] as const),
  );
  return new CgroupV1({ byController, unified: folderOf('unified') }, shared, new V1Tables());
}
