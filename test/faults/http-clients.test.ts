import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { startAgent, type AgentProcess } from '../support/real/agent-process.ts';
import { waitUntil } from '../support/real/daemon.ts';
import { startSimulatedProcess, type SimulatedProcess } from '../support/real/simulated-process.ts';
import { parseExposition, type Exposition } from '../support/wire/exposition.ts';

/** The chart's limits: 256 MiB of memory, of which the heap may have 60 %. */
const chartHeap = '--max-old-space-size=153';
const maxResidentBytes = 200 * 1024 * 1024;
const maxHealthMillis = 1000;
/** A runtime is probed each second; this is what a busy machine may take besides. */
const maxAgeSeconds = 20;

/** An agent at the chart's limits that measures two runtimes, the first of them with so many containers. */
async function scene(containers: number) {
  await using stack = new AsyncDisposableStack();
  const large = stack.use(await startSimulatedProcess('--scenario', 'none', '--containers', `${containers}`));
  const other = stack.use(await startSimulatedProcess('--scenario', 'none', '--containers', '5'));
  const urls = [large, other].map(({ url }) => `--docker-url=${url}`);
  const args = [...urls, '--exporter=prometheus', '--interval=2s'];
  const agent = stack.use(await startAgent({ args, env: { NODE_OPTIONS: chartHeap } }));
  await agent.untilReady();
  const all = stack.move();
  return { agent, other, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

type Scene = Awaited<ReturnType<typeof scene>>;

/** `/healthz` took longer than it may. */
class SlowHealthError extends Error {}

/** Others use this machine, too: an agent that is slow by its own doing is slow each time. */
const attempts = 3;

/** Attacks an agent that measures so many containers, once more where only `/healthz` was slow. */
async function attack(containers: number, act: (attacked: Scene) => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await using attacked = await scene(containers);
      await act(attacked);
      return;
    } catch (error) {
      if (!(error instanceof SlowHealthError) || attempt === attempts) throw error;
    }
  }
}

/** Opens a connection that writes a request and reads nothing. */
function unread({ metricsUrl }: AgentProcess, path: string, times = 1): Socket {
  const { hostname, port } = new URL(metricsUrl);
  const socket = connect(Number(port), hostname).on('error', () => undefined);
  socket.pause();
  socket.write(`GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`.repeat(times));
  return socket;
}

/** The most memory that the process ever had resident, as the kernel counts it. */
async function peakBytes({ pid }: AgentProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

/** Maximum milliseconds that `/healthz` takes while something goes on. */
async function watchHealth({ metricsUrl }: AgentProcess, during: Promise<unknown>): Promise<number> {
  const workerData = new URL('/healthz', metricsUrl).href;
  const prober = new Worker(new URL('../support/fakes/health-prober.ts', import.meta.url), { workerData });
  try {
    await during;
    prober.postMessage('enough');
    const [worst] = await once(prober, 'message');
    return Number(worst);
  } finally {
    await prober.terminate();
  }
}

/** A scrape as Prometheus makes it; repeated while it is refused. */
async function scrape({ metricsUrl }: AgentProcess): Promise<Exposition> {
  return await waitUntil('a scrape', async () => {
    const response = await fetch(metricsUrl, { headers: { 'accept-encoding': 'gzip' } });
    const text = await response.text();
    return response.status === 200 ? parseExposition(text) : undefined;
  });
}

function refusals(exposition: Exposition): Readonly<Record<string, number>> {
  const all = exposition.all('tidegauge_http_requests_refused_total').filter(({ value }) => value > 0);
  return Object.fromEntries(all.map(({ labels, value }) => [labels['error_type'], value]));
}

/** The agent lives within its bounds, and the runtime that has nothing to do with it is measured. */
async function judge(
  agent: AgentProcess,
  other: SimulatedProcess,
  healthMillis: number,
): Promise<Readonly<Record<string, number>>> {
  assert.ok(agent.isRunning);
  const exposition = await scrape(agent);
  const age = exposition.value('tidegauge_snapshot_age_seconds', { container_runtime_endpoint: other.url });
  const peak = await peakBytes(agent);
  const refused = refusals(exposition);
  assert.ok(age !== undefined && age < maxAgeSeconds, `the other runtime's figures are ${age} s old`);
  assert.ok(peak <= maxResidentBytes, `${peak} bytes were resident`);
  if (healthMillis >= maxHealthMillis) throw new SlowHealthError(`/healthz took ${healthMillis} ms`);
  return refused;
}

for (const path of ['/metrics', '/api/v1/containers', '/api/v1/containers/$ID/stats', '/api/v1/stats']) {
  test(`200 pipelined requests of ${path} that nobody reads cost one response`, async () => {
    await attack(110, async ({ agent, other }) => {
      const response = await fetch(new URL('/api/v1/containers', agent.metricsUrl));
      const [, id = ''] = /"id":"([0-9a-f]+)"/.exec(await response.text()) ?? [];
      const socket = unread(agent, path.replace('$ID', id), 200);
      const health = await watchHealth(agent, pause(10_000));
      await judge(agent, other, health);
      socket.destroy();
    });
  });
}

test('100 readers of 1,000 containers that do not read', async () => {
  await attack(1000, async ({ agent, other }) => {
    const sockets = Array.from({ length: 100 }, () => unread(agent, '/metrics'));
    const health = await watchHealth(agent, pause(20_000));
    const refused = await judge(agent, other, health);
    assert.ok(Object.keys(refused).length > 0);
    for (const socket of sockets) socket.destroy();
  });
});

test('200 scrapes at once of 300 containers', async () => {
  await attack(300, async ({ agent, other }) => {
    const all = Promise.all(
      Array.from({ length: 200 }, async () => {
        const response = await fetch(agent.metricsUrl);
        return [response.status, (await response.text()).length, response.headers.get('retry-after')];
      }),
    );
    const health = await watchHealth(agent, all);
    const outcomes = await all;
    const served = outcomes.filter(([status]) => status === 200);
    const refused = outcomes.filter(([status]) => status === 503);
    assert.ok(served.length >= 40, `${served.length} were served`);
    assert.equal(served.length + refused.length, 200);
    for (const [, , retryAfter] of refused) assert.equal(retryAfter, '1');
    const { too_many_requests: counted = 0 } = await judge(agent, other, health);
    assert.ok(counted >= refused.length);
  });
});

test('a reader that takes 16 KB each 15 s is cut, and counted', async () => {
  // More than the kernel takes for a client that does not read.
  await attack(1000, async ({ agent, other }) => {
    const { hostname, port } = new URL(agent.metricsUrl);
    const socket = connect(Number(port), hostname);
    let isCut = false;
    socket.on('error', () => undefined).on('close', () => (isCut = true));
    socket.write('GET /metrics HTTP/1.1\r\nhost: a\r\n\r\n');
    socket.pause();
    using ended = new DisposableStack();
    ended.defer(() => socket.destroy());
    const trickle = ended.use(setInterval(() => socket.read(16 * 1024), 15_000));
    const counted = waitUntil('the cut', async () => {
      await pause(5000);
      return refusals(await scrape(agent))['slow_reader'] === 1;
    });
    const health = await watchHealth(agent, counted);
    clearInterval(trickle);
    await judge(agent, other, health);
    socket.resume();
    await waitUntil('the end', async () => isCut);
  });
});
