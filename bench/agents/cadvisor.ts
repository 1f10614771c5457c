import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildCadvisor, Cadvisor } from '../../test/support/real/cadvisor.ts';
import type { Step } from '../plan.ts';
import type { RuntimeUnderTest } from '../runtimes.ts';
import type { RunningAgent } from './running-agent.ts';

/** What cAdvisor's own program leaves out by default (its flag `--disable_metrics`). */
const offByDefault = [
  'advtcp',
  'cpu_topology',
  'cpuset',
  'hugetlb',
  'memory_numa',
  'process',
  'referenced_memory',
  'resctrl',
  'sched',
  'tcp',
  'udp',
] as const;

/** Starts cAdvisor with its default metrics, which measures at the interval. */
export async function startCadvisor(
  runtime: RuntimeUnderTest,
  { intervalSeconds }: Step,
): Promise<RunningAgent> {
  await buildCadvisor();
  const directory = await mkdtemp(join(tmpdir(), 'tidegauge-bench-'));
  const cadvisor = await Cadvisor.start({
    url: `unix://${runtime.socket}`,
    directory,
    housekeepingSeconds: intervalSeconds,
    disabled: offByDefault,
  });
  return {
    pid: cadvisor.pid,
    metricsUrl: cadvisor.url,
    anchor: performance.now(),
    [Symbol.asyncDispose]: async () => {
      await cadvisor[Symbol.asyncDispose]();
      await rm(directory, { recursive: true });
    },
  };
}
