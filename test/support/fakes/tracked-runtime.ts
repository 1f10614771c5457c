import type { ContainerSnapshot } from '../../../src/model/snapshot.ts';
import { TrackerSet } from '../../../src/tracker/tracker-set.ts';
import type { TrackerSetOptions } from '../../../src/tracker/options.ts';
import { FakeClock } from './fake-clock.ts';
import { KeptLog, ObservedProbes } from './observed-probes.ts';
import { ScriptedContainer } from './scripted-container.ts';
import { ScriptedSource } from './scripted-source.ts';

/** Longer than any test waits. */
export const ampleMillis = 3_600_000;
/** After this a probe of a {@link TrackedRuntime} is given up. */
export const probeTimeoutMillis = 120_000;

/** A tracker set on a scripted runtime, with a clock, a log and an observer of its own. */
export class TrackedRuntime {
  readonly clock: FakeClock;
  readonly source: ScriptedSource;
  readonly observer = new ObservedProbes();
  readonly log = new KeptLog();
  readonly set: TrackerSet;

  constructor(
    names: readonly string[] = [],
    clock = new FakeClock(),
    runtime?: string,
    options: Pick<TrackerSetOptions, 'selection' | 'mapper' | 'events' | 'usage'> = {},
  ) {
    this.clock = clock;
    const containers = names.map((name) => new ScriptedContainer(name, clock));
    this.source = new ScriptedSource(containers, runtime);
    const { source, observer, log } = this;
    this.set = new TrackerSet({
      source,
      observer,
      clock,
      log,
      minProbeIntervalMillis: 1000,
      probeTimeoutMillis,
      ...options,
    });
  }

  /** The scripted container of that name. */
  container(name: string): ScriptedContainer {
    const found = this.source.containers.find((container) => container.name === name);
    if (!found) throw new Error(`no container ${name}`);
    return found;
  }

  /** Lets time pass, then probes. */
  async probe(afterMillis = 10_000): Promise<void> {
    await this.clock.advance(afterMillis);
    await this.set.update(ampleMillis);
  }

  /** The snapshot of that container, if there is one. */
  snapshot(name: string): ContainerSnapshot | undefined {
    return this.set.snapshot().containers.find(({ identity }) => identity.name === name);
  }

  /** CPU time that may be shown of that container. */
  cpu(name: string): unknown {
    return this.snapshot(name)?.sample?.cpu?.totalNanos;
  }
}
