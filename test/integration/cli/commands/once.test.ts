import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { startSimulatedEngine } from '../../../../src/simulator/start.ts';
import { runTidegauge } from '../../../support/real/agent-process.ts';
import { dockerExporterMoves } from '../../../../scripts/docs/migration/docker-exporter.ts';
import { startHangingServer } from '../../../support/fakes/hanging-server.ts';

test('a runtime that hangs is named with what was waited for, once, and the others are printed', async () => {
  await using runtime = await startSimulatedEngine({ specs: [{ name: 'web', load: { cpus: 1 } }] });
  using hanging = await startHangingServer();
  const { exitCode, stdout, stderr } = await runTidegauge({
    args: [
      'once',
      `--docker-url=tcp://${hanging.address}`,
      `--docker-url=${runtime.url}`,
      // So long a healthy one may take on a busy machine.
      '--call-timeout=3s',
      '--inline-timeout=100ms',
      '--log-level=silent',
    ],
  });
  assert.equal(exitCode, 1);
  assert.equal(stderr, `tidegauge: tcp://${hanging.address}: GET /version: no response in time\n`);
  assert.match(stdout, /^web +running +\d/m, 'two samples give a rate');
  assert.equal(runtime.requests.list, 2);
});

suite('formats', { concurrency: true }, () => {
  for (const format of ['table', 'json', 'prometheus', 'openmetrics', 'otlp-json']) {
    test(`nothing is shown of the agent itself: ${format}`, async () => {
      await using runtime = await startSimulatedEngine({ specs: [{ name: 'web', load: { cpus: 1 } }] });
      const { exitCode, stdout } = await runTidegauge({
        args: ['once', `--docker-url=${runtime.url}`, '--log-level=silent', `--format=${format}`],
      });
      assert.equal(exitCode, 0);
      assert.match(stdout, /web/);
      assert.doesNotMatch(stdout, /tidegauge[._][a-z]+[._]/);
      // Of the runtime, what the profile has.
      if (format !== 'table') assert.match(stdout, /container[._]runtime[._]containers/);
    });
  }
});

test('profile docker_exporter is there with all its names, those of its probes, too', async () => {
  await using runtime = await startSimulatedEngine({ specs: [{ name: 'web' }] });
  const { stdout } = await runTidegauge({
    args: [
      'once',
      `--docker-url=${runtime.url}`,
      '--log-level=silent',
      '--profile=docker_exporter',
      '--format=prometheus',
    ],
  });
  const names = [...stdout.matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name);
  assert.deepEqual(names.toSorted(), Object.keys(dockerExporterMoves).toSorted());
  assert.match(stdout, /^docker_probe_duration_seconds_count 2$/m);
});
