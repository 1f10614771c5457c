import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../../src/clock.ts';
import { StatsCollector } from '../../../src/live/stats-collector.ts';
import type { PublishedSample } from '../../../src/live/stats-collector.ts';
import type { Subscription } from '../../../src/live/subscription.ts';
import { DockerSource } from '../../../src/sources/docker/docker-source.ts';
import { startSimulatedEngine } from '../../../src/simulator/start.ts';
import { TrackerSet } from '../../../src/tracker/tracker-set.ts';
import { KeptLog, ObservedProbes } from '../../support/fakes/observed-probes.ts';
import { SourceError } from '../../../src/sources/source-error.ts';
import { hang } from '../../support/fakes/scripted-source.ts';
import { ampleMillis, TrackedRuntime } from '../../support/fakes/tracked-runtime.ts';

/** A collector over a scripted runtime that was probed once. */
async function watched(...names: string[]) {
  const runtime = new TrackedRuntime(names);
  for (const container of runtime.source.containers)
    container.extra = { cpu: { totalNanos: 1e9, systemNanos: 8e9 } };
  await runtime.probe();
  const host = { fails: false, name: 'runtime' };
  const { clock, log } = runtime;
  const collector = new StatsCollector({ host: hostOf(runtime.set, host), clock, log, intervalMillis: 1000 });
  const before = runtime.source.count('sample');
  return {
    runtime,
    collector,
    host,
    id: runtime.container('web').id,
    calls: () => runtime.source.count('sample') - before,
  };
}

function hostOf(set: TrackerSet, host = { fails: false, name: 'runtime' }) {
  return {
    name: host.name,
    cpus: () => {
      if (host.fails) throw new Error('no count');
      return 4;
    },
    containers: () => set.tracked,
    measure: (id: string) => set.measure(id),
  };
}

/** Everything that waits; the subscription ends by that. */
async function rest(subscription: Subscription<PublishedSample>): Promise<PublishedSample[]> {
  subscription.end();
  return await read(subscription);
}

async function read(subscription: Subscription<PublishedSample>): Promise<PublishedSample[]> {
  const samples: PublishedSample[] = [];
  for await (const sample of subscription) samples.push(sample);
  return samples;
}

test('nobody subscribed: no call and no timer', async () => {
  const { runtime, calls } = await watched('web');
  const { sleepers } = runtime.clock;
  await runtime.clock.advance(60_000);
  assert.equal(calls(), 0);
  assert.equal(runtime.clock.sleepers, sleepers);
});

test('a hundred subscribers to one container cost one call per interval, and the last one leaving ends them', async () => {
  const { runtime, collector, id, calls } = await watched('web', 'db');
  const { sleepers } = runtime.clock;
  const all = Array.from({ length: 100 }, () => collector.subscribe(id));
  await runtime.clock.advance(5000);
  assert.equal(calls(), 5);
  for (const subscription of all.slice(1)) await collector.unsubscribe(subscription);
  await runtime.clock.advance(1000);
  assert.equal(calls(), 6);
  const [first] = all;
  assert.ok(first);
  assert.equal((await rest(first)).length, 6);
  await runtime.clock.advance(5000);
  assert.equal(calls(), 6);
  assert.equal(runtime.clock.sleepers, sleepers);
});

test('a stuck subscriber loses the oldest, counted; the others miss nothing', async () => {
  const { runtime, collector, id } = await watched('web');
  const stuck = collector.subscribe(id);
  const quick = collector.subscribe(id);
  const got: PublishedSample[] = [];
  const reading = (async () => {
    for await (const sample of quick) got.push(sample);
  })();
  await runtime.clock.advance(40_000);
  quick.end();
  await reading;
  assert.equal(got.length, 40);
  assert.equal(stuck.dropped, 24);
  const waiting = await rest(stuck);
  assert.deepEqual(waiting, got.slice(-16));
});

test('who comes and goes while a sample hangs is served, and so are the other containers', async () => {
  const { runtime, collector, id } = await watched('web', 'db');
  const one = collector.subscribe(id);
  runtime.source.before = (call, of) => (call === 'sample' && of === id ? hang() : undefined);
  await runtime.clock.advance(1000);
  const other = collector.subscribe(runtime.container('db').id);
  await collector.unsubscribe(one);
  await runtime.clock.advance(3000);
  assert.equal((await rest(other)).length, 3);
});

test('a longer interval is served from the same loop', async () => {
  const { runtime, collector, id, calls } = await watched('web');
  const slow = collector.subscribe(id, 5000);
  await runtime.clock.advance(10_500);
  assert.equal(calls(), 2);
  assert.equal((await rest(slow)).length, 2);
});

