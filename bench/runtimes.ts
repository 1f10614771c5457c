import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { RequestCounts } from '../src/simulator/server/request-counters.ts';
import { startEngine } from '../test/support/real/real-engine.ts';
import type { EngineVersion, RealEngine } from '../test/support/real/real-engine.ts';
import type { Group, RuntimeName } from './plan.ts';
import { processesOf } from './processes.ts';
import type { RuntimeProcesses } from './processes.ts';

/** `docker run` commands at once. */
const startsAtOnce = 6;

/** A runtime with its containers, ready to be measured. */
export interface RuntimeUnderTest extends AsyncDisposable {
  readonly name: RuntimeName;
  readonly containers: number;
  readonly socket: string;
  readonly apiVersion: string;
  readonly processes: RuntimeProcesses;
  /** For our agent, to find the kernel's files of simulated containers. */
  readonly agentFlags: readonly string[];
  /** Starts containers until it has that many; a simulated one has them all. */
  grow(containers: number): Promise<void>;
  /** Number of calls by endpoint, where the runtime counts them. */
  requests(): Promise<RequestCounts | undefined>;
}

/** Starts a runtime: a real one without containers, which sleep, or a simulated one with those of its steps, which seem busy. */
export async function startRuntimeUnderTest({
  runtime,
  steps,
  hasCgroups,
}: Group): Promise<RuntimeUnderTest> {
  if (runtime !== 'simulated') return await RealRuntime.start(runtime);
  return await SimulatedRuntime.start(Math.max(...steps.map(({ containers }) => containers)), hasCgroups);
}

class RealRuntime implements RuntimeUnderTest {
  readonly name: EngineVersion;
  readonly agentFlags = [];
  readonly #runtime: RealEngine;
  #containers = 0;
  #processes: RuntimeProcesses;

  private constructor(name: EngineVersion, runtime: RealEngine) {
    this.name = name;
    this.#runtime = runtime;
    this.#processes = processesOf(runtime.directory);
  }

  static async start(version: EngineVersion): Promise<RealRuntime> {
    return new RealRuntime(version, await startEngine(version));
  }

  get containers(): number {
    return this.#containers;
  }

  get socket(): string {
    return this.#runtime.socket;
  }

  get apiVersion(): string {
    return this.#runtime.apiVersion;
  }

  get processes(): RuntimeProcesses {
    return this.#processes;
  }

  async grow(containers: number): Promise<void> {
    const startSome = async (): Promise<void> => {
      while (this.#containers < containers) {
        const name = `bench-${this.#containers++}`;
        await this.#runtime.run(name, [], 'exec sleep 1000000');
      }
    };
    await Promise.all(Array.from({ length: startsAtOnce }, startSome));
    this.#processes = processesOf(this.#runtime.directory);
  }

  async requests(): Promise<undefined> {
    // A real runtime does not count them.
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#runtime[Symbol.asyncDispose]();
  }
}

class SimulatedRuntime implements RuntimeUnderTest {
  readonly name = 'simulated';
  readonly apiVersion = '1.51';
  readonly containers: number;
  readonly socket: string;
  readonly agentFlags: readonly string[];
  readonly processes: RuntimeProcesses;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, containers: number, started: Started) {
    this.containers = containers;
    this.socket = started.socket;
    this.agentFlags = started.agentFlags;
    this.processes = { daemon: child.pid === undefined ? [] : [child.pid], containerd: [], shims: [] };
    this.#child = child;
  }

  static async start(containers: number, hasCgroups: boolean): Promise<SimulatedRuntime> {
    const flags = [`--containers=${containers}`, ...(hasCgroups ? ['--cgroups'] : [])];
    const child = fork(join(import.meta.dirname, 'simulated-engine.ts'), flags);
    return new SimulatedRuntime(child, containers, await message<Started>(child));
  }

  async grow(): Promise<void> {
    // It has them all.
  }

  async requests(): Promise<RequestCounts> {
    const response = message<{ requests: RequestCounts }>(this.#child);
    this.#child.send('requests');
    return (await response).requests;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }
}

interface Started {
  readonly socket: string;
  readonly agentFlags: readonly string[];
}

/** The next message of a child process; throws when it ends instead. */
export async function message<T>(child: ChildProcess): Promise<T> {
  const stop = new AbortController();
  const { signal } = stop;
  const ended = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`${child.spawnargs.join(' ')} ended with ${code}`);
  });
  try {
    const [received] = (await Promise.race([once(child, 'message', { signal }), ended])) as [T];
    return received;
  } finally {
    stop.abort();
    ended.catch(() => undefined);
  }
}
