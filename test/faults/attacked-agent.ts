import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { after, before, type TestContext } from 'node:test';
import { Worker } from 'node:worker_threads';
import type { SlowestHealth } from '../support/fakes/health-prober.ts';
import { startAgent, type AgentProcess } from '../support/real/agent-process.ts';
import { buildAgent, type BuiltAgent } from '../support/real/built-agent.ts';

/** Maximum resident memory: 56 MiB are to spare below the limit that the chart sets. */
const maxResidentMebibytes = 200;
const maxHealthMillis = 1000;

let built: BuiltAgent;

// For each file that imports this one.
before(async () => {
  built = await buildAgent();
});
after(() => built[Symbol.asyncDispose]());

/** Starts the agent as the image and the chart do, at their limits. */
export async function startAttacked(args: readonly string[]): Promise<AgentProcess> {
  const { program, env } = built;
  return await startAgent({ program, env, args });
}

/** The slowest response of `/healthz` while something goes on. */
export async function watchHealth(
  { metricsUrl, pid }: AgentProcess,
  during: Promise<unknown>,
): Promise<SlowestHealth> {
  const workerData = { url: new URL('/healthz', metricsUrl).href, pid };
  const prober = new Worker(new URL('../support/fakes/health-prober.ts', import.meta.url), { workerData });
  try {
    await during;
    prober.postMessage('enough');
    const [slowest]: SlowestHealth[] = await once(prober, 'message');
    assert.ok(slowest !== undefined);
    return slowest;
  } finally {
    await prober.terminate();
  }
}

/** Expects that the agent lives, kept its memory, and answered at `/healthz` all the while. */
export function assertWithinBounds(t: TestContext, agent: AgentProcess, health: SlowestHealth): void {
  const peak = Math.round(peakMebibytes(agent));
  const own = Math.round(health.ownMillis);
  t.diagnostic(
    `peak ${peak} MiB; slowest /healthz ${own} ms, ${Math.round(health.wallMillis)} ms with waits for a CPU`,
  );
  assert.ok(agent.isRunning, 'the agent ended');
  assert.ok(peak <= maxResidentMebibytes, `peak ${peak} MiB, at most ${maxResidentMebibytes} MiB`);
  assert.ok(own < maxHealthMillis, `/healthz took ${own} ms, less than ${maxHealthMillis} ms expected`);
}

/** The most memory that the process ever had resident, as the kernel counts it. */
function peakMebibytes({ pid }: AgentProcess): number {
  const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  assert.ok(kibibytes !== undefined, `the kernel does not say the peak of ${pid}`);
  return Number(kibibytes) / 1024;
}
