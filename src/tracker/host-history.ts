import type { HostCgroup, HostReading, Machine } from '../model/host.ts';
import type { ContainerFilesystem } from '../model/disk-usage.ts';
import type { RuntimeDescription } from '../model/runtime.ts';
import type { Sample } from '../model/sample.ts';
import type { CgroupSnapshot, RuntimeSnapshot } from '../model/snapshot.ts';
import { CounterHistory } from './container/counter-history.ts';

interface KnownCgroup {
  readonly owner: object;
  readonly createdAt: number;
  readonly history: CounterHistory;
  latest: HostCgroup;
}

/** The cgroups of a host that are no containers', with the start times of their counters, and its machine. */
export class HostHistory {
  #machine: Machine | undefined;
  readonly #cgroups = new Map<string, KnownCgroup>();

  /** Takes what was read; a cgroup that is not among it is gone. */
  accept(reading: HostReading | undefined): void {
    this.#machine = reading?.machine;
    const present = new Set<string>();
    for (const cgroup of reading?.cgroups ?? []) {
      present.add(cgroup.path);
      this.#keep(cgroup, cgroup.sample);
    }
    for (const path of this.#cgroups.keys()) if (!present.has(path)) this.#cgroups.delete(path);
  }

  /** What a snapshot of the runtime has of it. @param filesystems of the host, for its root. */
  shown(
    runtime: RuntimeDescription,
    filesystems?: readonly ContainerFilesystem[],
  ): Pick<RuntimeSnapshot, 'machine' | 'cgroups'> {
    const machine = this.#machine;
    const cgroups = this.#snapshots(runtime, filesystems);
    return { ...(machine && { machine }), ...(cgroups.length > 0 && { cgroups }) };
  }

  #snapshots(
    runtime: RuntimeDescription,
    filesystems: readonly ContainerFilesystem[] | undefined,
  ): readonly CgroupSnapshot[] {
    return [...this.#cgroups.values()].map(({ owner, createdAt, history, latest }) => ({
      owner,
      path: latest.path,
      runtime,
      identity: { createdAt },
      state: {},
      limits: latest.limits,
      sample: latest.sample,
      stateAt: latest.sample.takenAt,
      starts: history.starts(createdAt),
      ...(filesystems && latest.path === '/' && { filesystems }),
    }));
  }

  #keep(latest: HostCgroup, sample: Sample): void {
    const { path, createdAt } = latest;
    let known = this.#cgroups.get(path);
    if (!known) {
      known = { owner: {}, createdAt, history: new CounterHistory(createdAt), latest };
      this.#cgroups.set(path, known);
    }
    known.latest = latest;
    known.history.count(sample);
    known.history.keep(sample);
  }
}
