import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { promisify } from 'node:util';
import { waitUntil } from '../support/real/daemon.ts';
import { runTidegauge, startAgent } from '../support/real/agent-process.ts';
import { OtlpSink } from '../support/fakes/otlp-sink.ts';
import { startSimulatedProcess } from '../support/real/simulated-process.ts';

const BUILD = join(import.meta.dirname, '../../scripts/build.ts');

suite('the bundle, which leaves out parts of its packages', { concurrency: true }, () => {
  let directory: string;
  let program: string;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'tidegauge-bundle-'));
    program = join(directory, 'main.js');
    await promisify(execFile)(process.execPath, [BUILD, directory]);
  });
  after(() => rm(directory, { recursive: true }));

  for (const protocol of ['http/protobuf', 'http/json'])
    test(`measures, is scraped, and pushes metrics and events over ${protocol}`, async () => {
      await using runtime = await startSimulatedProcess('--scenario=demo');
      await using sink = await OtlpSink.start();
      const args = [
        `--docker-url=${runtime.url}`,
        `--otlp-endpoint=${sink.url}`,
        `--otlp-protocol=${protocol}`,
      ];
      await using agent = await startAgent({ program, args: [...args, '--interval=1s', '--event-logs'] });
      await agent.waitForMetrics('containers', (shown) => shown.all('container_uptime_seconds').length > 0);
      for (const path of ['/v1/metrics', '/v1/logs'])
        await waitUntil(path, async () => sink.requests.some((each) => each.path === path));
      assert.deepEqual(agent.logged('export fails'), []);
    });

  test('tells what is wrong with its settings', async () => {
    const { exitCode, stderr } = await runTidegauge({ program, args: ['once', '--interval=soon'] });
    assert.equal(exitCode, 2);
    assert.match(stderr, /--interval "soon": expected a duration/);
  });
});
