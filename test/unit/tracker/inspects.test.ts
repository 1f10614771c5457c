import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TrackedEngine } from '../../support/fakes/tracked-engine.ts';

const minute = 60_000;
const hour = 60 * minute;

/** An engine whose containers began an hour ago. */
function steady(names: readonly string[]): TrackedEngine {
  const engine = new TrackedEngine(names);
  for (const container of engine.source.containers) container.startedAt -= hour;
  return engine;
}

/** Probes every ten seconds for that long; how many inspects that took. */
async function inspectsDuring(engine: TrackedEngine, millis: number): Promise<number> {
  const before = engine.source.count('inspect');
  for (let passed = 0; passed < millis; passed += 10_000) await engine.probe();
  return engine.source.count('inspect') - before;
}

test('a steady container is inspected once a minute, through hours of Docker’s changing texts', async () => {
  const engine = steady(['a']);
  assert.equal(await inspectsDuring(engine, minute), 1);
  const inspects = await inspectsDuring(engine, 4 * hour);
  assert.equal(inspects, 240);
});

test('so it is when the others take long, a different time in each probe', async () => {
  const names = Array.from({ length: 10 }, (_, index) => `c${index}`);
  const engine = steady(names);
  let calls = 0;
  // Eight hold the pool for a while, and so the last two come late.
  engine.source.before = (call) => (call === 'sample' ? engine.clock.sleep((calls++ % 7) * 3) : undefined);
  for (let round = 0; round < 60; round += 1) {
    const update = engine.set.update(1);
    await engine.clock.advance(20_000);
    await update;
  }
  assert.equal(engine.source.count('inspect'), names.length * 20);
});

test('a steady container of several days is, too', async () => {
  const engine = new TrackedEngine(['a']);
  engine.container('a').startedAt -= 47 * hour;
  await engine.probe();
  assert.equal(await inspectsDuring(engine, 2 * hour), 120);
});

test('each change in the list is inspected at once, and once', async () => {
  const engine = steady(['a']);
  const a = engine.container('a');
  const changes: readonly (() => void)[] = [
    () => void (a.health = 'starting'),
    () => void (a.health = 'healthy'),
    () => void (a.name = 'b'),
    () => void (a.status = 'paused'),
    () => void (a.status = 'running'),
    () => a.exit(1),
    () => void (a.exitCode = 2),
  ];
  await engine.probe();
  for (const change of changes) {
    await inspectsDuring(engine, minute);
    change();
    assert.equal(await inspectsDuring(engine, 20_000), 1, String(change));
  }
  assert.equal(engine.snapshot('b')?.state.exitCode, 2);
  a.restart();
  await engine.probe();
  assert.equal(engine.snapshot('b')?.state.status, 'running');
});

test('a restart that shows only in the text “Up …” is inspected at once', async () => {
  const engine = new TrackedEngine(['a']);
  await inspectsDuring(engine, 10 * minute);
  await engine.clock.advance(8000);
  engine.container('a').restart(1e12);
  const restartedAt = engine.clock.now();
  await engine.probe(5000);
  assert.equal(engine.snapshot('a')?.state.startedAt, restartedAt);
});

test('a container is inspected at every probe of its first minute', async () => {
  const engine = new TrackedEngine(['a']);
  assert.equal(await inspectsDuring(engine, minute), 5);
  assert.equal(await inspectsDuring(engine, 10 * minute), 10);
});

test('a run that began soon after the run before is seen at once, though the text hardly changes', async () => {
  const engine = new TrackedEngine(['a']);
  const a = engine.container('a');
  await engine.probe(3000);
  await engine.clock.advance(1000);
  a.restart(7e9);
  a.restartCount = 1;
  const restartedAt = engine.clock.now();
  await engine.probe(4000);
  const { state, starts } = engine.snapshot('a') ?? {};
  assert.deepEqual([state?.startedAt, state?.restartCount], [restartedAt, 1]);
  assert.deepEqual([starts?.of('cpu'), engine.cpu('a')], [restartedAt, 7e9]);
});

test('a container that ends again soon after, in the same way, is inspected at once', async () => {
  const engine = new TrackedEngine(['a']);
  const a = engine.container('a');
  a.exit(1);
  await engine.probe(3000);
  a.restart();
  a.exit(1);
  await engine.probe(4000);
  assert.equal(engine.snapshot('a')?.state.startedAt, a.startedAt);
});

test('a stopped container is inspected once a minute', async () => {
  const engine = steady(['a']);
  engine.container('a').exit(0);
  await engine.probe();
  assert.equal(await inspectsDuring(engine, 10 * minute), 10);
});
