import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';
import type { SlowestHealth } from '../support/fakes/health-prober.ts';
import type { AgentProcess } from '../support/real/agent-process.ts';
import { waitUntil } from '../support/real/daemon.ts';
import { startSimulatedProcess } from '../support/real/simulated-process.ts';
import { parseExposition, type Exposition } from '../support/wire/exposition.ts';
import { assertWithinBounds, startAttacked, watchHealth } from './attacked-agent.ts';

/** A runtime is probed each second; this is what a busy machine may take besides. */
const maxAgeSeconds = 20;

/** An agent at the chart's limits that measures two runtimes, the first of them with so many containers. */
async function scene(containers: number) {
  await using stack = new AsyncDisposableStack();
  const large = stack.use(await startSimulatedProcess('--scenario', 'none', '--containers', `${containers}`));
  const other = stack.use(await startSimulatedProcess('--scenario', 'none', '--containers', '5'));
  const urls = [large, other].map(({ url }) => `--docker-url=${url}`);
  const args = [...urls, '--exporter=prometheus', '--interval=2s'];
  const agent = stack.use(await startAttacked(args));
  await agent.untilReady();
  const all = stack.move();
  return { agent, other, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

type Scene = Awaited<ReturnType<typeof scene>>;

/** Attacks an agent that measures so many containers. */
async function attack(containers: number, act: (attacked: Scene) => Promise<void>): Promise<void> {
  await using attacked = await scene(containers);
  await act(attacked);
}

/** Opens a connection that writes a request and reads nothing. */
function unread({ metricsUrl }: AgentProcess, path: string, times = 1): Socket {
  const { hostname, port } = new URL(metricsUrl);
  const socket = connect(Number(port), hostname).on('error', () => undefined);
  socket.pause();
  socket.write(`GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`.repeat(times));
  return socket;
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

/** The agent lives within its bounds, and the runtime that has nothing to do with it is measured; gives its refusals. */
async function judge(
  t: TestContext,
  { agent, other }: Scene,
  health: SlowestHealth,
): Promise<Readonly<Record<string, number>>> {
  const exposition = await scrape(agent);
  const age = exposition.value('tidegauge_snapshot_age_seconds', { container_runtime_endpoint: other.url });
  assert.ok(age !== undefined && age < maxAgeSeconds, `the other runtime's metrics are ${age} s old`);
  const refused = refusals(exposition);
  assertWithinBounds(t, agent, health);
  return refused;
}

for (const path of ['/metrics', '/api/v1/containers', '/api/v1/containers/$ID/stats', '/api/v1/stats']) {
  test(`200 pipelined requests of ${path} that nobody reads cost one response`, async (t) => {
    await attack(110, async (attacked) => {
      const { agent } = attacked;
      const response = await fetch(new URL('/api/v1/containers', agent.metricsUrl));
      const [, id = ''] = /"id":"([0-9a-f]+)"/.exec(await response.text()) ?? [];
      const socket = unread(agent, path.replace('$ID', id), 200);
      const health = await watchHealth(agent, pause(10_000));
      await judge(t, attacked, health);
      socket.destroy();
    });
  });
}

test('100 readers of 1,000 containers that do not read', async (t) => {
  await attack(1000, async (attacked) => {
    const { agent } = attacked;
    const sockets = Array.from({ length: 100 }, () => unread(agent, '/metrics'));
    const health = await watchHealth(agent, pause(20_000));
    const refused = await judge(t, attacked, health);
    assert.ok(Object.keys(refused).length > 0, 'nobody was refused');
    for (const socket of sockets) socket.destroy();
  });
});

test('200 scrapes at once of 300 containers', async (t) => {
  await attack(300, async (attacked) => {
    const { agent } = attacked;
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
    const { too_many_requests: counted = 0 } = await judge(t, attacked, health);
    assert.ok(counted >= refused.length, `${counted} counted of ${refused.length} refused`);
  });
});

test('a reader that takes 16 KB each 15 s is cut, and counted', async (t) => {
  // More than the kernel takes for a client that does not read.
  await attack(1000, async (attacked) => {
    const { agent } = attacked;
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
    await judge(t, attacked, health);
    socket.resume();
    await waitUntil('the end', async () => isCut);
  });
});
