import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { runCommand } from '../../../../src/cli/commands/run.ts';
import { ConfigError } from '../../../../src/config/config-error.ts';
import { startSimulatedEngine } from '../../../../src/simulator/start.ts';
import { ownLoopbackAddress, waitUntil } from '../../../support/real/daemon.ts';
import { KeptLog } from '../../../support/fakes/observed-probes.ts';
import { OtlpSink } from '../../../support/fakes/otlp-sink.ts';
import { load } from '../../../support/fakes/load.ts';

/** Takes an address as soon as it is free. */
async function take(host: string, port: number): Promise<Server & AsyncDisposable> {
  return await waitUntil('a free address', async () => {
    const server = createServer().listen(port, host);
    return await once(server, 'listening').then(
      () => server,
      () => undefined,
    );
  });
}

test('a reload that loses the address for good ends the process with the reason', async () => {
  await using runtime = await startSimulatedEngine();
  // The old agent takes its time to end, while its address is free already.
  await using sink = await OtlpSink.start({ answers: false });
  const host = ownLoopbackAddress();
  const flags = {
    'docker-url': runtime.url,
    'otlp-endpoint': sink.url,
    'export-timeout': '700ms',
    listen: `${host}:9417`,
  };
  const running = await runCommand.run({
    config: load({ flags }).config,
    warnings: [],
    log: new KeptLog(),
    argv: {},
    version: '0',
    stdout: new Writable(),
    signal: new AbortController().signal,
  });
  assert.ok(typeof running === 'object');
  await using _stopped = { [Symbol.asyncDispose]: () => running.stop() };
  assert.ok(running.reload && running.ended);
  await sink.waitFor(1);
  const lost = new RegExp(`--listen: cannot listen on ${host}:9417: the port is in use`);
  const isLost = (error: unknown): boolean => error instanceof ConfigError && lost.test(error.message);
  const ended = assert.rejects(running.ended, isLost);
  const reloaded = assert.rejects(running.reload(load({ flags }).config), isLost);
  await using _taken = await take(host, 9417);
  await Promise.all([reloaded, ended]);
});
