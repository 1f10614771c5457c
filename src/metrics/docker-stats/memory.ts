import type { ContainerInstrument } from '../../model/instrument.ts';
import type { Integer, MemoryUsage } from '../../model/sample.ts';
import { observePresent, receiverInstrument } from './declare.ts';
import type { ReceiverMetric } from './declare.ts';
import { memoryPercent, usageWithoutCache } from './formulas.ts';
import { memoryAmounts, memoryEvents } from './memory-keys.ts';

/** On by default: the page cache as each version of cgroups tells it. */
const onKeys: readonly string[] = ['file', 'total_cache'];

/** Memory metrics of profile `docker_stats`. */
export const dockerStatsMemory: readonly ContainerInstrument[] = [
  ofMemory(
    {
      name: 'container.memory.usage.total',
      kind: 'updowncounter',
      unit: 'By',
      description: 'Memory usage of the container. This excludes the cache.',
      isOn: true,
    },
    usageWithoutCache,
  ),
  ofMemory(
    {
      name: 'container.memory.usage.limit',
      kind: 'updowncounter',
      unit: 'By',
      description: 'Memory limit of the container. Not supported on Windows.',
      isOn: true,
    },
    ({ limit }) => limit,
  ),
  ofMemory(
    {
      name: 'container.memory.percent',
      kind: 'gauge',
      unit: '1',
      description: 'Percentage of memory used. Not supported on Windows.',
      isOn: true,
      isDouble: true,
    },
    memoryPercent,
  ),
  ofMemory(
    {
      name: 'container.memory.usage.max',
      kind: 'updowncounter',
      unit: 'By',
      description: 'Maximum memory usage.',
      absentWhen: 'cgroup v2',
    },
    ({ maxUsage }) => maxUsage,
  ),
  ofMemory(
    {
      name: 'container.memory.fails',
      kind: 'counter',
      unit: '{fails}',
      description: 'Number of times the memory limit was hit.',
    },
    limitHits,
  ),
  ...memoryAmounts.map(([key, description]) =>
    ofMemory(
      {
        name: `container.memory.${key}`,
        kind: 'updowncounter',
        unit: 'By',
        description,
        ...(onKeys.includes(key) && { isOn: true }),
      },
      ({ stats }) => stats[key],
    ),
  ),
  ...memoryEvents.map(([key, unit, description]) =>
    ofMemory(
      { name: `container.memory.${key}`, kind: 'counter', unit, description },
      ({ stats }) => stats[key],
    ),
  ),
];

function ofMemory(
  metric: ReceiverMetric,
  read: (memory: MemoryUsage) => Integer | undefined,
): ContainerInstrument {
  return receiverInstrument(metric, ({ sample, starts }, observe) => {
    const value = sample?.memory && read(sample.memory);
    observePresent(observe, value, undefined, metric.kind === 'counter' ? starts.of('memory') : undefined);
  });
}

/** Docker leaves the key out while it is 0, on both versions of cgroups; who gives no `memory.stat` counts none. */
function limitHits({ failures, stats, unknown }: MemoryUsage): Integer | undefined {
  if (unknown?.includes('failcnt')) return undefined;
  return failures ?? (Object.keys(stats).length > 0 ? 0 : undefined);
}
