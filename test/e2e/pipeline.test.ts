import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { waitUntil } from '../support/real/daemon.ts';
import type { OtlpRequest } from '../support/real/collector.ts';
import {
  agentValue,
  containerPoints,
  pointsNamed,
  pointsOf,
  type Point,
} from '../support/wire/otlp-points.ts';
import { startPrometheus, type Prometheus, type PrometheusSeries } from '../support/real/prometheus.ts';
import type { RealEngine } from '../support/real/real-engine.ts';
import type { StatsAnswer } from '../support/fakes/recording-proxy.ts';
import { engineVersions, skipWithoutScene, startScene, type Scene } from '../support/real/scene.ts';

const mib = 2 ** 20;
const twins = ['twin-a', 'twin-b'];
/** A quota is kept over many of the kernel's periods, not within each; and clocks are read a little too early or late. */
const quotaSeconds = 10;
/** Good scrapes that a rate is taken over. */
const scrapeCount = 7;

suite('pipeline', { concurrency: true, skip: skipWithoutScene }, () => {
  for (const version of engineVersions) suite(version, { concurrency: true }, () => pipelineOf(version));
});

function pipelineOf(version: (typeof engineVersions)[number]): void {
  let scene: Scene;
  let prometheus: Prometheus;

  before(async () => {
    scene = await startScene(version, ['--interval=1s'], runContainers);
    prometheus = await startPrometheus({ targets: [scene.agent.metricsUrl, scene.collector.prometheusUrl] });
  });
  after(async () => {
    await prometheus[Symbol.asyncDispose]();
    await scene[Symbol.asyncDispose]();
  });

  test('the Collector gets the figures of a container under its own resource', async () => {
    const { runtime, collector } = scene;
    const requests = await collector.waitForExport((all) => cpuTimeIn(all).seconds >= quotaSeconds);
    const request = requests.at(-1) ?? {};
    const value = (name: string): number | undefined => pointsNamed(request, 'quota', name)[0]?.value;
    assert.equal(value('container.cpu.limit.current'), 0.2);
    assert.equal(value('container.memory.limit.current'), 64 * mib);
    assert.ok((value('container.cpu.usage') ?? NaN) >= 0);
    const { used, seconds } = cpuTimeIn(requests);
    assert.ok(used > 0 && used / seconds < 0.26, `${used} s of CPU time in ${seconds} s with 0.2 CPUs`);
    const held = pointsNamed(request, 'held', 'container.memory.working_set')[0]?.value ?? NaN;
    assert.ok(held >= 20 * mib && held < 24 * mib, `${held} bytes of 20 MiB`);
    assert.partialDeepStrictEqual(containerPoints(request, 'quota')[0]?.resource, {
      'container.id': await runtime.docker('inspect', '--format={{.Id}}', 'quota'),
      'container.image.name': 'bb',
      'container.image.tags': ['1'],
      'container.runtime.name': 'docker',
      'host.name': await runtime.docker('info', '--format={{.Name}}'),
    });
  });

  test('no container stands under the identity of the agent, and the agent has its own', async () => {
    const requests = await scene.collector.waitForExport();
    const points = requests.flatMap(pointsOf);
    const ofContainers = points.filter(({ name }) => name.startsWith('container.'));
    assert.ok(ofContainers.length > 0);
    for (const { resource } of ofContainers) assert.equal(resource['service.name'], undefined);
    const own = points.find(({ name }) => name === 'tidegauge.build.info');
    assert.equal(own?.resource['service.name'], 'tidegauge');
    assert.equal(agentValue(requests.at(-1) ?? {}, 'tidegauge.runtime.up'), 1);
  });

  test("two equal containers stay two series on the Collector's Prometheus page", async () => {
    const selector = 'container_memory_working_set_bytes{job="target-1",container_name=~"twin-.*"}';
    const series = await prometheus.waitFor(selector, ({ length }) => length >= twins.length);
    assert.deepEqual(namesIn(series), twins);
    const ids = series.map(({ metric }) => metric['container_id']);
    assert.equal(new Set(ids).size, 2);
    const shown = await scene.agent.metrics();
    for (const { metric } of series) {
      const direct = shown.all('container_memory_working_set_bytes', {
        container_name: metric['container_name'] ?? '',
      });
      assert.equal(direct[0]?.labels['container_id'], metric['container_id']);
    }
  });

  test('Prometheus scrapes the agent, and a rate of CPU time is what the container used', async () => {
    const scrapes = 'sum_over_time(up{job="target-0"}[15m])';
    const [counted] = await prometheus.waitFor(scrapes);
    const before = await cpuTimeOf(scene.runtime, 'quota');
    const enough = (counted?.value ?? 0) + scrapeCount;
    await prometheus.waitFor(scrapes, ([count]) => (count?.value ?? 0) >= enough, 300_000);
    const after = await cpuTimeOf(scene.runtime, 'quota');
    // Over the very time between the test's own readings.
    const range = `[${after.at - before.at}ms] @ ${after.at / 1000}`;
    const rate = `sum by (container_name) (rate(container_cpu_time_seconds_total{job="target-0"}${range}))`;
    const rates = new Map(
      (await prometheus.query(rate)).map(({ metric, value }) => [metric['container_name'], value]),
    );
    const expected = (after.seconds - before.seconds) / ((after.at - before.at) / 1000);
    const quota = rates.get('quota') ?? NaN;
    assert.ok(Math.abs(quota - expected) < 0.07, `${quota} CPUs beside ${expected}`);
    assert.ok((rates.get('held') ?? NaN) < 0.05, `${rates.get('held')} CPUs of an idle container`);
    // A target that one scrape missed is up after the next.
    await waitUntil('all targets to be up', async () => {
      const targets = await prometheus.targets();
      return targets.every(({ health }) => health === 'up') || undefined;
    });
    const everybody = ['held', 'quota', ...twins];
    const info = 'count by (container_name) (container_info{job="target-0"})';
    const known = await prometheus.waitFor(info, ({ length }) => length >= everybody.length);
    assert.deepEqual(namesIn(known), everybody);
  });
}

