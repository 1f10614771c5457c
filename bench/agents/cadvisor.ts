import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { VersionedRuntime } from '../../test/support/fakes/versioned-runtime.ts';
import { buildCadvisor, Cadvisor } from '../../test/support/real/cadvisor.ts';
import { componentPath } from '../../test/support/real/component.ts';
import { offByDefault } from '../../src/cli/cadvisor-flags.ts';
import type { Step } from '../plan.ts';
import type { RuntimeUnderTest } from '../runtimes.ts';
import type { RunningAgent } from './running-agent.ts';

/** Starts cAdvisor with its default metrics, which measures at the interval. */
export async function startCadvisor(
  runtime: RuntimeUnderTest,
  { intervalSeconds }: Step,
): Promise<RunningAgent> {
  await buildCadvisor();
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'tidegauge-bench-'));
  stack.defer(() => rm(directory, { recursive: true }));
  const versioned = runtime.name === 'current' ? stack.use(await startVersioned(runtime)) : undefined;
  const cadvisor = stack.use(
    await Cadvisor.start({
      url: versioned?.url ?? `unix://${runtime.socket}`,
      directory,
      housekeepingSeconds: intervalSeconds,
      // The host's own cgroup has series for each overlay mount, so also for those of other engines.
      flags: [`-disable_metrics=${offByDefault.join(',')}`, '-disable_root_cgroup_stats'],
    }),
  );
  const all = stack.move();
  return {
    pid: cadvisor.pid,
    metricsUrl: cadvisor.url,
    anchor: performance.now(),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** The current engine was built from its module and has no version, without which cAdvisor reads no container. */
async function startVersioned({ socket }: RuntimeUnderTest): Promise<VersionedRuntime> {
  const version = basename(componentPath('engine-current')).replace('dockerd-', '');
  return await VersionedRuntime.start({ directory: dirname(socket), socket }, version);
}
