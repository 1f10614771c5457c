import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { waitUntil } from '../support/real/daemon.ts';
import { runTidegauge, startAgent } from '../support/real/agent-process.ts';
import { buildAgent, type BuiltAgent } from '../support/real/built-agent.ts';
import { OtlpSink } from '../support/fakes/otlp-sink.ts';
import { startSimulatedProcess } from '../support/real/simulated-process.ts';

suite('the bundle, which leaves out parts of its packages', { concurrency: true }, () => {
  let built: BuiltAgent;

  before(async () => {
    built = await buildAgent();
  });
  after(() => built[Symbol.asyncDispose]());

  for (const protocol of ['http/protobuf', 'http/json'])
    test(`measures, is scraped, and pushes metrics and events over ${protocol}`, async () => {
      await using runtime = await startSimulatedProcess('--scenario=demo');
      await using sink = await OtlpSink.start();
      const args = [
        `--docker-url=${runtime.url}`,
        `--otlp-endpoint=${sink.url}`,
        `--otlp-protocol=${protocol}`,
      ];
      const { program } = built;
      await using agent = await startAgent({ program, args: [...args, '--interval=1s', '--event-logs'] });
      await agent.waitForMetrics('containers', (shown) => shown.all('container_uptime_seconds').length > 0);
      for (const path of ['/v1/metrics', '/v1/logs'])
        await waitUntil(path, async () => sink.requests.some((each) => each.path === path));
      assert.deepEqual(agent.logged('export fails'), []);
    });

  test('parses the simulator for --demo and --replay alone', async () => {
    const { program, inputs, directory } = built;
    assert.deepEqual(
      inputs.filter((path) => path.startsWith('src/simulator/')),
      [],
    );
    for (const expected of ['src/main.ts', 'src/cli/commands/demo.ts', 'src/agent/agent.ts'])
      assert.ok(inputs.includes(expected), expected);
    const { exitCode, stdout } = await runTidegauge({ program, args: ['once', '--demo', '--exporter=none'] });
    assert.deepEqual([exitCode, /api-crashloop|running/.test(stdout)], [0, true]);
    const replayed = await runTidegauge({ program, args: ['once', `--replay=${join(directory, 'none')}`] });
    assert.deepEqual([replayed.exitCode, replayed.stderr.includes('none: no such folder')], [2, true]);
  });

  test('tells what is wrong with its settings', async () => {
    const { exitCode, stderr } = await runTidegauge({
      program: built.program,
      args: ['once', '--interval=soon'],
    });
    assert.equal(exitCode, 2);
    assert.match(stderr, /--interval "soon": expected a duration/);
  });
});