function namesIn(series: readonly PrometheusSeries[]): readonly string[] {
  const names = series.map(({ metric }) => metric['container_name'] ?? '');
  return names.toSorted((a, b) => (a < b ? -1 : 1));
}

async function runContainers(runtime: RealEngine): Promise<void> {
  await runtime.run('quota', ['--cpus=0.2', '--memory=64m'], 'while :; do :; done');
  const hold = 'head -c 20971520 /dev/zero >/dev/shm/held; : >/ready; exec sleep 1000';
  await runtime.run('held', ['--shm-size=32m'], hold);
  for (const twin of twins) await runtime.run(twin, [], 'exec sleep 1000');
  await runtime.untilFile('held', '/ready');
}

/** CPU time of `quota` between the first and the last export, by the times of the points themselves. */
function cpuTimeIn(requests: readonly OtlpRequest[]): { used: number; seconds: number } {
  const exported = requests.map((request) => pointsNamed(request, 'quota', 'container.cpu.time'));
  const [first, last] = [exported.find(({ length }) => length > 0) ?? [], exported.at(-1) ?? []];
  const total = (points: readonly Point[]): number => points.reduce((sum, { value }) => sum + value, 0);
  const [began, ended] = [first[0]?.nanos ?? 0n, last[0]?.nanos ?? 0n];
  return { used: total(last) - total(first), seconds: Number(ended - began) / 1e9 };
}

/** The kernel's own count, through the runtime. */
async function cpuTimeOf(runtime: RealEngine, name: string): Promise<{ at: number; seconds: number }> {
  const answer = (await runtime.get(`/containers/${name}/stats?stream=false&one-shot=true`)) as StatsAnswer;
  return { at: Date.parse(answer.read), seconds: answer.cpu_stats.cpu_usage.total_usage / 1e9 };
}
