import type { Integer, Sample } from '../../model/sample.ts';
import type { CounterGroup, CounterStarts, HostGroup } from '../../model/snapshot.ts';
import type { InspectedContainer } from '../../sources/container-source.ts';

/** Whether a group's counters outlive the runs of a container. */
export function isLasting(group: CounterGroup): group is HostGroup {
  return group === 'host' || group === 'restarts';
}

/** When the counters began that outlive the runs of a container. Within one start none falls. */
export class HostStartTimes {
  #host: number;
  #systemNanos: Integer | undefined;
  #restarts: number;
  #restartCount: number | undefined;

  /** @param trackedSince when the container was first seen; milliseconds since the epoch. */
  constructor(trackedSince: number) {
    this.#host = trackedSince;
    this.#restarts = trackedSince;
  }

  /** As they are now; what comes later does not change what was given out. */
  get starts(): CounterStarts {
    const starts: Readonly<Record<HostGroup, number>> = { host: this.#host, restarts: this.#restarts };
    return { of: (group) => (isLasting(group) ? starts[group] : starts.host) };
  }

  /** The host's CPU time is counted since its boot, which no runtime tells: all CPUs together had that much time. */
  acceptSample({ cpu, takenAt }: Sample): void {
    if (cpu?.systemNanos === undefined) return;
    const isFirst = this.#systemNanos === undefined || cpu.systemNanos < this.#systemNanos;
    this.#systemNanos = cpu.systemNanos;
    const cpus = cpu.onlineCpus ?? cpu.perCpuNanos?.length;
    if (!isFirst) return;
    this.#host = cpus === undefined ? takenAt : Math.round(takenAt - Number(cpu.systemNanos) / cpus / 1e6);
  }

  /** A start by hand sets the count of restarts to 0. */
  acceptInspected({ identity, state }: InspectedContainer): void {
    const { restartCount } = state;
    if (restartCount === undefined) return;
    const before = this.#restartCount;
    this.#restartCount = restartCount;
    if (before === undefined) this.#restarts = identity.createdAt ?? this.#restarts;
    else if (restartCount < before) this.#restarts = Math.max(state.startedAt ?? 0, this.#restarts + 1);
  }
}
