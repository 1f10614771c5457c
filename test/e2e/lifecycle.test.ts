import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { startAgent } from '../support/real/agent-process.ts';
import { waitUntil } from '../support/real/daemon.ts';
import type { OtlpRequest } from '../support/real/collector.ts';
import type { Exposition, Series } from '../support/wire/exposition.ts';
import { passes } from '../support/assert/fresh-reading.ts';
import { engineVersions, skipWithoutScene, startScene, type Scene } from '../support/real/scene.ts';
import {
  agentValue,
  containerPoints,
  pointsNamed,
  pointsOf,
  type Point,
} from '../support/wire/otlp-points.ts';
import { prometheusSeries } from '../support/wire/prometheus-series.ts';

const cpuFamily = 'container_cpu_time_seconds_total';
/** What is in use, and so gone at the end. */
const inUse = ['container_memory_usage_bytes', 'container_pids_current'];
const usageFamilies = ['container_memory_usage_bytes', cpuFamily, 'container_pids_current'];

suite('lifecycle', { concurrency: true, skip: skipWithoutScene }, () => {
  for (const version of engineVersions) suite(version, { concurrency: true }, () => lifecycleOf(version));
});

function lifecycleOf(version: (typeof engineVersions)[number]): void {
  let scene: Scene;

  before(async () => {
    const args = ['--interval=1s', '--min-probe-interval=500ms'];
    scene = await startScene(version, args, undefined, { bridge: true });
  });
  after(() => scene[Symbol.asyncDispose]());

  test('a removed container is gone from /metrics and from the next export', async () => {
    const { runtime, agent, collector } = scene;
    await runtime.run('removed', [], 'exec sleep 1000');
    await agent.waitForMetrics('the container', (shown) => shown.of('removed').length > 0);
    await collector.waitForExport((requests) => requests.some((each) => isIn(each, 'removed')));
    await runtime.docker('rm', '--force', 'removed');
    const shown = await agent.afterNextProbe();
    assert.deepEqual(shown.of('removed'), []);
    // Requests that were collected before may arrive at any time.
    const now = BigInt(Date.now()) * 1_000_000n;
    const isLater = (request: OtlpRequest): boolean => collectedAt(request) >= now;
    const requests = await collector.waitForExport((all) => all.filter(isLater).length >= 2);
    for (const request of requests.filter(isLater)) {
      assert.ok(agentValue(request, 'tidegauge.runtime.up') === 1);
      assert.ok(!isIn(request, 'removed'));
    }
  });

  test('a restarted container starts its counters again, with the new start time', async () => {
    const { runtime, agent, collector } = scene;
    const burn = 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; touch /burnt';
    await runtime.run('restarted', [], `[ -e /burnt ] || { ${burn}; }; exec sleep 1000`);
    await runtime.docker('exec', 'restarted', 'sh', '-c', 'until [ -e /burnt ]; do usleep 10000; done');
    const oldStart = await startedAt(scene, 'restarted');
    const labels = { container_name: 'restarted' };
    const cpu = 'container_cpu_time_seconds_total';
    const older = await agent.afterNextProbe();
    await collector.waitForExport((requests) => requests.some((each) => startsIn(each).includes(oldStart)));
    await runtime.docker('restart', 'restarted');
    const newStart = await startedAt(scene, 'restarted');
    assert.notEqual(oldStart, newStart);
    const newer = await agent.afterNextProbe();
    assert.ok(newer.sum(cpu, labels) < older.sum(cpu, labels));
    assert.equal(older.value('container_start_time_seconds', labels), oldStart / 1000);
    assert.equal(newer.value('container_start_time_seconds', labels), newStart / 1000);
    const requests = await collector.waitForExport((all) => startsIn(all.at(-1)).includes(newStart));
    const starts = requests.flatMap((request) => startsIn(request));
    assert.deepEqual([...new Set(starts)], [oldStart, newStart]);
    assertNoFallWithinOneStart(requests.flatMap((request) => containerPoints(request, 'restarted')));
  });

  test('a network that a container shares is counted at its owner alone, and outlives restarts of the other', async () => {
    const { runtime, agent, collector } = scene;
    await runtime.run('sandbox', [], 'exec sleep 1000');
    await runtime.run('joined', ['--network=container:sandbox'], 'exec sleep 1000');
    const owner = (await runtime.docker('inspect', '--format={{.Id}}', 'sandbox')).trim();
    const networkStart = await startedAt(scene, 'sandbox');
    const [io, cpu] = ['container.network.io', 'container.cpu.time'];
    const isShown = (cpuStart: number) => (all: readonly OtlpRequest[]) =>
      startsIn(all.at(-1), 'joined', cpu).includes(cpuStart) &&
      startsIn(all.at(-1), 'sandbox', io).length > 0;
    await collector.waitForExport(isShown(await startedAt(scene, 'joined')));
    await runtime.docker('restart', 'joined');
    const requests = await collector.waitForExport(isShown(await startedAt(scene, 'joined')));
    const startsOf = (name: string) => requests.flatMap((request) => startsIn(request, name, io));
    assert.deepEqual([...new Set(startsOf('sandbox'))], [networkStart]);
    assert.deepEqual(startsOf('joined'), []);
    for (const name of ['sandbox', 'joined'])
      assertNoFallWithinOneStart(requests.flatMap((request) => containerPoints(request, name)));
    const shown = await agent.afterNextProbe();
    const labels = { container_name: 'joined', container_network_owner_id: owner };
    assert.equal(shown.value('container_info', labels), 1);
    // Without the network runtimes report no usage of a container, although it runs on; the kernel does.
    await runtime.docker('rm', '--force', 'sandbox');
    const ofRuntime = [
      '--usage-source=runtime',
      '--exporter=prometheus',
      '--interval=1s',
      '--min-probe-interval=500ms',
    ];
    const args = [`--docker-url=${runtime.url}`, ...ofRuntime];
    await using byRuntime = await startAgent({ args });
    const noUsage = { reason: 'no-usage' };
    await byRuntime.waitForMetrics(
      'the reason',
      (found) => found.value('tidegauge_metrics_missing', noUsage) === 1,
    );
    await agent.afterNextProbe();
    const byKernel = await agent.afterNextProbe();
    assert.equal(byKernel.value('tidegauge_metrics_missing', noUsage) ?? 0, 0);
    assert.ok(byKernel.value('container_memory_usage_bytes', { container_name: 'joined' }));
  });

  test('a paused container keeps its figures, which stand still', async () => {
    const { runtime, agent } = scene;
    await runtime.run('paused', [], 'while :; do :; done');
    await agent.waitForMetrics(
      'use',
      (shown) => shown.sum(usageFamilies[1] ?? '', { container_name: 'paused' }) > 0,
    );
    // On a loaded machine runc may not get a busy process frozen in the time that it gives itself.
    await waitUntil('a pause', async () => {
      await runtime.docker('pause', 'paused').catch(() => undefined);
      // A pause that failed half-way may have paused all the same, and is refused from then on.
      const isPaused = await runtime.docker('inspect', '--format={{.State.Paused}}', 'paused');
      return isPaused === 'true' || undefined;
    });
    const usage = (shown: Exposition): Series[] =>
      usageFamilies.flatMap((name) => shown.all(name, { container_name: 'paused' }));
    let older = await agent.afterNextProbe();
    let newer = await agent.afterNextProbe();
    // The kernel still charges it with a page now and then; a running container's usage would differ at every
    // reading.
    const again = async (): Promise<void> => {
      [older, newer] = [newer, await agent.afterNextProbe()];
    };
    await passes(undefined, again, () => assert.deepEqual(usage(newer), usage(older)));
    assert.equal(newer.state('paused'), 'paused');
    assert.deepEqual([...new Set(usage(newer).map(({ name }) => name))], usageFamilies);
    await runtime.docker('unpause', 'paused');
    assert.equal((await agent.afterNextProbe()).state('paused'), 'running');
    await runtime.docker('rm', '--force', 'paused');
  });

  test('a killed container keeps identity, state and what it had used, and has an exit code instead of what is in use', async () => {
    const { runtime, agent, collector } = scene;
    await runtime.run('killed', [], 'exec sleep 1000');
    const alive = await agent.waitForMetrics(
      'use',
      (seen) => seen.all(usageFamilies[0] ?? '', named).length > 0,
    );
    assert.equal(alive.value('container_exit_code', named), undefined);
    await runtime.docker('kill', 'killed');
    const shown = await agent.afterNextProbe();
    assert.equal(shown.state('killed'), 'exited');
    assert.equal(shown.value('container_exit_code', named), 137);
    assert.equal(shown.value('container_oom_killed', named), 0);
    assert.equal(shown.value('container_info', named), 1);
    for (const name of inUse) assert.deepEqual(shown.all(name, named), []);
    assert.ok(shown.sum(cpuFamily, named) >= alive.sum(cpuFamily, named));
    const requests = await collector.waitForExport(
      (all) => pointsNamed(all.at(-1) ?? {}, 'killed', 'container.exit_code').length > 0,
    );
    assert.deepEqual(pointsNamed(requests.at(-1) ?? {}, 'killed', 'container.memory.usage'), []);
  });

  test('a container that the kernel killed for want of memory says so', async () => {
    const { runtime, agent } = scene;
    // The shell outlives what is killed: a runtime misses the kernel's word when the cgroup goes too soon after.
    const script = 'tail /dev/zero; code=$?; until [ -e /told ]; do sleep 0.1; done; exit $code';
    const id = await runtime.run('starved', ['--memory=64m', '--memory-swap=64m'], script);
    const word = ['events', '--since=0', `--filter=container=${id}`, '--filter=event=oom'];
    await waitUntil('the word', async () => {
      const until = `--until=${(Date.now() / 1000).toFixed(3)}`;
      return (await runtime.docker(...word, until)) !== '';
    });
    const starved = { container_name: 'starved' };
    const alive = await agent.afterNextProbe();
    const kills = 'container_memory_oom_kills_total';
    assert.deepEqual([alive.state('starved'), alive.value(kills, starved)], ['running', 1]);
    await runtime.docker('exec', id, 'touch', '/told');
    await runtime.docker('wait', id);
    const shown = await agent.afterNextProbe();
    assert.equal(shown.value('container_oom_killed', starved), 1);
    assert.equal(shown.value('container_exit_code', starved), 137);
    assert.equal(shown.value(kills, starved), 1);
  });

  test('restarts by the restart policy are counted', async () => {
    const { runtime, agent } = scene;
    await runtime.run('crashing', ['--restart=on-failure:2'], 'exit 3');
    const crashing = { container_name: 'crashing' };
    const shown = await agent.waitForMetrics('two restarts', (seen) => {
      return seen.state('crashing') === 'exited' && seen.value('container_restarts_current', crashing) === 2;
    });
    assert.equal(shown.value('container_exit_code', crashing), 3);
  });

  test('a container that never started has a state and nothing else that ends or begins', async () => {
    const { runtime, agent } = scene;
    await runtime.docker('create', '--network=none', '--name=created', 'bb:1', 'true');
    const shown = await agent.afterNextProbe();
    assert.equal(shown.state('created'), 'created');
    for (const name of ['container_start_time_seconds', 'container_exit_code', 'container_uptime_seconds'])
      assert.equal(shown.value(name, { container_name: 'created' }), undefined, name);
  });

  test('both readers read the same values of one probe', async () => {
    const { agent, collector, runtime } = scene;
    await runtime.run('read', ['--cpus=0.5', '--memory=32m'], 'while :; do :; done');
    await agent.waitForMetrics('a rate', (shown) => {
      return shown.value('container_cpu_usage', { container_name: 'read' }) !== undefined;
    });
    // An extra probe that its start caused is over by then.
    await agent.afterNextProbe();
    const probeTime = 'tidegauge_probe_last_success_time_seconds';
    // Not every probe is seen by both, as other readers may probe in between.
    const attempt = async (): Promise<{ shown: Exposition; exported: Point[] } | undefined> => {
      const shown = await agent.metrics();
      const arrived = (await collector.fileExport()).length;
      const requests = await collector.waitForExport(({ length }) => length >= arrived + 2);
      const same = requests.find(
        (each) => agentValue(each, 'tidegauge.probe.last_success_time') === shown.value(probeTime),
      );
      return same && { shown, exported: containerPoints(same, 'read') };
    };
    const { shown, exported } = await waitUntil('a probe that both have seen', attempt, 300_000);
    assert.ok(exported.length > 20);
    assert.deepEqual(sorted(exported.map(prometheusSeries)), sorted(shown.of('read')));
  });

  const named = { container_name: 'killed' };
}

