import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InterfaceUsage } from '../../../../src/model/sample.ts';
import { SourceError } from '../../../../src/sources/source-error.ts';
import { hang } from '../../../support/fakes/scripted-source.ts';
import { patientMillis, TrackedEngine } from '../../../support/fakes/tracked-engine.ts';

const minute = 60_000;

function eth(index: number, receivedBytes: number): InterfaceUsage {
  return { name: `eth${index}`, receivedBytes };
}

/** Of a run that is told in minutes: only a fall, a change in the list or a minute has it inspected again. */
function steady(): TrackedEngine {
  const engine = new TrackedEngine(['a']);
  engine.container('a').startedAt -= 5 * minute;
  return engine;
}

/** When counters of container `a` began, relative to the present. */
function startOf(engine: TrackedEngine, group: Parameters<TrackedEngine['snapshot']>[0] = 'cpu'): number {
  const starts = engine.snapshot('a')?.starts;
  assert.ok(starts);
  const name =
    group === 'cpu' || group === 'memory' || group === 'block-io' ? group : (`network ${group}` as const);
  return starts.of(name) - engine.clock.now();
}

test('counters begin at the start of the container, however late it is first seen', async () => {
  const engine = new TrackedEngine(['a']);
  const a = engine.container('a');
  a.startedAt -= 5 * minute;
  a.networks = [eth(0, 7)];
  await engine.probe(0);
  for (const group of ['cpu', 'memory', 'block-io', 'eth0'])
    assert.equal(startOf(engine, group), -5 * minute);
});

test('after a restart counters begin anew, and nothing of the old run is compared with the new', async () => {
  const engine = new TrackedEngine(['a']);
  await engine.probe(5 * minute);
  engine.container('a').restart();
  const restartedAt = engine.clock.now();
  await engine.probe();
  const a = engine.snapshot('a');
  assert.deepEqual([a?.starts.of('cpu'), engine.cpu('a'), a?.previous], [restartedAt, 1e8, undefined]);
});

test('a restart that only the fallen CPU time tells begins anew in that same probe', async () => {
  const engine = steady();
  const a = engine.container('a');
  await engine.probe();
  await engine.probe();
  const restartedAt = engine.clock.now() + 9000;
  let inspects = engine.source.count('inspect');
  // The list and its text are older than the restart.
  engine.source.before = (call) => {
    if (call === 'sample' && a.startedAt < restartedAt) a.restart();
  };
  await engine.clock.advance(9000);
  await engine.set.update(patientMillis);
  inspects = engine.source.count('inspect') - inspects;
  assert.deepEqual([inspects, startOf(engine), engine.cpu('a')], [1, 0, 1e8]);
  assert.equal(engine.snapshot('a')?.previous, undefined);
  assert.equal(engine.snapshot('a')?.state.startedAt, restartedAt);
});

test('while a restart is being looked into, nothing of the old run is shown under a new start', async () => {
  const engine = steady();
  await engine.probe();
  engine.container('a').cpuNanos = 5e8;
  engine.source.before = (call) => (call === 'inspect' ? hang() : undefined);
  await engine.clock.advance(10_000);
  const update = engine.set.update(0);
  await engine.clock.advance(0);
  assert.equal(await update, 'timed-out');
  assert.equal(engine.snapshot('a')?.sample, undefined);
});

test('a restart whose inspect fails leaves no older sample to compare with', async () => {
  const engine = new TrackedEngine(['a']);
  await engine.probe();
  engine.container('a').cpuNanos = 5e8;
  engine.source.before = (call) => {
    if (call === 'inspect') throw new SourceError('engine-error', 'no');
  };
  await engine.probe();
  assert.deepEqual([engine.cpu('a'), engine.snapshot('a')?.failures], [undefined, 1]);
  engine.source.before = () => undefined;
  await engine.probe();
  assert.deepEqual([engine.cpu('a'), engine.snapshot('a')?.previous], [5e8, undefined]);
  assert.equal(startOf(engine), -20_000);
});

