import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Agent } from '../../../src/agent/agent.ts';
import { systemClock } from '../../../src/clock.ts';
import { ConfigError } from '../../../src/config/config-error.ts';
import { createLog } from '../../../src/log.ts';
import { startSimulatedEngine } from '../../../src/simulator/start.ts';
import { waitUntil } from '../../support/real/daemon.ts';
import { startHangingServer } from '../../support/fakes/hanging-server.ts';
import { OtlpSink } from '../../support/fakes/otlp-sink.ts';
import { load } from '../../support/fakes/load.ts';

/** An agent in this process, which is stopped at the end of its test. */
async function startAgent(flags: Readonly<Record<string, unknown>>, { log, lines } = wholeLog()) {
  const { config } = load({ flags: { listen: '127.0.0.1:0', ...flags } });
  const agent = new Agent(config, { clock: systemClock, log, environment: {}, version: '0' });
  const { address } = await agent.start();
  return { address, lines, [Symbol.asyncDispose]: () => agent.stop() };
}

/** A log that keeps its lines whole. */
function wholeLog() {
  const lines: string[] = [];
  return {
    lines,
    log: createLog({ level: 'debug', destination: { write: (line) => void lines.push(line) } }),
  };
}

test('beside a runtime that hangs, the first export follows the first probe of the healthy one', async () => {
  await using runtime = await startSimulatedEngine({ specs: [{ name: 'web' }] });
  using hanging = await startHangingServer();
  await using sink = await OtlpSink.start();
  await using _agent = await startAgent({
    'docker-url': [`tcp://${hanging.address}`, runtime.url],
    'otlp-endpoint': sink.url,
    'otlp-protocol': 'http/json',
    interval: '10m',
    'call-timeout': '2m',
    'inline-timeout': '2m',
  });
  const [request] = await sink.waitFor(1);
  assert.match(request?.body.toString() ?? '', /"web"/);
});

test('an interval below a second exports as often, and probes once a second', async () => {
  await using runtime = await startSimulatedEngine({ specs: [{ name: 'web' }] });
  await using sink = await OtlpSink.start();
  const start = performance.now();
  await using _agent = await startAgent({
    'docker-url': runtime.url,
    'otlp-endpoint': sink.url,
    interval: '200ms',
  });
  await sink.waitFor(10);
  assert.ok(runtime.requests.list >= 2);
  assert.ok(
    runtime.requests.list <= (performance.now() - start) / 1000 + 1,
    `${runtime.requests.list} probes`,
  );
});

test('credentials of URLs are in no line and no refusal', async () => {
  await using runtime = await startSimulatedEngine();
  await using sink = await OtlpSink.start();
  const endpoint = sink.url.replace('//', '//me:hunter2@');
  const flags = { 'docker-url': runtime.url, 'otlp-endpoint': endpoint, interval: '10m', verbose: true };
  await using agent = await startAgent(flags);
  const [request] = await sink.waitFor(1);
  assert.equal(request?.headers.authorization, `Basic ${Buffer.from('me:hunter2').toString('base64')}`);
  await waitUntil('a line', async () => agent.lines.find((line) => line.includes('first export succeeded')));
  assert.ok(agent.lines.some((line) => line.includes(`${sink.url}/v1/metrics`)));
  assert.doesNotMatch(agent.lines.join(), /hunter2/);
  const two = { 'docker-url': ['tcp://me:hunter2@a:1', 'tcp://b:1'], profile: 'docker_exporter' };
  await assert.rejects(startAgent(two), (error) => {
    assert.ok(error instanceof ConfigError);
    assert.match(error.message, /there are 2: tcp:\/\/me@a:1, tcp:\/\/b:1$/);
    return true;
  });
});