test('a stopped container gives only its name and id; a removed one too, and then the end', async () => {
  const { runtime, collector, id } = await watched('web');
  const subscription = collector.subscribe(id);
  runtime.container('web').exit(0);
  await runtime.clock.advance(1000);
  assert.deepEqual(await subscription.next(), { done: false, value: { id, name: 'web' } });
  runtime.source.containers = [];
  await runtime.probe();
  await runtime.clock.advance(1000);
  assert.deepEqual((await read(subscription)).at(-1), { id, name: 'web' });
});

test('who wants samples seldom hears at once that its container was removed', async () => {
  const { runtime, collector, id } = await watched('web');
  const seldom = collector.subscribe(id, 3_600_000);
  await runtime.clock.advance(1000);
  runtime.source.containers = [];
  await runtime.probe();
  await runtime.clock.advance(1000);
  const samples = await read(seldom);
  assert.deepEqual(samples.at(-1), { id, name: 'web' });
  assert.equal(samples.length, 2);
});

test('who watches all hears that the runtime is away, and goes on when it is back; nobody else need probe', async () => {
  const { runtime, collector } = await watched('web', 'db');
  runtime.source.before = () => {
    throw new SourceError('unreachable', 'away');
  };
  await runtime.probe();
  const all = collector.subscribeAll();
  await runtime.clock.advance(1000);
  runtime.source.before = () => undefined;
  await runtime.clock.advance(3000);
  const got = (await rest(all)).filter(({ name }) => name === 'db');
  assert.equal(got[0]?.failure, 'the runtime does not answer');
  assert.ok(got.at(-1)?.snapshot);
});

test('a round that takes longer than its interval is not made again meanwhile: nothing piles up', async () => {
  const { runtime, collector, calls } = await watched(
    ...Array.from({ length: 300 }, (_, index) => `c${index}`),
    'web',
  );
  let turn = Promise.resolve();
  runtime.source.before = () => (turn = turn.then(() => runtime.clock.sleep(10)));
  collector.subscribeAll();
  await runtime.clock.advance(20_000);
  assert.ok(runtime.source.maxSamples <= 40, `${runtime.source.maxSamples} at once`);
  collector.close();
  const begun = calls();
  await runtime.clock.advance(5000);
  assert.equal(calls(), begun);
});

test('no CPU count leaves out the round, no host CPU time the container, any error goes on; each logged once', async () => {
  const { runtime, collector, host, id, calls } = await watched('web');
  const subscription = collector.subscribe(id);
  host.fails = true;
  await runtime.clock.advance(2000);
  assert.equal(calls(), 0);
  host.fails = false;
  runtime.container('web').extra = {};
  await runtime.clock.advance(2000);
  assert.equal(calls(), 2);
  runtime.source.before = () => {
    throw new SourceError('runtime-error', 'broken');
  };
  await runtime.clock.advance(2000);
  runtime.source.before = () => undefined;
  runtime.container('web').extra = { cpu: { totalNanos: 1e9, systemNanos: 9e9 } };
  await runtime.clock.advance(1000);
  const got = await rest(subscription);
  assert.deepEqual(
    got.map(({ failure, snapshot }) => failure ?? snapshot !== undefined),
    ['broken', 'broken', true],
  );
  assert.equal(runtime.log.messages.filter((line) => line.includes('left out')).length, 2);
});

test("a watched container's samples are the trackers': a probe soon after costs no call", async () => {
  const { runtime, collector, id, calls } = await watched('web', 'db');
  collector.subscribe(id);
  runtime.container('web').cpuNanos = 5e9;
  await runtime.probe(10_000);
  assert.equal(calls(), 10 + 1);
  assert.equal(runtime.snapshot('web')?.sample?.takenAt, runtime.clock.now());
  collector.close();
});

test('all containers of a real connection, new ones too, and a loss of the runtime that is reported and survived', async () => {
  await using runtime = await startSimulatedEngine({ specs: [{ name: 'web' }] });
  const source = new DockerSource({
    endpoint: { url: runtime.url },
    callTimeoutMillis: 5000,
    now: () => Date.now(),
  });
  const [log, observer, clock] = [new KeptLog(), new ObservedProbes(), systemClock];
  const timing = { minProbeIntervalMillis: 10, probeTimeoutMillis: 5000 };
  const set = new TrackerSet({ source, observer, clock, log, ...timing });
  await set.update(ampleMillis);
  const collector = new StatsCollector({ host: hostOf(set), clock, log, intervalMillis: 50 });
  const all = collector.subscribeAll();
  const until = async (what: (sample: PublishedSample) => boolean) => {
    for (;;) {
      const { value, done } = await all.next();
      if (done || what(value)) return;
    }
  };
  await until(({ name, snapshot }) => name === 'web' && snapshot !== undefined);
  runtime.add({ name: 'fresh' });
  await set.update(ampleMillis);
  await until(({ name, snapshot }) => name === 'fresh' && snapshot !== undefined);
  await runtime.down();
  await until(({ failure }) => failure !== undefined);
  await runtime.up();
  await until(({ snapshot }) => snapshot !== undefined);
  collector.close();
  set.close();
});
