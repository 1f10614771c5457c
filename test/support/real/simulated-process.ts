import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { get as httpGet } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { json } from 'node:stream/consumers';
import type { RequestCounts } from '../../../src/simulator/server/request-counters.ts';

const script = join(import.meta.dirname, '../fakes/run-simulated-engine.ts');

/** Starts a simulated engine as a process of its own, so that the agent's process carries no part of it. */
export async function startSimulatedProcess(...args: readonly string[]): Promise<SimulatedProcess> {
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', process.execPath, script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [url] = await Promise.race([once(createInterface(child.stdout), 'line'), once(child, 'exit')]);
  if (typeof url !== 'string') throw new Error('the simulated engine did not start');
  return new SimulatedProcess(url, child);
}

/** A simulated engine in its own process. */
export class SimulatedProcess {
  /** As `--docker-url` takes it. */
  readonly url: string;
  readonly #child: ChildProcess;

  constructor(url: string, child: ChildProcess) {
    this.url = url;
    this.#child = child;
  }

  /** Number of requests by endpoint. */
  async requests(): Promise<RequestCounts> {
    const asked = httpGet({ socketPath: this.url.replace('unix://', ''), path: '/_simulated/requests' });
    const [answer] = await once(asked, 'response');
    return (await json(answer)) as RequestCounts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await exited;
  }
}