/** Starts of a container's counters in a request, in milliseconds since the epoch. */
function startsIn(
  request: OtlpRequest | undefined,
  name = 'restarted',
  metric = 'container.cpu.time',
): number[] {
  const points = request ? pointsNamed(request, name, metric) : [];
  return points.map(({ startNanos }) => Math.round(Number(startNanos / 1000n) / 1000));
}

async function startedAt({ runtime }: Scene, name: string): Promise<number> {
  return Date.parse(await runtime.docker('inspect', '--format={{.State.StartedAt}}', name));
}

/** Time of collection in nanoseconds: metrics of the runtime are stamped with it. */
function collectedAt(request: OtlpRequest): bigint {
  return pointsOf(request).find(({ name }) => name === 'tidegauge.runtime.up')?.nanos ?? 0n;
}

function isIn(request: OtlpRequest, name: string): boolean {
  return pointsOf(request).some(({ resource }) => resource['container.name'] === name);
}

function assertNoFallWithinOneStart(points: readonly Point[]): void {
  const highest = new Map<string, number>();
  for (const { name, kind, attributes, startNanos, value } of points) {
    if (kind !== 'counter') continue;
    const key = JSON.stringify([name, attributes, String(startNanos)]);
    assert.ok(value >= (highest.get(key) ?? 0), `${key} fell`);
    highest.set(key, value);
  }
}

function sorted<T>(items: readonly T[]): T[] {
  return items.toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));
}
