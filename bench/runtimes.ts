import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { RequestCounts } from '../src/simulator/server/request-counters.ts';
import { startEngine } from '../test/support/real/real-engine.ts';
import type { EngineVersion } from '../test/support/real/real-engine.ts';
import type { BenchRuntime } from './options.ts';
import { processesOf } from './processes.ts';
import type { RuntimeProcesses } from './processes.ts';

/** `docker run` commands at once. */
const startsAtOnce = 6;

/** A runtime with its containers, ready to be measured. */
export interface RuntimeUnderTest extends AsyncDisposable {
  readonly name: BenchRuntime;
  readonly containers: number;
  readonly socket: string;
  readonly apiVersion: string;
  readonly processes: RuntimeProcesses;
  /** Number of calls by endpoint, where the runtime counts them. */
  requests(): Promise<RequestCounts | undefined>;
}

/** Starts a runtime with that many containers that sleep, or simulated ones that seem busy. */
export async function startRuntimeUnderTest(
  name: BenchRuntime,
  containers?: number,
): Promise<RuntimeUnderTest> {
  return name === 'simulated' ? await simulated(containers ?? 1000) : await real(name, containers ?? 200);
}

async function real(version: EngineVersion, containers: number): Promise<RuntimeUnderTest> {
  const runtime = await startEngine(version);
  try {
    const names = Array.from({ length: containers }, (_, index) => `bench-${index}`).values();
    const startSome = async (): Promise<void> => {
      for (const name of names) await runtime.run(name, [], 'exec sleep 1000000');
    };
    await Promise.all(Array.from({ length: startsAtOnce }, startSome));
  } catch (error) {
    await runtime[Symbol.asyncDispose]();
    throw error;
  }
  return {
    name: version,
    containers,
    socket: runtime.socket,
    apiVersion: runtime.apiVersion,
    processes: processesOf(runtime.directory),
    requests: () => Promise.resolve(undefined),
    [Symbol.asyncDispose]: () => runtime[Symbol.asyncDispose](),
  };
}

async function simulated(containers: number): Promise<RuntimeUnderTest> {
  const child = fork(join(import.meta.dirname, 'simulated-engine.ts'), [`--containers=${containers}`]);
  const started = await message<{ socket: string }>(child);
  return {
    name: 'simulated',
    containers,
    socket: started.socket,
    apiVersion: '1.51',
    processes: { daemon: child.pid === undefined ? [] : [child.pid], containerd: [], shims: [] },
    requests: async () => {
      const response = message<{ requests: RequestCounts }>(child);
      child.send('requests');
      return (await response).requests;
    },
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}

async function message<T>(child: ChildProcess): Promise<T> {
  const [received] = (await once(child, 'message')) as [T];
  return received;
}
