import type { Integer, Sample } from '../model/sample.ts';
import type { CounterGroup, CounterStarts } from '../model/snapshot.ts';

interface Group {
  startedAt: number;
  values: Map<string, Integer>;
}

/**
 * When each group of a container's counters began. A counter that fell without a known restart began again after the
 * sample before: its group's start moves there, so that within one start no counter ever falls.
 */
export class StartTracking implements CounterStarts {
  readonly #startedAt: number;
  readonly #groups = new Map<CounterGroup, Group>();
  #lastAt: number;
  #hasSample = false;

  /** @param startedAt when the container started, or when we first saw it; milliseconds since the epoch. */
  constructor(startedAt: number) {
    this.#startedAt = startedAt;
    this.#lastAt = startedAt;
  }

  of(group: CounterGroup): number {
    return this.#groups.get(group)?.startedAt ?? this.#startedAt;
  }

  /** Takes the next sample; true when CPU time fell, which means that the container was started anew. */
  accept(sample: Sample): boolean {
    let startedAnew = false;
    for (const [group, counters] of countersOf(sample)) {
      const fell = this.#acceptGroup(group, counters);
      startedAnew ||= fell && group === 'cpu';
    }
    this.#lastAt = Math.max(this.#lastAt, sample.takenAt);
    this.#hasSample = true;
    return startedAnew;
  }

  #acceptGroup(name: CounterGroup, counters: Counters): boolean {
    const group = this.#groups.get(name);
    if (!group) {
      // An interface that joins later began its counting after the last sample; a cgroup's files are there at once.
      const joined = this.#hasSample && name.startsWith('network ');
      const startedAt = joined ? this.#lastAt : this.#startedAt;
      this.#groups.set(name, { startedAt, values: new Map(counters) });
      return false;
    }
    const fell = counters.some(([key, value]) => value < (group.values.get(key) ?? 0));
    if (fell) {
      group.startedAt = this.#lastAt;
      group.values = new Map();
    }
    for (const [key, value] of counters) group.values.set(key, value);
    return fell;
  }
}

type Counters = (readonly [string, Integer])[];

/** Keys of `memory.stat` that count events; all others are amounts. */
const eventKey = /^(?:total_)?(?:pg|thp_|workingset_(?!nodes)|numa_)/;

function* countersOf(sample: Sample): Generator<[CounterGroup, Counters]> {
  const { cpu, memory, blockIo, storage } = sample;
  if (cpu) {
    const { totalNanos, userNanos, kernelNanos, perCpuNanos = [], throttling } = cpu;
    const cores = perCpuNanos.map((value, index) => [`core${index}`, value] as const);
    yield ['cpu', [...defined({ totalNanos, userNanos, kernelNanos, ...throttling }), ...cores]];
  }
  if (memory) {
    const events = Object.entries(memory.stats).filter(([key]) => eventKey.test(key));
    yield ['memory', [...events, ...defined({ failures: memory.failures })]];
  }
  if (blockIo) yield ['block-io', blockIoCounters(blockIo)];
  if (storage) yield ['block-io', defined({ ...storage })];
  for (const { name, ...counters } of sample.networks ?? []) yield [`network ${name}`, defined(counters)];
}

function blockIoCounters(blockIo: NonNullable<Sample['blockIo']>): Counters {
  return Object.entries(blockIo).flatMap(
    ([list, entries]: [string, NonNullable<(typeof blockIo)['serviced']>]) =>
      entries.map(
        ({ major, minor, operation, value }) => [`${list} ${major}:${minor} ${operation}`, value] as const,
      ),
  );
}

function defined(values: Readonly<Record<string, Integer | undefined>>): Counters {
  return Object.entries(values).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, value] as const],
  );
}
