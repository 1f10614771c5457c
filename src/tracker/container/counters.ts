import { blockIoCounter } from '../../model/sample.ts';
import type { BlockIoUsage, CpuUsage, Integer, Sample } from '../../model/sample.ts';
import type { CounterGroup } from '../../model/snapshot.ts';

/** Told of one counter of a sample: no lists are made, for this runs over every counter of every sample. */
export type Visit = (group: CounterGroup, key: string, value: Integer | undefined) => void;

/** Tells of those counters of a sample that may begin together. */
export type VisitCounters = (sample: Sample, visit: Visit) => void;

/** The group of an interface, which may come and go while its container runs. */
export function isNetwork(group: CounterGroup): boolean {
  return group.startsWith('network ');
}

/** Keys of `memory.stat` that count events; all others are amounts. */
const eventKey = /^(?:total_)?(?:pg|thp_|workingset_(?!nodes)|numa_)/;

/** Visits the counters of a run's cgroup. */
export function cgroupCounters({ cpu, memory, blockIo, storage }: Sample, visit: Visit): void {
  if (cpu) visitCpu(cpu, visit);
  if (memory) {
    visit('memory', 'failures', memory.failures);
    for (const key in memory.stats) if (eventKey.test(key)) visit('memory', key, memory.stats[key]);
  }
  if (blockIo) visitBlockIo(blockIo, visit);
  if (storage) visitAll('block-io', { ...storage }, visit);
}

/** Visits the counters of a network namespace, which may be another container's. */
export function networkCounters({ networks = [] }: Sample, visit: Visit): void {
  for (const { name, ...counters } of networks) visitAll(`network ${name}`, counters, visit);
}

function visitCpu(
  { totalNanos, userNanos, kernelNanos, perCpuNanos, throttling }: CpuUsage,
  visit: Visit,
): void {
  visit('cpu', 'total', totalNanos);
  visit('cpu', 'user', userNanos);
  visit('cpu', 'kernel', kernelNanos);
  perCpuNanos?.forEach((nanos, index) => visit('cpu', `core ${index}`, nanos));
  if (throttling) visitAll('cpu', { ...throttling }, visit);
}

function visitBlockIo(blockIo: BlockIoUsage, visit: Visit): void {
  for (const list of blockIoLists) {
    for (const entry of blockIo[list] ?? []) visit('block-io', blockIoCounter(list, entry), entry.value);
  }
}

const blockIoLists = [
  'serviceBytes',
  'serviced',
  'queued',
  'serviceTime',
  'waitTime',
  'merged',
  'time',
  'sectors',
] as const satisfies readonly (keyof BlockIoUsage)[];

function visitAll(group: CounterGroup, counters: Counters, visit: Visit): void {
  for (const key in counters) visit(group, key, counters[key]);
}

type Counters = Readonly<Record<string, Integer | undefined>>;
