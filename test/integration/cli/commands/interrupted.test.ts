import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import type { Command } from '../../../../src/cli/command.ts';
import { checkCommand } from '../../../../src/cli/commands/check.ts';
import { onceCommand } from '../../../../src/cli/commands/once.ts';
import { verifyCommand } from '../../../../src/cli/commands/verify.ts';
import { startSimulatedEngine } from '../../../../src/simulator/start.ts';
import { startHangingServer } from '../../../support/fakes/hanging-server.ts';
import { load } from '../../../support/fakes/load.ts';
import { KeptLog } from '../../../support/fakes/observed-probes.ts';
import { runTidegauge } from '../../../support/real/agent-process.ts';

/** Far longer than a test may take: only the interruption can end a call. */
const waiting = { 'call-timeout': '1h', 'probe-timeout': '1h', 'otlp-timeout': '1h', interval: '1h' };

async function interrupted(command: Command, flags: Readonly<Record<string, string>>): Promise<string> {
  let stdout = '';
  const controller = new AbortController();
  const run = command.run({
    config: load({ flags: { ...waiting, ...flags } }).config,
    warnings: [],
    log: new KeptLog(),
    argv: { format: 'table', tolerance: 0 },
    version: '0',
    stdout: new Writable({
      write: (chunk, _encoding, done) => {
        stdout += String(chunk);
        controller.abort();
        done();
      },
    }),
    signal: controller.signal,
  });
  if (flags['docker-url']?.startsWith('tcp:')) setImmediate(() => controller.abort());
  await assert.rejects(run, { name: 'AbortError' });
  return stdout;
}

for (const command of [onceCommand, checkCommand, verifyCommand])
  test(`${command.name} ends at once when it is interrupted while a runtime hangs`, async () => {
    using hanging = await startHangingServer();
    assert.equal(await interrupted(command, { 'docker-url': `tcp://${hanging.address}` }), '');
  });

test('check ends at once when it is interrupted while the collector hangs', async () => {
  using hanging = await startHangingServer();
  await using runtime = await startSimulatedEngine();
  const flags = { 'docker-url': runtime.url, 'otlp-endpoint': `http://${hanging.address}` };
  assert.match(await interrupted(checkCommand, flags), /^ok   runtime /);
});

for (const command of ['once', 'verify'])
  test(`${command} without a runtime prints the reason once, and no table`, async () => {
    const { exitCode, stdout, stderr } = await runTidegauge({
      args: [command, '--docker-url=unix:///nowhere.sock'],
    });
    assert.deepEqual([exitCode, stdout], [1, '']);
    assert.match(stderr, /^tidegauge: unix:\/\/\/nowhere\.sock: .*ENOENT.*\n$/);
  });
