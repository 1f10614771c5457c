import type { RuntimeDescription } from '../../../src/model/runtime.ts';
import type { Sample } from '../../../src/model/sample.ts';
import type {
  ContainerSource,
  InspectedContainer,
  ListedContainer,
  UsageSource,
} from '../../../src/sources/container-source.ts';
import { SourceError } from '../../../src/sources/source-error.ts';
import type { ScriptedContainer } from './scripted-container.ts';

/** The calls that a runtime takes. */
export type SourceCall = 'describe' | 'list' | 'inspect' | 'sample';

/** Runs before a response: waits, throws, or lets it pass. Work that it does not await ignores the signal. */
export type BeforeAnswer = (call: SourceCall, id: string, signal: AbortSignal) => Promise<void> | void;

/** A runtime made by hand, in memory: by default it responds at once with its containers as they are. */
export class ScriptedSource implements ContainerSource {
  readonly name: string;
  containers: ScriptedContainer[];
  before: BeforeAnswer = () => undefined;
  /** Containers that it cannot list. */
  refusedCount = 0;
  isClosed = false;
  /** What the runtime says that its clock is ahead. */
  clockOffsetMillis: number | undefined;
  clockJumped = false;
  /** What else it says of itself. */
  description: Partial<RuntimeDescription> = {};
  /** Probes at one time, as this runtime sees it: lists that began and did not end. */
  maxLists = 0;
  maxSamples = 0;
  #lists = 0;
  #samples = 0;
  readonly #calls = new Map<SourceCall, number>();

  constructor(containers: ScriptedContainer[] = [], name = 'unix:///scripted.sock') {
    this.name = name;
    this.containers = containers;
  }

  /** Number of times a call was made. */
  count(call: SourceCall): number {
    return this.#calls.get(call) ?? 0;
  }

  async describe(signal: AbortSignal): Promise<RuntimeDescription> {
    await this.#begin('describe', '', signal);
    this.clockJumped = false;
    const { name, clockOffsetMillis } = this;
    const host = { runtimeName: 'docker', hostName: `host of ${name}`, warnings: [] };
    const described = { name, ...host, ...this.description };
    return clockOffsetMillis === undefined ? described : { ...described, clockOffsetMillis };
  }

  async list(signal: AbortSignal): Promise<readonly ListedContainer[]> {
    this.maxLists = Math.max(this.maxLists, ++this.#lists);
    try {
      await this.#begin('list', '', signal);
      return this.containers.map((container) => container.listed());
    } finally {
      this.#lists -= 1;
    }
  }

  async inspect(id: string, signal: AbortSignal): Promise<InspectedContainer> {
    await this.#begin('inspect', id, signal);
    return this.#find(id).inspected();
  }

  /** No stream of events by default. */
  eventsOf: ContainerSource['events'] = () => Promise.resolve(undefined);

  events(signal: AbortSignal, sinceNanos?: number): ReturnType<ContainerSource['events']> {
    return this.eventsOf(signal, sinceNanos);
  }

  readonly usage: UsageSource = {
    kind: 'docker',
    round: (signal) => ({
      read: ({ identity: { id } }) => this.#sample(id, signal),
      close: () => undefined,
    }),
  };

  async #sample(id: string, signal: AbortSignal): Promise<Sample | undefined> {
    this.maxSamples = Math.max(this.maxSamples, ++this.#samples);
    try {
      await this.#begin('sample', id, signal);
      return this.#find(id).sampled();
    } finally {
      this.#samples -= 1;
    }
  }

  close(): void {
    this.isClosed = true;
  }

  async #begin(call: SourceCall, id: string, signal: AbortSignal): Promise<void> {
    this.#calls.set(call, this.count(call) + 1);
    await this.before(call, id, signal);
  }

  #find(id: string): ScriptedContainer {
    const found = this.containers.find((container) => container.id === id);
    if (!found) throw new SourceError('not-found', `no such container: ${id}`);
    return found;
  }
}

/** Never responds, and ignores signals. */
export function hang(): Promise<never> {
  return new Promise<never>(() => undefined);
}

/** Does not respond until its signal aborts. */
export function hangUntilAborted(signal: AbortSignal): Promise<never> {
  return new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });
}
