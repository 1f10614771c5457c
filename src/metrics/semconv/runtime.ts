import { endpointKey } from '../../model/runtime.ts';
import { containerStatuses } from '../../model/container.ts';
import { diskObjectTypes } from '../../model/disk-usage.ts';
import type { DiskSize } from '../../model/disk-usage.ts';
import type { RuntimeDescription } from '../../model/runtime.ts';
import type { Attributes, RuntimeInstrument } from '../../model/instrument.ts';

const typeKey = 'container.runtime.object.type';
const statusKey = 'container.status.state';

/** Metrics of profile `semconv` about the container runtime itself. */
export const semconvRuntime: readonly RuntimeInstrument[] = [
  {
    ...runtime('info', '', 'Always 1; the runtime and its host, as attributes'),
    kind: 'gauge',
    attributes: [
      endpointKey,
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
    observe({ runtime, containerCount }, observe) {
      if (containerCount !== undefined) observe(1, describedBy(runtime));
    },
  },
  {
    ...runtime('containers', '{container}', 'Containers on the runtime, whether measured or not, by state'),
    attributes: [endpointKey, statusKey],
    source: 'list',
    observe({ runtime, containersByStatus }, observe) {
      if (!containersByStatus) return;
      for (const status of containerStatuses)
        observe(containersByStatus.get(status) ?? 0, { [endpointKey]: runtime.name, [statusKey]: status });
    },
  },
  {
    ...runtime('images', '{image}', 'Images on the runtime, as told every 10 minutes'),
    source: 'info',
    absentWhen: 'the runtime, or a proxy before it, refuses /info',
    observe({ runtime, containerCount }, observe) {
      if (containerCount !== undefined && runtime.images !== undefined)
        observe(runtime.images, { [endpointKey]: runtime.name });
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

function runtime(name: string, unit: string, description: string): Omit<RuntimeInstrument, 'observe'> {
  return {
    name: `container.runtime.${name}`,
    kind: 'updowncounter',
    unit,
    description,
    attributes: [endpointKey],
    source: 'info',
    stability: 'extension',
    absentWhen: 'the runtime does not answer',
  };
}

function disk(
  name: string,
  description: string,
  read: (size: DiskSize) => number | undefined,
): RuntimeInstrument {
  return {
    ...runtime(`disk.${name}`, 'By', description),
    attributes: [endpointKey, typeKey],
    source: 'disk usage',
    absentWhen: '--disk-usage-interval is 0, or the runtime, or a proxy before it, refuses /system/df',
    observe({ runtime, containerCount, diskUsage }, observe) {
      if (containerCount === undefined) return;
      for (const type of diskObjectTypes) {
        const size = diskUsage?.usage?.[type];
        const bytes = size && read(size);
        if (bytes !== undefined) observe(bytes, { [endpointKey]: runtime.name, [typeKey]: type });
      }
    },
  };
}

function describedBy(runtime: RuntimeDescription): Attributes {
  const entries = {
    [endpointKey]: runtime.name,
    'container.runtime.name': runtime.runtimeName,
    'container.runtime.version': runtime.runtimeVersion,
    'container.runtime.api.version': runtime.apiVersion,
    'container.runtime.cgroup.driver': runtime.cgroupDriver,
    'container.runtime.cgroup.version': runtime.cgroupVersion?.toString(),
    'container.runtime.storage.driver': runtime.storageDriver,
    'host.name': runtime.hostName,
    'os.type': runtime.osType,
  };
  return Object.fromEntries(
    Object.entries(entries).flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const])),
  );
}
