import type { BasicPart, MemoryUsage, Sample } from '../../model/sample.ts';
import { present } from '../json.ts';

const nothing: readonly BasicPart[] = [];

/**
 * Parts that a sample lacks because their files could not be read: pressure is the kernel's alone.
 * @param unreadable names of these files.
 * @param notMounted parts whose trees are not mounted here.
 */
export function lackingParts(
  sample: Sample,
  unreadable: readonly string[],
  notMounted: readonly BasicPart[],
): readonly BasicPart[] {
  // Nearly always.
  if (unreadable.length === 0 && notMounted.length === 0 && !sample.unknown) return nothing;
  const closed = unreadable.filter((name) => !name.endsWith('.pressure'));
  const lacking = partOfFile.flatMap(([start, part]) =>
    isLacking(sample, part) && closed.some((name) => name.startsWith(start)) ? [part] : [],
  );
  const unmounted = notMounted.filter((part) => sample[part] === undefined);
  return [...lacking, ...unmounted, ...(sample.unknown?.includes('networks') ? (['networks'] as const) : [])];
}

/** Files by their beginning, and the part of a sample that is read from them. */
const partOfFile: readonly (readonly [start: string, part: BasicPart])[] = [
  ['cpu', 'cpu'],
  ['memory', 'memory'],
  ['io', 'blockIo'],
  ['blkio', 'blockIo'],
  ['pids', 'pids'],
];

function isLacking(sample: Sample, part: BasicPart): boolean {
  return sample[part] === undefined || (part === 'memory' && sample.memory?.unknown !== undefined);
}

/** The sample with the parts that it lacks from another place, at the other's time. */
export function completed(sample: Sample, other: Sample | undefined, lacking: readonly BasicPart[]): Sample {
  if (!other) return sample;
  const given = lacking.filter((part) => other[part] !== undefined);
  const unknown = sample.unknown?.filter((part) => !lacking.includes(part) || other.unknown?.includes(part));
  const parts = Object.fromEntries(given.map((part) => [part, other[part]]));
  return present<Sample>({
    ...sample,
    ...parts,
    ...(given.includes('memory') && other.memory && { memory: joined(sample.memory, other.memory) }),
    partTimes: Object.fromEntries(given.map((part) => [part, other.takenAt])),
    unknown: unknown?.length === 0 ? undefined : unknown,
  });
}

/** What the runtime does not give of memory is the kernel's; the rest is from one place, as a working set is a difference. */
function joined(ofKernel: MemoryUsage | undefined, ofRuntime: MemoryUsage): MemoryUsage {
  const { events, swapUsage, kernelUsage, maxUsage } = ofKernel ?? {};
  return { ...present<Partial<MemoryUsage>>({ events, swapUsage, kernelUsage, maxUsage }), ...ofRuntime };
}
