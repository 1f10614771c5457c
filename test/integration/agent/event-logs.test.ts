import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Agent } from '../../../src/agent/agent.ts';
import { systemClock } from '../../../src/clock.ts';
import { ConfigError } from '../../../src/config/config-error.ts';
import { createLog } from '../../../src/log.ts';
import { startSimulatedEngine } from '../../../src/simulator/start.ts';
import { closedOrigin, waitUntil } from '../../support/real/daemon.ts';
import type { OtlpRequest } from '../../support/real/collector.ts';
import { OtlpSink } from '../../support/fakes/otlp-sink.ts';
import { logRecords, type LogRecord } from '../../support/wire/otlp-logs.ts';
import { load } from '../../support/fakes/load.ts';

async function startAgent(flags: Readonly<Record<string, unknown>>) {
  const lines: string[] = [];
  const log = createLog({ level: 'debug', destination: { write: (line) => void lines.push(line) } });
  const quiet = {
    listen: '127.0.0.1:0',
    exporter: 'prometheus',
    interval: '10m',
    'min-probe-interval': '1s',
  };
  const { config } = load({ flags: { ...quiet, ...flags } });
  const agent = new Agent(config, { clock: systemClock, log, environment: {}, version: '7' });
  const { address } = await agent.start();
  await waitUntil('events', async () => (await scraped(address, 'runtime_up')) === 1 || undefined);
  let ended: Promise<void> | undefined;
  const stop = (): Promise<void> => (ended ??= agent.stop());
  return { stop, address, lines, [Symbol.asyncDispose]: stop };
}

async function scraped(address: string, name: string): Promise<number | undefined> {
  const text = await (await fetch(`${address}/metrics`)).text();
  const line = text.split('\n').find((each) => each.startsWith(`tidegauge_${name}`));
  return line === undefined ? undefined : Number(line.split(' ').at(-1));
}

function jsonLogs(sink: OtlpSink, container: string): LogRecord[] {
  const bodies = sink.requests.filter(({ path }) => path === '/v1/logs').map(({ body }) => body.toString());
  return logRecords(
    bodies.map((body): OtlpRequest => JSON.parse(body)),
    container,
  );
}

/** Waits until the runtime's stream is open: events before it are not received. */
async function untilListening(runtime: { readonly requests: { readonly events: number } }): Promise<void> {
  await waitUntil('the stream of events', async () => runtime.requests.events > 0 || undefined);
}

test('each event is one log record under its container’s resource', async () => {
  const labels = { 'com.docker.compose.service': 'shop' };
  await using runtime = await startSimulatedEngine({ specs: [{ name: 'web', image: 'nginx:1.27', labels }] });
  await using sink = await OtlpSink.start();
  await using _agent = await startAgent({
    'docker-url': runtime.url,
    'otlp-endpoint': sink.url,
    'otlp-protocol': 'http/json',
    'event-logs': 'true',
  });
  await untilListening(runtime);
  const before = Date.now() * 1e6;
  runtime.exit('web', 3);
  const all = await waitUntil('the end', async () => {
    const records = jsonLogs(sink, 'web');
    return records.length > 0 ? records : undefined;
  });
  assert.equal(all.length, 1);
  const [died] = all;
  assert.ok(died);
  assert.equal(died.eventName, 'container.die');
  assert.equal(died.severity, 'WARN');
  assert.equal(died.body, 'web: die, exit code 3');
  assert.deepEqual(died.attributes, { 'container.event.action': 'die', 'container.exit_code': 3 });
  assert.partialDeepStrictEqual(died.resource, {
    'container.image.name': 'nginx',
    'container.image.tags': ['1.27'],
    'container.runtime.name': 'docker',
    'container.label.com.docker.compose.service': 'shop',
  });
  assert.equal(died.resource['container.id'], runtime.container('web').id);
  assert.ok(died.nanos >= before - 1e9 && died.nanos <= died.observedNanos + 1e9);
});

test('logs alone, where no metrics are exported', async () => {
  await using runtime = await startSimulatedEngine({ specs: [{ name: 'web' }] });
  await using sink = await OtlpSink.start();
  const where = { 'docker-url': runtime.url, 'otlp-endpoint': sink.url, 'otlp-protocol': 'http/json' };
  const { config } = load({
    flags: { ...where, listen: '127.0.0.1:0', exporter: 'none', 'event-logs': 'true' },
  });
  const log = createLog({ level: 'silent' });
  const agent = new Agent(config, { clock: systemClock, log, environment: {}, version: '7' });
  await agent.start();
  await untilListening(runtime);
  runtime.exit('web', 3);
  await waitUntil('the end', async () => jsonLogs(sink, 'web').length > 0);
  await agent.stop();
});

