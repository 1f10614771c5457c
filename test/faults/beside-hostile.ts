import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Misbehave } from '../support/fakes/hostile-engine.ts';
import { startHostileEngine } from '../support/fakes/hostile-engine.ts';
import type { AgentProcess } from '../support/real/agent-process.ts';
import { startSimulatedProcess } from '../support/real/simulated-process.ts';
import type { Exposition } from '../support/wire/exposition.ts';
import { assertWithinBounds, startAttacked, watchHealth } from './attacked-agent.ts';

const goodContainers = 20;
const probes = 4;

/** An agent that measured a good engine and a hostile one, after some probes of both. */
export interface BesideHostile {
  readonly agent: AgentProcess;
  readonly hostile: string;
  readonly metrics: Exposition;
}

/**
 * Runs an agent beside a hostile engine until the good one was probed so often again, and expects that it stays within
 * its bounds, and that the good engine's values are all there and fresh.
 */
export async function besideHostile(
  t: TestContext,
  misbehave: Misbehave,
  judge: (result: BesideHostile) => void | Promise<void>,
): Promise<void> {
  await using engine = await startSimulatedProcess('--scenario', 'none', '--containers', `${goodContainers}`);
  await using hostile = await startHostileEngine(misbehave);
  const urls = [engine, hostile].map(({ url }) => `--docker-url=${url}`);
  await using agent = await startAttacked([...urls, '--exporter=prometheus', '--interval=1s']);
  const runtime = { container_runtime_endpoint: engine.url };
  const probed = (at: Exposition): number => at.sum('tidegauge_probe_duration_seconds_count', runtime);
  const enough = probed(await agent.metrics()) + probes;
  const probing = agent.waitForMetrics(`${probes} probes`, (at) => probed(at) >= enough);
  const health = await watchHealth(agent, probing);
  const metrics = await probing;
  assertWithinBounds(t, agent, health);
  const measured = metrics.all('container_cpu_time_seconds_total').length;
  assert.ok(
    measured >= goodContainers,
    `${measured} series of CPU time, ${goodContainers} expected at least`,
  );
  assert.equal(metrics.sum('tidegauge_probe_errors_total', runtime), 0);
  await judge({ agent, hostile: hostile.url, metrics });
}

/** Expects that a counter reached a number. */
export function assertCounted(
  metrics: Exposition,
  name: string,
  labels: Readonly<Record<string, string>>,
  minimum = 1,
): void {
  const counted = metrics.sum(name, labels);
  assert.ok(
    counted >= minimum,
    `${name} ${JSON.stringify(labels)} is ${counted}, at least ${minimum} expected`,
  );
}