test('a container that exits while its restart is looked into shows no usage', async () => {
  const engine = new TrackedEngine(['a']);
  await engine.probe();
  engine.container('a').cpuNanos = 5e8;
  engine.source.before = (call) => {
    if (call === 'inspect') engine.container('a').exit(3);
  };
  await engine.probe();
  const a = engine.snapshot('a');
  assert.deepEqual([a?.state.exitCode, a?.sample, a?.failures], [3, undefined, 0]);
});

test('counters that fall without a restart begin after the sample before, their group alone', async () => {
  const engine = new TrackedEngine(['a']);
  const a = engine.container('a');
  const writes = (value: number) => ({ serviceBytes: [{ major: 8, minor: 0, operation: 'write', value }] });
  a.extra = { blockIo: writes(100) };
  a.networks = [eth(0, 100), eth(1, 100)];
  await engine.probe();
  a.extra = { blockIo: writes(4) };
  a.networks = [eth(0, 4), eth(1, 100)];
  await engine.probe();
  const starts = ['block-io', 'eth0', 'eth1', 'cpu'].map((group) => startOf(engine, group));
  assert.deepEqual(starts, [-10_000, -10_000, -20_000, -20_000]);
});

test('an interface that joins, or comes back, begins after the last sample without it', async () => {
  const engine = new TrackedEngine(['a']);
  const a = engine.container('a');
  a.networks = [eth(0, 100), eth(1, 50)];
  await engine.probe();
  a.networks = [eth(0, 110)];
  await engine.probe();
  // More than it had before it was taken away, and yet from zero.
  a.networks = [eth(0, 120), eth(1, 60), eth(2, 5)];
  await engine.probe();
  assert.deepEqual(
    ['eth0', 'eth1', 'eth2'].map((name) => startOf(engine, name)),
    [-30_000, -10_000, -10_000],
  );
});

test('an answer without networks is no detaching of them', async () => {
  const engine = new TrackedEngine(['a']);
  const a = engine.container('a');
  a.networks = [eth(0, 100)];
  await engine.probe();
  a.networks = undefined;
  await engine.probe();
  a.networks = [eth(0, 120)];
  await engine.probe();
  assert.equal(startOf(engine, 'eth0'), -30_000);
});

test('an engine whose clock is ahead gives one start, not a moving one', async () => {
  const engine = new TrackedEngine(['a']);
  engine.container('a').startedAt += 60 * minute;
  await engine.probe(0);
  await engine.probe();
  await engine.probe();
  assert.equal(startOf(engine), -20_000);
});

test('an inspect without a start time begins no new run', async () => {
  const engine = new TrackedEngine(['a']);
  const { source } = engine;
  await engine.probe();
  const inspect = source.inspect.bind(source);
  source.inspect = async (id, signal) => {
    const { state, ...rest } = await inspect(id, signal);
    const { startedAt: _, ...without } = state;
    return { ...rest, state: without };
  };
  await engine.probe(61_000);
  assert.deepEqual([startOf(engine), engine.snapshot('a')?.previous !== undefined], [-71_000, true]);
});

test('integers beyond 2^53 are compared exactly', async () => {
  const engine = new TrackedEngine(['a']);
  const a = engine.container('a');
  const sampled = (totalNanos: bigint) => () => ({
    takenAt: engine.clock.now(),
    windows: false,
    cpu: { totalNanos },
  });
  a.answer = sampled(2n ** 60n + 1n);
  await engine.probe();
  a.answer = sampled(2n ** 60n);
  await engine.probe();
  assert.equal(startOf(engine), -10_000);
});

test('what was given to a reader does not change under its hands', async () => {
  const engine = new TrackedEngine(['a']);
  await engine.probe();
  const held = engine.snapshot('a');
  const before = held?.starts.of('cpu');
  engine.container('a').cpuNanos = 1;
  await engine.probe();
  assert.equal(held?.starts.of('cpu'), before);
  assert.notEqual(engine.snapshot('a')?.starts.of('cpu'), before);
});