test('a container that nobody has seen yet is known by its event', async () => {
  await using runtime = await startSimulatedEngine();
  await using sink = await OtlpSink.start();
  const where = { 'docker-url': runtime.url, 'otlp-endpoint': sink.url, 'otlp-protocol': 'http/json' };
  await using _agent = await startAgent({ ...where, 'event-logs': 'true', exclude: 'name=hidden' });
  await untilListening(runtime);
  runtime.add({ name: 'hidden', image: 'busybox:1' });
  runtime.add({ name: 'brief', image: 'busybox:1', labels: { 'com.docker.compose.service': 'job' } });
  runtime.remove('brief');
  const names = (): (string | undefined)[] => jsonLogs(sink, 'brief').map(({ eventName }) => eventName);
  await waitUntil('the end', async () => names().includes('container.destroy') || undefined);
  assert.ok(names().includes('container.start'));
  for (const { resource } of jsonLogs(sink, 'brief')) {
    assert.equal(resource['container.image.name'], 'busybox');
    assert.equal(resource['container.label.com.docker.compose.service'], 'job');
  }
  assert.deepEqual(jsonLogs(sink, 'hidden'), []);
});

test('protobuf to an endpoint of its own, and a last flush at the end', async () => {
  await using runtime = await startSimulatedEngine({ specs: [{ name: 'web' }] });
  await using sink = await OtlpSink.start();
  await using running = await startAgent({
    'docker-url': runtime.url,
    'otlp-logs-endpoint': `${sink.url}/elsewhere`,
    'otlp-headers': 'api-key=secret',
    'event-logs': 'true',
  });
  await untilListening(runtime);
  runtime.pause('web');
  await waitUntil(
    'the event',
    async () => (await scraped(running.address, 'events_received')) === 1 || undefined,
  );
  await running.stop();
  const [request] = sink.requests;
  assert.ok(request);
  assert.equal(request.path, '/elsewhere');
  assert.equal(request.headers['content-type'], 'application/x-protobuf');
  assert.equal(request.headers['api-key'], 'secret');
  assert.match(request.body.toString('latin1'), /container\.pause/);
});

test('a collector that is away costs its records, said once; and the metrics nothing', async () => {
  await using runtime = await startSimulatedEngine({ specs: [{ name: 'web' }] });
  const where = { 'docker-url': runtime.url, 'otlp-endpoint': closedOrigin(), 'otlp-timeout': '200ms' };
  await using running = await startAgent({ ...where, 'event-logs': 'true' });
  await untilListening(runtime);
  for (const round of [1, 2]) {
    runtime.restart('web');
    await waitUntil(`drops ${round}`, async () => {
      const text = await (await fetch(`${running.address}/metrics`)).text();
      const dropped = /event_logs_dropped_total\{[^}]*error_type="(?!queue_full)[^}]*\} (\d+)/.exec(text);
      return Number(dropped?.[1] ?? 0) >= 2 * round || undefined;
    });
  }
  assert.equal(running.lines.filter((line) => line.includes('"export fails"')).length, 1);
});

test('in a storm before a collector that hangs, no more than so many records wait; the others are counted', async () => {
  await using runtime = await startSimulatedEngine({ specs: [{ name: 'web' }] });
  await using sink = await OtlpSink.start({ answers: false });
  const where = { 'docker-url': runtime.url, 'otlp-endpoint': sink.url };
  await using running = await startAgent({ ...where, 'event-logs': 'true' });
  await untilListening(runtime);
  const actorId = runtime.container('web').id;
  const event = { type: 'container', action: 'kill', actorId, attributes: { name: 'web', signal: '1' } };
  const start = BigInt(Date.now()) * 1_000_000n;
  for (let index = 0n; index < 10_000n; index += 1n)
    runtime.emit({ ...event, timeNano: start + index * 1000n });
  const dropped = async (): Promise<number | undefined> => scraped(running.address, 'event_logs_dropped');
  await waitUntil('drops', async () => (await dropped()) === 10_000 - 4096 || undefined);
  const stopped = performance.now();
  await running.stop();
  assert.ok(performance.now() - stopped < 5000);
});

test('off by default; and where logs are to go must be known', async () => {
  await using runtime = await startSimulatedEngine({ specs: [{ name: 'web' }] });
  await using sink = await OtlpSink.start();
  await using running = await startAgent({ 'docker-url': runtime.url, 'otlp-endpoint': sink.url });
  assert.equal(await scraped(running.address, 'event_logs'), undefined);
  const { config } = load({
    flags: { 'event-logs': 'true' },
    environment: { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://127.0.0.1:9/otlp' },
  });
  const log = createLog({ level: 'silent' });
  assert.throws(
    () => new Agent(config, { clock: systemClock, log, environment: {}, version: '7' }),
    (error) => error instanceof ConfigError && error.message.includes('give --otlp-logs-endpoint'),
  );
});
