import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { suite, test } from 'node:test';
import { waitUntil } from '../support/real/daemon.ts';
import { runTidegauge, startAgent, type AgentProcess } from '../support/real/agent-process.ts';
import { pointsNamed } from '../support/wire/otlp-points.ts';
import { OtlpSink } from '../support/fakes/otlp-sink.ts';
import { startEngine } from '../support/real/real-engine.ts';
import { engineVersions, skipWithoutScene, startScene } from '../support/real/scene.ts';
import { startSimulatedProcess } from '../support/real/simulated-process.ts';

const cpuTime = 'container_cpu_time_seconds_total';
/** The agent's documented maximum, and as much again for a machine that is busy with other tests. */
const stopMillis = 5000 + 5000;

suite('outage', { concurrency: true, skip: skipWithoutScene }, () => {
  for (const version of engineVersions) suite(version, { concurrency: true }, () => outagesOf(version));
});

function outagesOf(version: (typeof engineVersions)[number]): void {
  test('the runtime is killed and comes back', async () => {
    await using runtime = await startEngine(version);
    await runtime.run('web', ['--restart=always'], 'while :; do usleep 10000; done');
    const args = [`--docker-url=${runtime.url}`, '--exporter=prometheus', '--interval=1s'];
    await using agent = await startAgent({ args });
    const errors = 'tidegauge_probe_errors_total';
    const web = { container_name: 'web' };
    const good = await agent.waitForMetrics('figures', (shown) => shown.all(cpuTime, web).length > 0);
    assert.equal(good.sum(errors), 0);
    assert.equal(good.value('tidegauge_runtime_up'), 1);

    await runtime.kill();
    const away = await agent.afterNextProbe();
    assert.deepEqual(
      away.series.filter(({ name }) => name.startsWith('container_')),
      [],
    );
    assert.equal(away.value('tidegauge_runtime_up'), 0);
    assert.equal(away.value('tidegauge_runtime_containers'), undefined);
    assert.ok(away.sum(errors) > 0);
    const later = await agent.afterNextProbe();
    assert.ok(later.sum(errors) > away.sum(errors), 'each round counts');

    await using early = await startAgent({ args });
    const waiting = await waitUntil('a reason', async () => {
      const answer = await early.ready();
      return answer.body.includes('not probed yet') ? undefined : answer;
    });
    assert.equal(waiting.status, 503);
    assert.match(waiting.body, new RegExp(`^not ready: .*${runtime.socket}.*\n$`));
    assert.equal((await early.metrics()).value('tidegauge_runtime_up'), 0);

    await runtime.start();
    const back = await agent.afterNextProbe();
    assert.equal(back.value('tidegauge_runtime_up'), 1);
    assert.ok(back.state('web') !== undefined, 'the first probe after the return shows the container');
    // The runtime starts it again in its own time.
    for (const each of [agent, early]) {
      await each.untilReady();
      await each.waitForMetrics('figures', (shown) => shown.all(cpuTime, web).length > 0);
    }
    assertInTurn(agent, ['runtime answers', 'runtime does not answer'], 3);
    assertInTurn(early, ['runtime does not answer', 'runtime answers'], 2);
    assert.equal(await agent.stop(), 0);
  });

  test('the Collector is killed and comes back', async () => {
    await using scene = await startScene(version, ['--interval=1s'], (runtime) =>
      runtime.run('web', [], 'exec sleep 1000'),
    );
    const { agent, collector } = scene;
    const failures = 'tidegauge_export_failures_total';
    await collector.waitForExport(({ length }) => length >= 3);
    const before = await agent.metrics();
    await collector.stop('SIGKILL');
    const arrived = (await collector.fileExport()).length;
    const during = await agent.waitForMetrics(
      'failures',
      (shown) => shown.sum(failures) >= before.sum(failures) + 6,
    );
    assert.equal(during.value('tidegauge_runtime_up'), 1);
    assert.ok(during.all('container_memory_usage_bytes', { container_name: 'web' }).length > 0);

    await collector.start();
    const requests = await collector.waitForExport(({ length }) => length >= arrived + 3);
    assert.ok(pointsNamed(requests.at(-1) ?? {}, 'web', 'container.memory.usage').length > 0);
    assertInTurn(agent, ['export fails', 'export succeeds again'], 2);
    const after = await agent.afterNextProbe();
    const last = 'tidegauge_export_last_success_time_seconds';
    assert.ok((after.value(last) ?? 0) > (before.value(last) ?? Infinity));
    assert.equal(await agent.stop(), 0);
  });

  test('SIGTERM ends in time with a last export', async () => {
    await using scene = await startScene(
      version,
      ['--interval=5m', '--min-probe-interval=100ms'],
      (runtime) => runtime.run('web', [], 'exec sleep 1000'),
    );
    const { agent, collector } = scene;
    const { length } = await collector.waitForExport();
    await stopsInTime(agent);
    const requests = await collector.waitForExport((all) => all.length > length);
    assert.ok(pointsNamed(requests.at(-1) ?? {}, 'web', 'container.memory.usage').length > 0);
  });
}

suite('an agent in trouble', { concurrency: true, skip: skipWithoutScene }, () => {
  test('SIGTERM ends in time though the Collector never answers', async () => {
    await using runtime = await startSimulatedProcess();
    await using sink = await OtlpSink.start({ answers: false });
    const where = [`--docker-url=${runtime.url}`, `--otlp-endpoint=${sink.url}`];
    await using agent = await startAgent({ args: [...where, '--interval=5m'] });
    await sink.waitFor(1);
    await stopsInTime(agent);
  });

  test('a port in use is a mistake in the configuration, which names it', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    const named = `127.0.0.1:${address.port}`;
    const { exitCode, stderr } = await runTidegauge({
      args: ['--demo', '--exporter=prometheus', `--listen=${named}`],
    });
    server.close();
    assert.equal(exitCode, 2, stderr);
    assert.ok(stderr.includes(named), stderr);
  });
});

/**
 * Both messages are logged by turns, once per change and not once per failure; a busy machine has more changes.
 */
function assertInTurn(agent: AgentProcess, messages: readonly [string, string], min: number): void {
  const logged = agent.log.flatMap(({ msg }) => (messages.includes(msg) ? [msg] : []));
  assert.ok(logged.length >= min, logged.join());
  logged.forEach((msg, index) => assert.equal(msg, messages[index % 2], logged.join()));
}

/** Timed from the agent's log line that it stops: a busy process takes its time to receive a signal. */
async function stopsInTime(agent: AgentProcess): Promise<void> {
  assert.equal(await agent.stop('SIGTERM'), 0);
  const [line] = agent.logged('stopping');
  const millis = Date.now() - Date.parse(line?.time ?? '');
  assert.ok(millis < stopMillis, `${millis} ms`);
}
