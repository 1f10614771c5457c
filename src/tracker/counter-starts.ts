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
export class StartTracking {
  readonly #startedAt: number;
  readonly #groups = new Map<CounterGroup, Group>();
  #lastAt: number | undefined;
  #starts: CounterStarts | undefined;

  /** @param startedAt when the container started, or when we first saw it; milliseconds since the epoch. */
  constructor(startedAt: number) {
    this.#startedAt = startedAt;
  }

  /** The starts as they are now; later samples do not change what was given out. */
  get starts(): CounterStarts {
    if (this.#starts) return this.#starts;
    const starts = new Map([...this.#groups].map(([name, { startedAt }]) => [name, startedAt]));
    this.#starts = { of: (group) => starts.get(group) ?? this.#startedAt };
    return this.#starts;
  }

  /** Takes the next sample; true when CPU time fell, which means that the container was started anew. */
  accept(sample: Sample): boolean {
    let startedAnew = false;
    this.#forgetDetached(sample);
    for (const [group, counters] of countersOf(sample)) {
      const fell = this.#acceptGroup(group, counters, sample.takenAt);
      startedAnew ||= fell && group === 'cpu';
    }
    this.#lastAt = sample.takenAt;
    return startedAnew;
  }

  #begin(group: Group, startedAt: number): void {
    group.startedAt = startedAt;
    group.values = new Map();
    this.#starts = undefined;
  }

  /** An interface that comes back counts from zero, even if it has counted beyond the old value by then. */
  #forgetDetached({ networks }: Sample): void {
    if (!networks) return;
    const attached = new Set(networks.map(({ name }) => `network ${name}`));
    for (const name of this.#groups.keys()) {
      if (isNetwork(name) && !attached.has(name)) this.#groups.delete(name);
    }
  }

  #acceptGroup(name: CounterGroup, counters: Counters, takenAt: number): boolean {
    // Engine and agent may disagree on the time: a start after the sample would move with every sample.
    const lastAt = Math.min(this.#lastAt ?? takenAt, takenAt);
    const group = this.#groups.get(name);
    if (!group) {
      // An interface that joins later began its counting after the last sample; a cgroup's files are there at once.
      const joined = this.#lastAt !== undefined && isNetwork(name);
      const startedAt = joined ? lastAt : Math.min(this.#startedAt, takenAt);
      this.#groups.set(name, { startedAt, values: new Map(counters) });
      this.#starts = undefined;
      return false;
    }
    const fell = counters.some(([key, value]) => value < (group.values.get(key) ?? 0));
    if (fell) this.#begin(group, Math.max(lastAt, group.startedAt + 1));
    // The clock was set back to before the start.
    else if (takenAt < group.startedAt) this.#begin(group, takenAt);
    for (const [key, value] of counters) group.values.set(key, value);
    return fell;
  }
}

function isNetwork(group: CounterGroup): boolean {
  return group.startsWith('network ');
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
