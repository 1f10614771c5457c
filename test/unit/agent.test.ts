import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { Agent } from '../../src/agent.ts';
import { systemClock } from '../../src/clock.ts';
import { startSimulatedEngine } from '../../src/simulated/start-simulated-engine.ts';
import { KeptLog } from '../support/observed-probes.ts';
import { OtlpSink } from '../support/otlp-sink.ts';
import { load } from './config/load.ts';

/** An agent in this process, which is stopped at the end of its test. */
async function startAgent(flags: Readonly<Record<string, unknown>>) {
  const { config } = load({ flags: { listen: '127.0.0.1:0', ...flags } });
  const log = new KeptLog();
  const agent = new Agent(config, { clock: systemClock, log, environment: {}, version: '0' });
  const { address } = await agent.start();
  return { address, log, [Symbol.asyncDispose]: () => agent.stop() };
}

/** Takes connections and never answers. */
async function startHangingEngine() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `tcp://127.0.0.1:${port}`, [Symbol.dispose]: () => server.close() };
}

test('beside an engine that hangs, the first export follows the first probe of the healthy one', async () => {
  await using engine = await startSimulatedEngine({ specs: [{ name: 'web' }] });
  using hanging = await startHangingEngine();
  await using sink = await OtlpSink.start();
  await using _agent = await startAgent({
    'docker-url': [hanging.url, engine.url],
    'otlp-endpoint': sink.url,
    'otlp-protocol': 'http/json',
    interval: '10m',
    'call-timeout': '2m',
    'inline-timeout': '2m',
  });
  const [request] = await sink.waitFor(1);
  assert.match(request?.body.toString() ?? '', /"web"/);
});
