import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TrackedRuntime } from '../../support/fakes/tracked-runtime.ts';

const minute = 60_000;
const hour = 60 * minute;

/** A runtime whose containers began an hour ago. */
function steady(names: readonly string[]): TrackedRuntime {
  const runtime = new TrackedRuntime(names);
  for (const container of runtime.source.containers) container.startedAt -= hour;
  return runtime;
}

/** Probes every ten seconds for that long; how many inspects that took. */
async function inspectsDuring(runtime: TrackedRuntime, millis: number): Promise<number> {
  const before = runtime.source.count('inspect');
  for (let passed = 0; passed < millis; passed += 10_000) await runtime.probe();
  return runtime.source.count('inspect') - before;
}

test('a steady container is inspected once a minute, through hours of Docker’s changing texts', async () => {
  const runtime = steady(['a']);
  assert.equal(await inspectsDuring(runtime, minute), 1);
  const inspects = await inspectsDuring(runtime, 4 * hour);
  assert.equal(inspects, 240);
});

test('so it is when the others take long, a different time in each probe', async () => {
  const names = Array.from({ length: 10 }, (_, index) => `c${index}`);
  const runtime = steady(names);
  let calls = 0;
  // Eight hold the pool for a while, and so the last two come late.
  runtime.source.before = (call) => (call === 'sample' ? runtime.clock.sleep((calls++ % 7) * 3) : undefined);
  for (let round = 0; round < 60; round += 1) {
    const update = runtime.set.update(1);
    await runtime.clock.advance(20_000);
    await update;
  }
  assert.equal(runtime.source.count('inspect'), names.length * 20);
});

test('a steady container of several days is, too', async () => {
  const runtime = new TrackedRuntime(['a']);
  runtime.container('a').startedAt -= 47 * hour;
  await runtime.probe();
  assert.equal(await inspectsDuring(runtime, 2 * hour), 120);
});

test('each change in the list is inspected at once, and once', async () => {
  const runtime = steady(['a']);
  const a = runtime.container('a');
  const changes: readonly (() => void)[] = [
    () => void (a.health = 'starting'),
    () => void (a.health = 'healthy'),
    () => void (a.name = 'b'),
    () => void (a.status = 'paused'),
    () => void (a.status = 'running'),
    () => a.exit(1),
    () => void (a.exitCode = 2),
  ];
  await runtime.probe();
  for (const change of changes) {
    await inspectsDuring(runtime, minute);
    change();
    assert.equal(await inspectsDuring(runtime, 20_000), 1, String(change));
  }
  assert.equal(runtime.snapshot('b')?.state.exitCode, 2);
  a.restart();
  await runtime.probe();
  assert.equal(runtime.snapshot('b')?.state.status, 'running');
});

test('a restart that shows only in the text “Up …” is inspected at once', async () => {
  const runtime = new TrackedRuntime(['a']);
  await inspectsDuring(runtime, 10 * minute);
  await runtime.clock.advance(8000);
  runtime.container('a').restart(1e12);
  const restartedAt = runtime.clock.now();
  await runtime.probe(5000);
  assert.equal(runtime.snapshot('a')?.state.startedAt, restartedAt);
});

test('a container is inspected at every probe of its first minute', async () => {
  const runtime = new TrackedRuntime(['a']);
  assert.equal(await inspectsDuring(runtime, minute), 5);
  assert.equal(await inspectsDuring(runtime, 10 * minute), 10);
});

test('a run that began soon after the run before is seen at once, though the text hardly changes', async () => {
  const runtime = new TrackedRuntime(['a']);
  const a = runtime.container('a');
  await runtime.probe(3000);
  await runtime.clock.advance(1000);
  a.restart(7e9);
  a.restartCount = 1;
  const restartedAt = runtime.clock.now();
  await runtime.probe(4000);
  const { state, starts } = runtime.snapshot('a') ?? {};
  assert.deepEqual([state?.startedAt, state?.restartCount], [restartedAt, 1]);
  assert.deepEqual([starts?.of('cpu'), runtime.cpu('a')], [restartedAt, 7e9]);
});

test('a container that ends again soon after, in the same way, is inspected at once', async () => {
  const runtime = new TrackedRuntime(['a']);
  const a = runtime.container('a');
  a.exit(1);
  await runtime.probe(3000);
  a.restart();
  a.exit(1);
  await runtime.probe(4000);
  assert.equal(runtime.snapshot('a')?.state.startedAt, a.startedAt);
});

test('a stopped container is inspected once a minute', async () => {
  const runtime = steady(['a']);
  runtime.container('a').exit(0);
  await runtime.probe();
  assert.equal(await inspectsDuring(runtime, 10 * minute), 10);
});
