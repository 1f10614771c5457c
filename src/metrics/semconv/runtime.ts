import { containerStatuses } from '../../model/container.ts';
import { diskObjectTypes } from '../../model/disk-usage.ts';
import type { DiskSize } from '../../model/disk-usage.ts';
import type { EngineDescription } from '../../model/runtime.ts';
import type { Attributes, EngineInstrument } from '../../model/instrument.ts';

const typeKey = 'container.runtime.object.type';
const statusKey = 'container.status.state';

/** What profile `semconv` tells of the engine itself, which the conventions call the container runtime. */
export const semconvEngine: readonly EngineInstrument[] = [
  {
    ...runtime('info', '', 'Always 1; the engine and its host, as attributes'),
    kind: 'gauge',
    attributes: [
      'engine',
      'container.runtime.name',
      'container.runtime.version',
      'container.runtime.api.version',
      'container.runtime.cgroup.driver',
      'container.runtime.cgroup.version',
      'container.runtime.storage.driver',
      'host.name',
      'os.type',
    ],
    source: 'info',
    observe({ engine, containerCount }, observe) {
      if (containerCount !== undefined) observe(1, describedBy(engine));
    },
  },
  {
    ...runtime('containers', '{container}', 'Containers on the engine, whether measured or not, by state'),
    attributes: ['engine', statusKey],
    source: 'list',
    observe({ engine, containersByStatus }, observe) {
      if (!containersByStatus) return;
      for (const status of containerStatuses)
        observe(containersByStatus.get(status) ?? 0, { engine: engine.name, [statusKey]: status });
    },
  },
  {
    ...runtime('images', '{image}', 'Images on the engine, as told every 10 minutes'),
    source: 'info',
    absentWhen: 'the engine, or a proxy before it, refuses /info',
    observe({ engine, containerCount }, observe) {
      if (containerCount !== undefined && engine.images !== undefined)
        observe(engine.images, { engine: engine.name });
    },
  },
  disk(
    'usage',
    'Disk space by what takes it up; build cache that is part of an image counts in both',
    ({ totalBytes }) => totalBytes,
  ),
  disk(
    'reclaimable',
    'Disk space of what no container uses: images, stopped containers, volumes, build cache',
    ({ reclaimableBytes }) => reclaimableBytes,
  ),
];

function runtime(name: string, unit: string, description: string): Omit<EngineInstrument, 'observe'> {
  return {
    name: `container.runtime.${name}`,
    kind: 'updowncounter',
    unit,
    description,
    attributes: ['engine'],
    source: 'info',
    stability: 'extension',
    absentWhen: 'the engine does not answer',
  };
}

function disk(
  name: string,
  description: string,
  read: (size: DiskSize) => number | undefined,
): EngineInstrument {
  return {
    ...runtime(`disk.${name}`, 'By', description),
    attributes: ['engine', typeKey],
    source: 'disk usage',
    absentWhen: '--disk-usage-interval is 0, or the engine, or a proxy before it, refuses /system/df',
    observe({ engine, containerCount, diskUsage }, observe) {
      if (containerCount === undefined) return;
      for (const type of diskObjectTypes) {
        const size = diskUsage?.usage?.[type];
        const bytes = size && read(size);
        if (bytes !== undefined) observe(bytes, { engine: engine.name, [typeKey]: type });
      }
    },
  };
}

function describedBy(engine: EngineDescription): Attributes {
  const entries = {
    engine: engine.name,
    'container.runtime.name': engine.runtimeName,
    'container.runtime.version': engine.runtimeVersion,
    'container.runtime.api.version': engine.apiVersion,
    'container.runtime.cgroup.driver': engine.cgroupDriver,
    'container.runtime.cgroup.version': engine.cgroupVersion?.toString(),
    'container.runtime.storage.driver': engine.storageDriver,
    'host.name': engine.hostName,
    'os.type': engine.osType,
  };
  return Object.fromEntries(
    Object.entries(entries).flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const])),
  );
}
