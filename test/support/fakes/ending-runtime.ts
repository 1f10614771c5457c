import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Sample } from '../../../src/model/sample.ts';
import type { ContainerSnapshot } from '../../../src/model/snapshot.ts';
import type { EndedRun, UsageSource } from '../../../src/sources/container-source.ts';
import { ObservedEvents } from './observed-events.ts';
import type { ScriptedContainer } from './scripted-container.ts';
import { ScriptedEvents } from './scripted-events.ts';
import { TrackedRuntime } from './tracked-runtime.ts';

/** A runtime beside the kernel's files, which know what ended runs had used. */
export class EndingRuntime extends TrackedRuntime {
  readonly stream = new ScriptedEvents();
  readonly observed: ObservedEvents;
  readonly #ended: Map<string, EndedRun[]>;

  private constructor(names: readonly string[], observed: ObservedEvents, ended: Map<string, EndedRun[]>) {
    const usage: UsageSource = {
      kind: 'cgroup',
      round: (signal) => this.source.usage.round(signal),
      ended: (id) => ended.get(id)?.shift(),
    };
    super(names, undefined, undefined, { events: observed, usage });
    this.observed = observed;
    this.#ended = ended;
    this.source.eventsOf = this.stream.source;
  }

  /** With an open stream of events. */
  static async start(names: readonly string[]): Promise<EndingRuntime> {
    const runtime = new EndingRuntime(names, new ObservedEvents(), new Map());
    for (let probe = 0; probe < 8; probe += 1) await runtime.probe();
    return runtime;
  }

  /** The kernel's files say that a run has ended just now. */
  ends({ id }: ScriptedContainer, cpuNanos: number, sinceMillis = 500): Sample {
    const takenAt = this.clock.now();
    const cpu = { totalNanos: cpuNanos };
    const sample: Sample = { takenAt, windows: false, isLast: true, cpu, unknown: ['networks', 'blockIo'] };
    this.#ended.set(id, [...(this.#ended.get(id) ?? []), { sample, since: takenAt - sinceMillis }]);
    return sample;
  }

  emit({ id, name }: ScriptedContainer, ...actions: Parameters<ScriptedEvents['emit']>[1][]): void {
    for (const action of actions) this.stream.emit(id, action, undefined, name);
  }

  kill({ id, name }: ScriptedContainer, signal: string): void {
    this.stream.send({ id, action: 'kill', labels: {}, name, signal });
  }

  async settle(): Promise<void> {
    for (let turn = 0; turn < 20; turn += 1) await nextTurn();
    await this.clock.advance(300);
  }

  removed(name: string): ContainerSnapshot | undefined {
    return this.set.snapshot().removed?.find(({ identity }) => identity.name === name);
  }

  remove(container: ScriptedContainer): void {
    this.source.containers = this.source.containers.filter((each) => each !== container);
  }
}
