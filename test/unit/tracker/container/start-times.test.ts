import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryEventCounter, pressureCounter } from '../../../../src/model/sample.ts';
import type { InterfaceUsage } from '../../../../src/model/sample.ts';
import { SourceError } from '../../../../src/sources/source-error.ts';
import { hang } from '../../../support/fakes/scripted-source.ts';
import { ampleMillis, TrackedRuntime } from '../../../support/fakes/tracked-runtime.ts';

const minute = 60_000;

function eth(index: number, receivedBytes: number): InterfaceUsage {
  return { name: `eth${index}`, receivedBytes };
}

/** A run with its uptime listed in minutes: a fall, a change in the list or a minute has it inspected again. */
function steady(): TrackedRuntime {
  const runtime = new TrackedRuntime(['a']);
  runtime.container('a').startedAt -= 5 * minute;
  return runtime;
}

/** When counters of container `a` began, relative to the present. */
function startOf(runtime: TrackedRuntime, group: Parameters<TrackedRuntime['snapshot']>[0] = 'cpu'): number {
  const starts = runtime.snapshot('a')?.starts;
  assert.ok(starts);
  const isOwn = group === 'cpu' || group === 'memory' || group === 'block-io' || group === 'pressure';
  const name = isOwn ? group : (`network ${group}` as const);
  return starts.of(name) - runtime.clock.now();
}

test('counters begin at the start of the container, however late it is first seen', async () => {
  const runtime = new TrackedRuntime(['a']);
  const a = runtime.container('a');
  a.startedAt -= 5 * minute;
  a.networks = [eth(0, 7)];
  await runtime.probe(0);
  for (const group of ['cpu', 'memory', 'block-io', 'pressure', 'eth0'])
    assert.equal(startOf(runtime, group), -5 * minute);
});

test('after a restart counters begin anew, and nothing of the old run is compared with the new', async () => {
  const runtime = new TrackedRuntime(['a']);
  await runtime.probe(5 * minute);
  runtime.container('a').restart();
  const restartedAt = runtime.clock.now();
  await runtime.probe();
  const a = runtime.snapshot('a');
  assert.deepEqual([a?.starts.of('cpu'), runtime.cpu('a'), a?.previous], [restartedAt, 1e8, undefined]);
});

test('a restart that only the fallen CPU time shows begins anew in that same probe', async () => {
  const runtime = steady();
  const a = runtime.container('a');
  await runtime.probe();
  await runtime.probe();
  const restartedAt = runtime.clock.now() + 9000;
  let inspects = runtime.source.count('inspect');
  // The list and its text are older than the restart.
  runtime.source.before = (call) => {
    if (call === 'sample' && a.startedAt < restartedAt) a.restart();
  };
  await runtime.clock.advance(9000);
  await runtime.set.update(ampleMillis);
  inspects = runtime.source.count('inspect') - inspects;
  assert.deepEqual([inspects, startOf(runtime), runtime.cpu('a')], [1, 0, 1e8]);
  assert.equal(runtime.snapshot('a')?.previous, undefined);
  assert.equal(runtime.snapshot('a')?.state.startedAt, restartedAt);
});

test('while a restart is being looked into, nothing of the old run is shown under a new start', async () => {
  const runtime = steady();
  await runtime.probe();
  runtime.container('a').cpuNanos = 5e8;
  runtime.source.before = (call) => (call === 'inspect' ? hang() : undefined);
  await runtime.clock.advance(10_000);
  const update = runtime.set.update(0);
  await runtime.clock.advance(0);
  assert.equal(await update, 'timed-out');
  assert.equal(runtime.snapshot('a')?.sample, undefined);
});

test('a restart whose inspect fails leaves no older sample to compare with', async () => {
  const runtime = new TrackedRuntime(['a']);
  await runtime.probe();
  runtime.container('a').cpuNanos = 5e8;
  runtime.source.before = (call) => {
    if (call === 'inspect') throw new SourceError('runtime-error', 'no');
  };
  await runtime.probe();
  assert.deepEqual([runtime.cpu('a'), runtime.snapshot('a')?.failures], [undefined, 1]);
  runtime.source.before = () => undefined;
  await runtime.probe();
  assert.deepEqual([runtime.cpu('a'), runtime.snapshot('a')?.previous], [5e8, undefined]);
  assert.equal(startOf(runtime), -20_000);
});

test('a container that exits while its restart is looked into shows no usage', async () => {
  const runtime = new TrackedRuntime(['a']);
  await runtime.probe();
  runtime.container('a').cpuNanos = 5e8;
  runtime.source.before = (call) => {
    if (call === 'inspect') runtime.container('a').exit(3);
  };
  await runtime.probe();
  const a = runtime.snapshot('a');
  assert.deepEqual([a?.state.exitCode, a?.sample, a?.failures], [3, undefined, 0]);
});

