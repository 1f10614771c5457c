import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnTidegauge } from './agents/tidegauge.ts';
import type { BenchOptions } from './options.ts';
import type { Step } from './plan.ts';
import { cpuSeconds } from './processes.ts';
import type { RuntimeUnderTest } from './runtimes.ts';
import { scrape } from './scrape.ts';

const starts = 5;

/** Time and CPU seconds from the start of the process to its first page that shows every container's memory and uptime, several times. */
export async function measureStarts(
  runtime: RuntimeUnderTest,
  step: Step,
  options: BenchOptions,
): Promise<{ readonly startSeconds: readonly number[]; readonly startCpuSeconds: readonly number[] }> {
  const [startSeconds, startCpuSeconds]: [number[], number[]] = [[], []];
  const agentFlags = ['--usage-source=cgroup', ...options.agentFlags];
  for (let start = 0; start < starts; start += 1) {
    const directory = await mkdtemp(join(tmpdir(), 'tidegauge-bench-'));
    const agent = await spawnTidegauge(runtime, step, { ...options, agentFlags }, directory);
    const began = performance.now() - (agent.readyMillis ?? 0);
    try {
      while (!isComplete((await scrape(agent.metricsUrl)).text, runtime.containers));
      startSeconds.push((performance.now() - began) / 1000);
      startCpuSeconds.push(cpuSeconds(agent.pid));
    } finally {
      await agent[Symbol.asyncDispose]();
      await rm(directory, { recursive: true });
    }
  }
  return { startSeconds, startCpuSeconds };
}

function isComplete(page: string, containers: number): boolean {
  const counted = (name: string): number => new Set(page.match(new RegExp(`^${name}\\{[^}]*`, 'gm'))).size;
  return (
    counted('container_uptime_seconds') === containers &&
    counted('container_memory_usage_bytes') === containers
  );
}
