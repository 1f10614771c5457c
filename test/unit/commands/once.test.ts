import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startSimulatedEngine } from '../../../src/simulated/start-simulated-engine.ts';
import { runTidegauge } from '../../support/agent-process.ts';
import { startHangingServer } from '../../support/hanging-server.ts';

test('an engine that hangs is named with what was waited for, once, and the others are printed', async () => {
  await using engine = await startSimulatedEngine({ specs: [{ name: 'web', load: { cpus: 1 } }] });
  using hanging = await startHangingServer();
  const { exitCode, stdout, stderr } = await runTidegauge({
    args: [
      'once',
      `--docker-url=tcp://${hanging.address}`,
      `--docker-url=${engine.url}`,
      '--call-timeout=500ms',
      '--inline-timeout=100ms',
      '--log-level=silent',
    ],
  });
  assert.equal(exitCode, 1);
  assert.equal(stderr, `tidegauge: tcp://${hanging.address}: GET /version: no answer in time\n`);
  assert.match(stdout, /^web +running +\d/m, 'two samples give a rate');
  assert.equal(engine.requests.list, 2);
});