test('counters that fall without a restart begin after the sample before, their group alone', async () => {
  const runtime = new TrackedRuntime(['a']);
  const a = runtime.container('a');
  const writes = (value: number) => ({ serviceBytes: [{ major: 8, minor: 0, operation: 'write', value }] });
  a.extra = { blockIo: writes(100) };
  a.networks = [eth(0, 100), eth(1, 100)];
  await runtime.probe();
  a.extra = { blockIo: writes(4) };
  a.networks = [eth(0, 4), eth(1, 100)];
  await runtime.probe();
  const starts = ['block-io', 'eth0', 'eth1', 'cpu'].map((group) => startOf(runtime, group));
  assert.deepEqual(starts, [-10_000, -10_000, -20_000, -20_000]);
});

test('an interface that joins, or comes back, begins after the last sample without it', async () => {
  const runtime = new TrackedRuntime(['a']);
  const a = runtime.container('a');
  a.networks = [eth(0, 100), eth(1, 50)];
  await runtime.probe();
  a.networks = [eth(0, 110)];
  await runtime.probe();
  // More than it had before it was taken away, and yet from zero.
  a.networks = [eth(0, 120), eth(1, 60), eth(2, 5)];
  await runtime.probe();
  assert.deepEqual(
    ['eth0', 'eth1', 'eth2'].map((name) => startOf(runtime, name)),
    [-30_000, -10_000, -10_000],
  );
});

test('an answer without networks is no detaching of them', async () => {
  const runtime = new TrackedRuntime(['a']);
  const a = runtime.container('a');
  a.networks = [eth(0, 100)];
  await runtime.probe();
  a.networks = undefined;
  await runtime.probe();
  a.networks = [eth(0, 120)];
  await runtime.probe();
  assert.equal(startOf(runtime, 'eth0'), -30_000);
});

test('a runtime whose clock is ahead gives one start, not a moving one', async () => {
  const runtime = new TrackedRuntime(['a']);
  runtime.container('a').startedAt += 60 * minute;
  await runtime.probe(0);
  await runtime.probe();
  await runtime.probe();
  assert.equal(startOf(runtime), -20_000);
});

test('an inspect without a start time begins no new run', async () => {
  const runtime = new TrackedRuntime(['a']);
  const { source } = runtime;
  await runtime.probe();
  const inspect = source.inspect.bind(source);
  source.inspect = async (id, signal) => {
    const { state, ...rest } = await inspect(id, signal);
    const { startedAt: _, ...without } = state;
    return { ...rest, state: without };
  };
  await runtime.probe(61_000);
  assert.deepEqual([startOf(runtime), runtime.snapshot('a')?.previous !== undefined], [-71_000, true]);
});

test('integers beyond 2^53 are compared exactly', async () => {
  const runtime = new TrackedRuntime(['a']);
  const a = runtime.container('a');
  const sampled = (totalNanos: bigint) => () => ({
    takenAt: runtime.clock.now(),
    windows: false,
    cpu: { totalNanos },
  });
  a.answer = sampled(2n ** 60n + 1n);
  await runtime.probe();
  a.answer = sampled(2n ** 60n);
  await runtime.probe();
  assert.equal(startOf(runtime), -10_000);
});

test('what was given to a reader does not change under its hands', async () => {
  const runtime = new TrackedRuntime(['a']);
  await runtime.probe();
  const held = runtime.snapshot('a');
  const before = held?.starts.of('cpu');
  runtime.container('a').cpuNanos = 1;
  await runtime.probe();
  assert.equal(held?.starts.of('cpu'), before);
  assert.notEqual(runtime.snapshot('a')?.starts.of('cpu'), before);
});

test('pressure, events of memory and bursts begin with the run, and again each by itself when they fall', async () => {
  const runtime = new TrackedRuntime(['a']);
  const a = runtime.container('a');
  const counted = (kills: number, stalled: number, burstPeriods: number) => ({
    cpu: { totalNanos: 1e9, throttling: { periods: 9, burstPeriods } },
    memory: { usage: 1, stats: {}, events: { oom_kill: kills, max: 9 } },
    pressure: { io: { someNanos: 9, fullNanos: stalled } },
  });
  const startsOf = () => {
    const starts = runtime.snapshot('a')?.starts ?? assert.fail();
    const all = [
      starts.of('memory', memoryEventCounter('oom_kill')),
      starts.of('memory', memoryEventCounter('max')),
      starts.of('pressure', pressureCounter('io', 'fullNanos')),
      starts.of('pressure', pressureCounter('io', 'someNanos')),
      starts.of('cpu', 'burstPeriods'),
      starts.of('cpu', 'periods'),
    ];
    return all.map((start) => start - runtime.clock.now());
  };
  a.extra = counted(2, 5, 3);
  await runtime.probe();
  assert.deepEqual(startsOf(), [-10_000, -10_000, -10_000, -10_000, -10_000, -10_000]);
  a.extra = counted(1, 4, 1);
  await runtime.probe();
  assert.deepEqual(startsOf(), [-10_000, -20_000, -10_000, -20_000, -10_000, -20_000]);
  a.restart();
  await runtime.probe();
  const restartedAt = -10_000;
  assert.deepEqual(
    startsOf(),
    Array.from({ length: 6 }, () => restartedAt),
  );
});
