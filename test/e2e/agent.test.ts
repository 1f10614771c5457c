import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { waitUntil } from '../setup/daemon.ts';
import { runTidegauge, startAgent } from '../support/agent-process.ts';
import { startCollector, type OtlpRequest } from '../support/collector.ts';
import { skipUnless } from '../support/component.ts';
import { pointsNamed } from '../support/otlp-points.ts';
import { OtlpSink } from '../support/otlp-sink.ts';
import { parseOpenMetrics, parsePrometheusText, type ParsedFamily } from '../support/python.ts';
import { startEngine, type RealEngine } from '../support/real-engine.ts';
import { engineVersions, skipWithoutScene } from '../support/scene.ts';
import { startSimulatedProcess } from '../support/simulated-process.ts';

const SCRAPERS = 20;
/** Longer than a busy machine takes for 20 scrapes: its age counts from the start of a probe. */
const MIN_PROBE_MILLIS = 3000;

suite('tidegauge once', { concurrency: true, skip: skipWithoutScene || skipUnless('python') }, () => {
  for (const version of engineVersions) {
    test(`prints one probe of ${version} in every format`, async () => {
      await using engine = await startEngine(version);
      await engine.run('web', ['--memory=64m'], 'exec sleep 1000');
      const [table, json, text, openMetrics, otlp] = await Promise.all(
        ['table', 'json', 'prometheus', 'openmetrics', 'otlp-json'].map((format) => once(engine, format)),
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

  test('says on standard error why the engine cannot be reached, and exits with 1', async () => {
    const url = 'unix:///nowhere/docker.sock';
    const { exitCode, stderr } = await runTidegauge({ args: ['once', `--docker-url=${url}`] });
    assert.equal(exitCode, 1);
    assert.match(stderr, /\/nowhere\/docker\.sock/);
  });
});

suite('tidegauge check', { concurrency: true, skip: skipWithoutScene }, () => {
  for (const protocol of ['http/protobuf', 'http/json'])
    test(`the Collector takes the empty export of ${protocol}`, async () => {
      await using engine = await startSimulatedProcess();
      await using collector = await startCollector();
      const where = [`--docker-url=${engine.url}`, `--otlp-endpoint=${collector.otlpUrl}`];
      const { exitCode, stdout } = await runTidegauge({
        args: ['check', ...where, `--otlp-protocol=${protocol}`],
      });
      assert.equal(exitCode, 0, stdout);
      assert.match(stdout, /^ok {3}collector .*: takes exports$/m);
    });
});

test('20 scrapers at once and the push cost one probe', { concurrency: true }, async () => {
  // As before Engine 25: each sample waits for the engine's tick, so that callers really overlap.
  await using engine = await startSimulatedProcess('--scenario=none', '--containers=5', '--tick-wait');
  await using sink = await OtlpSink.start();
  await using agent = await startAgent({
    args: [
      `--docker-url=${engine.url}`,
      `--otlp-endpoint=${sink.url}`,
      '--interval=6s',
      `--min-probe-interval=${MIN_PROBE_MILLIS}ms`,
    ],
  });
  await agent.untilReady();
  for (let burst = 0; burst < 2; burst += 1) {
    const before = await untilStale(async () => (await engine.requests()).list);
    await Promise.all(Array.from({ length: SCRAPERS }, () => agent.metrics()));
    const { list } = await engine.requests();
    // None when the push came first and its probe is still young.
    assert.ok(list - before <= 1, `${list - before} probes for ${SCRAPERS} scrapers`);
  }
  const [start, before, pushes] = [performance.now(), await engine.requests(), sink.requests.length];
  // Two, because the next one may still share the probe of a burst.
  while (sink.requests.length < pushes + 2)
    await Promise.all(Array.from({ length: SCRAPERS }, () => agent.metrics()));
  const after = await engine.requests();
  const probes = after.list - before.list;
  assert.ok(probes >= 1);
  assert.ok(probes <= (performance.now() - start) / MIN_PROBE_MILLIS + 1, `${probes} probes`);
  assert.ok(after.stats - before.stats <= 5 * (probes + 1), 'one sample of each container for each probe');
});

async function once(engine: RealEngine, format: string): Promise<string> {
  const args = ['once', `--docker-url=${engine.url}`, `--format=${format}`];
  const { exitCode, stdout, stderr } = await runTidegauge({ args });
  assert.equal(exitCode, 0, stderr);
  return stdout;
}

function limitOf(families: readonly ParsedFamily[]): number | undefined {
  const family = families.find(({ name }) => name === 'container_memory_limit_current_bytes');
  return family?.samples.find(({ labels }) => labels['container_name'] === 'web')?.value;
}

/** Waits until nobody probed for longer than a probe is shared, and gives the count. */
async function untilStale(count: () => Promise<number>): Promise<number> {
  let [last, since] = [await count(), performance.now()];
  return await waitUntil('a stale probe', async () => {
    const now = await count();
    if (now !== last) [last, since] = [now, performance.now()];
    return performance.now() - since > MIN_PROBE_MILLIS ? now : undefined;
  });
}
