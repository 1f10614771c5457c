import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { Agent } from '../../../src/agent/agent.ts';
import { systemClock } from '../../../src/clock.ts';
import { startSimulatedEngine } from '../../../src/simulator/start.ts';
import { waitUntil } from '../../support/real/daemon.ts';
import { parseExposition, type Exposition } from '../../support/wire/exposition.ts';
import { liveBytes } from '../../support/assert/heap-bytes.ts';
import { KeptLog } from '../../support/fakes/observed-probes.ts';
import { load } from '../../support/fakes/load.ts';

const lives = 2500;
const actions = ['create', 'start', 'die', 'destroy'];
/** Minimum time between two refreshes after events; scrapes add few requests. */
const refreshMillis = 250;

test('in a storm of 10,000 events a second scrapes are answered, all are counted, and memory is bounded', async () => {
  await using runtime = await startSimulatedEngine({ specs: [{ name: 'web' }] });
  const { config } = load({
    flags: { listen: '127.0.0.1:0', 'docker-url': runtime.url, exporter: 'prometheus' },
  });
  const dependencies = { clock: systemClock, log: new KeptLog(), environment: {}, version: '0' };
  const agent = new Agent(config, dependencies);
  const { address } = await agent.start();
  try {
    const scrape = async (): Promise<Exposition> => {
      const response = await fetch(`${address}/metrics`, { signal: AbortSignal.timeout(20_000) });
      assert.equal(response.status, 200);
      return parseExposition(await response.text());
    };
    const countsOf = (shown: Exposition): number =>
      shown
        .all('container_image_events_total', { container_image_name: 'brief' })
        .reduce((sum, { value }) => sum + value, 0);
    await waitUntil(
      'the stream',
      async () => (await scrape()).all('container_events_total').length > 0 || undefined,
    );
    const before = await liveBytes();
    const start = performance.now();
    let nanos = BigInt(Date.now()) * 1_000_000n;
    for (let life = 0; life < lives; life += 1) {
      const actorId = life.toString(16).padStart(64, 'c');
      const attributes = { name: `brief-${life}`, image: 'brief:1', exitCode: '3' };
      for (const action of actions)
        runtime.emit({ type: 'container', action, actorId, attributes, timeNano: (nanos += 100_000n) });
      if (life % 250 === 0) await Promise.all([scrape(), wait(100)]);
    }
    const shown = await waitUntil('all of them', async () => {
      const metrics = await scrape();
      // A start and a death of each.
      return countsOf(metrics) === 2 * lives ? metrics : undefined;
    });
    assert.equal(shown.sum('tidegauge_events_gaps_total'), 0);
    const maxLists = 5 + (performance.now() - start) / refreshMillis;
    assert.ok(runtime.requests.list < maxLists, `${runtime.requests.list} lists, ${maxLists} at most`);
    assert.ok(runtime.requests.inspect <= 2, `${runtime.requests.inspect} inspects`);
    const grown = (await liveBytes()) - before;
    // A thousand of them are in sight for a minute.
    assert.ok(grown < 20e6, `${grown} bytes more`);
  } finally {
    await agent.stop();
  }
});
