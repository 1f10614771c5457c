import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { wholeCatalogue } from '../../src/metrics/catalogue.ts';
import { passes } from '../support/assert/fresh-reading.ts';
import { RecordingProxy } from '../support/fakes/recording-proxy.ts';
import { startAgent, type AgentProcess } from '../support/real/agent-process.ts';
import { skipUnless } from '../support/real/component.ts';
import { startEngine, type RealEngine } from '../support/real/real-engine.ts';
import { engineVersions } from '../support/real/scene.ts';
import type { Exposition, Series } from '../support/wire/exposition.ts';

/** A file that a container's command makes when ready. */
const readyMark = '/ready';
const ready = `: >${readyMark}; exec sleep 1000`;

const specs = {
  memory: {
    options: ['--memory=64m', '--shm-size=32m', '--pids-limit=50'],
    command: `head -c 20971520 /dev/zero >/dev/shm/held; ${ready}`,
  },
  quota: { options: ['--cpus=0.2'], command: `: >${readyMark}; while :; do :; done` },
  writer: { options: [], command: `head -c 4194304 /dev/zero >/held; sync; ${ready}` },
  alone: { options: ['--network=none'], command: `sleep 1000 & ${ready}` },
} as const;

/** Values of the host, of the moment, and of events, which the runtime remembers for containers that it knows. */
const moving = /uptime|cpu_usage_system|cpu_utilization|cpu_percent|container_cpu_usage$|_events_total/;

/** The runtime leaves out `shmem` of cgroup v1, so what that holds is page cache there. */
function isPageCache({ labels }: Series): boolean {
  return labels['container_memory_linux_type'] === 'page_cache';
}

for (const version of engineVersions) {
  suite(`usage by the kernel’s files beside ${version}`, { skip: skipUnless(`engine-${version}`) }, () => {
    const stack = new AsyncDisposableStack();
    let runtime: RealEngine;
    let proxy: RecordingProxy;
    let byKernel: AgentProcess;
    let byRuntime: AgentProcess;

    before(async () => {
      runtime = stack.use(await startEngine(version, { bridge: true }));
      for (const [name, { options, command }] of Object.entries(specs))
        await runtime.run(name, options, command);
      for (const name of Object.keys(specs)) await runtime.untilFile(name, readyMark);
      // What is paused does not change between two readings.
      await runtime.pause(...Object.keys(specs));
      proxy = stack.use(await RecordingProxy.start(runtime.socket));
      byKernel = stack.use(await startPaused(proxy.url, 'cgroup'));
      byRuntime = stack.use(await startPaused(runtime.url, 'runtime'));
    });
    after(() => stack.disposeAsync());

    test('every series that the runtime gives is there, with the same value', async () => {
      const take = async () => differencesOf(await byKernel.metrics(), await byRuntime.metrics());
      // The kernel may charge a page to a container at any moment, be it paused.
      await passes(await take(), take, (differences) => assert.deepEqual(differences, []));
    });

    test('the runtime is asked for no usage, and neither for a list nor for inspections in each round', async () => {
      const asked = (path: string) => proxy.requests.get(path) ?? 0;
      const paths = ['/containers/json', '/containers/ID/json'];
      const count = Object.keys(specs).length;
      const [lists = 0, inspections = 0] = paths.map(asked);
      assert.ok(inspections >= count, 'each was inspected once');
      for (let round = 0; round < 5; round += 1) await byKernel.afterNextProbe();
      assert.equal(asked('/containers/ID/stats'), 0);
      // Once a minute there is a list, after which those that began shortly before are inspected again.
      assert.ok(asked('/containers/json') - lists <= 1);
      assert.ok(asked('/containers/ID/json') - inspections <= count);
    });
  });
}

async function startPaused(url: string, source: string): Promise<AgentProcess> {
  const all = wholeCatalogue(['docker_stats', 'semconv']).containers.map(({ name }) => name);
  const agent = await startAgent({
    args: [
      `--docker-url=${url}`,
      `--usage-source=${source}`,
      '--exporter=prometheus',
      '--interval=2s',
      '--min-probe-interval=0',
      '--profile=docker_stats,semconv',
      `--metric=${all.join()}`,
    ],
  });
  await agent.untilReady();
  await agent.afterNextProbe();
  return agent;
}

function differencesOf(kernel: Exposition, runtime: Exposition): readonly string[] {
  // The kernel has names of devices, the runtime their numbers.
  const key = ({ name, labels: { system_device: _device, ...labels } }: Series): string =>
    `${name} ${JSON.stringify(labels)}`;
  const byKey = new Map(kernel.series.map((each) => [key(each), each.value]));
  return runtime.series.flatMap((each) => {
    const value = byKey.get(key(each));
    const isUsage = each.labels['container_name'] !== undefined && !moving.test(each.name);
    if (!isUsage || value === each.value || isPageCache(each)) return [];
    return [`${key(each)}: ${value} by the kernel, ${each.value} by the runtime`];
  });
}
