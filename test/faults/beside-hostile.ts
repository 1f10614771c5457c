import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import type { Misbehave } from '../support/fakes/hostile-engine.ts';
import { startHostileEngine } from '../support/fakes/hostile-engine.ts';
import { startAgent } from '../support/real/agent-process.ts';
import type { AgentProcess } from '../support/real/agent-process.ts';
import { startSimulatedProcess } from '../support/real/simulated-process.ts';
import type { Exposition } from '../support/wire/exposition.ts';

/** The heap that the chart gives the agent: 60 % of 256 MiB. */
const chartHeapMebibytes = 153;
/** Maximum resident memory of the agent, with 56 MiB to spare below its limit. */
const maxResidentMebibytes = 200;
const maxHealthMillis = 1000;
const goodContainers = 20;

/** An agent that measured a good engine and a hostile one, after some probes of both. */
export interface BesideHostile {
  readonly agent: AgentProcess;
  readonly good: string;
  readonly hostile: string;
  readonly metrics: Exposition;
  /** Requested paths of the hostile engine. */
  readonly asked: readonly string[];
}

/**
 * Runs an agent at the chart's limits beside a hostile engine until the good one was probed `probes` times, and expects
 * that it lives, keeps its memory and answers, and that the good engine's values are all there and fresh.
 */
export async function besideHostile(
  t: TestContext,
  misbehave: Misbehave,
  judge: (result: BesideHostile) => void | Promise<void>,
  probes = 4,
): Promise<void> {
  await using engine = await startSimulatedProcess('--scenario', 'none', '--containers', `${goodContainers}`);
  await using hostile = await startHostileEngine(misbehave);
  await using agent = await startAgent({
    args: [
      `--docker-url=${engine.url}`,
      `--docker-url=${hostile.url}`,
      '--exporter=prometheus',
      '--interval=1s',
    ],
    env: { NODE_OPTIONS: `--max-old-space-size=${chartHeapMebibytes}` },
  });
  const runtime = { container_runtime_endpoint: engine.url };
  const probed = (at: Exposition): number => at.sum('tidegauge_probe_duration_seconds_count', runtime);
  const health: number[] = [];
  const before = probed(await agent.metrics());
  let metrics = await agent.metrics();
  while (probed(metrics) < before + probes) {
    health.push(await healthMillis(agent));
    metrics = await agent.metrics();
  }
  const resident = maxResident(agent.pid);
  t.diagnostic(`max RSS ${resident.toFixed(0)} MiB; /healthz max ${Math.max(...health).toFixed(0)} ms`);
  assert.ok(agent.isRunning);
  assert.ok(resident <= maxResidentMebibytes, `RSS ${resident} MiB`);
  // Others use this machine, too: one poll may be late by their doing, not most of them.
  const [median = 0] = health.toSorted((a, b) => a - b).slice(health.length / 2);
  assert.ok(median < maxHealthMillis, `/healthz took ${median} ms`);
  assert.equal(metrics.all('container_cpu_time_seconds_total').length >= goodContainers, true);
  assert.equal(metrics.sum('tidegauge_probe_errors_total', runtime), 0);
  await judge({ agent, good: engine.url, hostile: hostile.url, metrics, asked: hostile.asked });
}

async function healthMillis(agent: AgentProcess): Promise<number> {
  const start = performance.now();
  const response = await fetch(new URL('/healthz', agent.metricsUrl));
  await response.text();
  return performance.now() - start;
}

function maxResident(pid: number): number {
  const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kibibytes) / 1024;
}
