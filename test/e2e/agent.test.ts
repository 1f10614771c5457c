import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { RequestCounts } from '../../src/simulator/server/request-counters.ts';
import { waitUntil } from '../support/real/daemon.ts';
import { runTidegauge, startAgent, type AgentProcess } from '../support/real/agent-process.ts';
import { startCollector, type OtlpRequest } from '../support/real/collector.ts';
import { skipUnless } from '../support/real/component.ts';
import { pointsNamed } from '../support/wire/otlp-points.ts';
import { OtlpSink } from '../support/fakes/otlp-sink.ts';
import { parseOpenMetrics, parsePrometheusText, type ParsedFamily } from '../support/real/python.ts';
import { startEngine, type RealEngine } from '../support/real/real-engine.ts';
import { engineVersions, skipWithoutScene } from '../support/real/scene.ts';
import { startSimulatedProcess, type SimulatedProcess } from '../support/real/simulated-process.ts';

const scraperCount = 20;
const containerCount = 5;
const intervalMillis = 5000;
/** Longer than the interval: each probe meets a push. */
const probeMillis = 6000;
/** Counted from the end of a probe. */
const minProbeMillis = 3000;

suite('tidegauge once', { concurrency: true, skip: skipWithoutScene || skipUnless('python') }, () => {
  for (const version of engineVersions) {
    test(`prints one probe of ${version} in every format`, async () => {
      await using runtime = await startEngine(version);
      await runtime.run('web', ['--memory=64m'], 'exec sleep 1000');
      const [table, json, text, openMetrics, otlp] = await Promise.all(
        ['table', 'json', 'prometheus', 'openmetrics', 'otlp-json'].map((format) => once(runtime, format)),
      );
      assert.match(table ?? '', /^.*NAME.*\n.*\bweb\b.*\b64 ?MiB\b/);
      assert.partialDeepStrictEqual(JSON.parse(json ?? ''), [
        {
          attributes: { 'container.name': 'web' },
          metrics: { 'container.memory.limit.current': { points: [{ value: 64 * 2 ** 20 }] } },
        },
      ]);
      for (const families of [
        await parsePrometheusText(text ?? ''),
        await parseOpenMetrics(openMetrics ?? ''),
      ])
        assert.equal(limitOf(families), 64 * 2 ** 20);
      const request: OtlpRequest = JSON.parse(otlp ?? '');
      const [limit] = pointsNamed(request, 'web', 'container.memory.limit.current');
      assert.equal(limit?.value, 64 * 2 ** 20);
      assert.equal(pointsNamed(request, 'web', 'container.cpu.usage').length, 1, 'two samples give a rate');
    });
  }

  test('says on standard error why the runtime cannot be reached, and exits with 1', async () => {
    const url = 'unix:///nowhere/docker.sock';
    const { exitCode, stderr } = await runTidegauge({ args: ['once', `--docker-url=${url}`] });
    assert.equal(exitCode, 1);
    assert.match(stderr, /\/nowhere\/docker\.sock/);
  });
});

suite('check and run', { concurrency: true }, () => {
  for (const protocol of ['http/protobuf', 'http/json'])
    test(`the Collector takes the empty export of ${protocol}`, { skip: skipWithoutScene }, async () => {
      await using runtime = await startSimulatedProcess();
      await using collector = await startCollector();
      const where = [`--docker-url=${runtime.url}`, `--otlp-endpoint=${collector.otlpUrl}`];
      const { exitCode, stdout } = await runTidegauge({
        args: ['check', ...where, `--otlp-protocol=${protocol}`],
      });
      assert.equal(exitCode, 0, stdout);
      assert.match(stdout, /^ok {3}collector .*: takes exports$/m);
    });

  test('20 scrapers at once and the push cost one probe', async () => {
    const arrangement = ['--scenario=none', `--containers=${containerCount}`, `--stats-delay=${probeMillis}`];
    await using runtime = await startSimulatedProcess(...arrangement);
    await using sink = await OtlpSink.start();
    await using agent = await startAgent({
      args: [
        `--docker-url=${runtime.url}`,
        `--otlp-endpoint=${sink.url}`,
        `--interval=${intervalMillis}ms`,
        `--min-probe-interval=${minProbeMillis}ms`,
      ],
    });
    await agent.untilReady();
    for (let burst = 0; burst < 2; burst += 1) {
      const { endedAt, before } = await lastProbe(agent, runtime);
      const staleAt = endedAt + minProbeMillis;
      const scrape = (): Promise<unknown> =>
        Promise.all(Array.from({ length: scraperCount }, () => agent.metrics()));
      const early = scrape();
      await waitUntil('a stale probe', async () => {
        const { stats } = await runtime.requests();
        if (Date.now() >= staleAt) return true;
        assert.equal(stats, before.stats, 'a young probe is shared');
        return undefined;
      });
      await early;
      const pushes = sink.requests.length;
      await waitUntil('a burst that probes', async () => {
        await scrape();
        // The first of them may still find the last probe young, by a hair.
        return (await runtime.requests()).stats > before.stats || undefined;
      });
      await sink.waitFor(pushes + 1);
      const after = await runtime.requests();
      // A probe samples each container once; changes that came as events need no list.
      const probes = (after.stats - before.stats) / containerCount;
      // None but the one, unless the machine took so long that the next were due.
      const due = Math.floor((Date.now() - staleAt) / (probeMillis + minProbeMillis));
      assert.ok(
        probes <= 1 + due,
        `${probes} probes for ${scraperCount} scrapers and a push, ${due} more were due`,
      );
    }
  });
});

async function once(runtime: RealEngine, format: string): Promise<string> {
  const args = ['once', `--docker-url=${runtime.url}`, `--format=${format}`];
  const { exitCode, stdout, stderr } = await runTidegauge({ args });
  assert.equal(exitCode, 0, stderr);
  return stdout;
}

function limitOf(families: readonly ParsedFamily[]): number | undefined {
  const family = families.find(({ name }) => name === 'container_memory_limit_current_bytes');
  return family?.samples.find(({ labels }) => labels['container_name'] === 'web')?.value;
}

/** When the last probe ended, and the number of requests to the runtime by then. */
async function lastProbe(
  agent: AgentProcess,
  runtime: SimulatedProcess,
): Promise<{ readonly endedAt: number; readonly before: RequestCounts }> {
  return await waitUntil('a young probe', async () => {
    const shown = await agent.metrics();
    const endedAt = (shown.value('tidegauge_probe_last_success_time_seconds') ?? NaN) * 1000;
    const before = await runtime.requests();
    // Later than that, another may have begun.
    return Date.now() < endedAt + minProbeMillis ? { endedAt, before } : undefined;
  });
}
