import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SourceError } from '../../../../src/sources/source-error.ts';
import type { SourceCall } from '../../../support/fakes/scripted-source.ts';
import { hang } from '../../../support/fakes/scripted-source.ts';
import { patientMillis, TrackedEngine } from '../../../support/fakes/tracked-engine.ts';

function failing(engine: TrackedEngine, call: SourceCall, name: string, error: unknown): void {
  const { id } = engine.container(name);
  engine.source.before = (each, of) => {
    if (each === call && of === id) throw error;
  };
}

const broken = new SourceError('engine-error', 'status 500');

function shown(engine: TrackedEngine, name: string): unknown {
  const snapshot = engine.snapshot(name);
  return snapshot && [snapshot.failures, Boolean(snapshot.sample), snapshot.published];
}

for (const [call, told] of [
  ['inspect', 'inspect'],
  ['sample', 'stats'],
] as const) {
  test(`a failed ${call} is counted for its container alone, and stays visible while its figures are hidden`, async () => {
    const engine = new TrackedEngine(['a', 'b']);
    failing(engine, call, 'a', broken);
    await engine.probe();
    await engine.probe();
    assert.deepEqual(shown(engine, 'a'), [2, false, call === 'sample']);
    assert.deepEqual(shown(engine, 'b'), [0, true, true]);
    assert.equal(engine.set.snapshot().containerCount, 2);
    assert.equal(engine.observer.probes.at(-1)?.succeeded, true);
    engine.source.before = () => undefined;
    await engine.probe();
    assert.deepEqual(shown(engine, 'a'), [2, true, true]);
    const lines = engine.log.messages.filter((message) => message.startsWith('container'));
    assert.deepEqual(lines, ['container cannot be measured', 'container is measured again']);
    assert.deepEqual(engine.observer.errors(told), ['engine-error', 'engine-error']);
  });
}

test('vanishing or stopping in between is no failure: who it is stays, its usage goes', async () => {
  const gone = new SourceError('not-found', 'no such container');
  const stopped = new SourceError('not-running', 'container is not running');
  for (const [call, error] of [
    ['sample', gone],
    ['sample', stopped],
    ['inspect', gone],
  ] as const) {
    const engine = new TrackedEngine(['a']);
    await engine.probe();
    failing(engine, call, 'a', error);
    await engine.probe(61_000);
    const a = engine.snapshot('a');
    assert.deepEqual([a?.failures, a?.published, a?.state.status], [0, true, 'running'], call);
    assert.deepEqual([a?.sample, a?.previous], [undefined, undefined]);
    assert.deepEqual([engine.observer.errors('stats'), engine.observer.errors('inspect')], [[], []]);
    assert.deepEqual(engine.log.messages, ['engine answers']);
  }
});

test('one that vanished before it was ever inspected shows nothing', async () => {
  const engine = new TrackedEngine(['a']);
  failing(engine, 'inspect', 'a', new SourceError('not-found', 'gone'));
  await engine.probe();
  assert.deepEqual(engine.set.snapshot().containers, []);
  assert.equal(engine.set.snapshot().containerCount, 1);
});

test('not running: usage goes, who it is, its state, exit code and restarts stay', async () => {
  const engine = new TrackedEngine(['a']);
  await engine.probe();
  assert.equal(engine.cpu('a'), 1e9);
  engine.container('a').restartCount = 3;
  engine.container('a').exit(137);
  const samples = engine.source.count('sample');
  await engine.probe();
  const a = engine.snapshot('a');
  assert.deepEqual([a?.sample, a?.published, a?.identity.name], [undefined, true, 'a']);
  assert.deepEqual([a?.state.status, a?.state.exitCode, a?.state.restartCount], ['exited', 137, 3]);
  assert.equal(engine.source.count('sample'), samples);
  engine.container('a').restart();
  await engine.probe();
  assert.equal(engine.cpu('a'), 1e8);
});

test('paused is measured, an unknown state is asked', async () => {
  const engine = new TrackedEngine(['a', 'b']);
  engine.container('a').status = 'paused';
  engine.container('b').status = 'dead';
  await engine.probe();
  assert.deepEqual([engine.cpu('a'), engine.cpu('b')], [1e9, undefined]);
  const { source } = engine;
  const inspect = source.inspect.bind(source);
  source.inspect = async (id, signal) => ({ ...(await inspect(id, signal)), state: {} });
  source.list = () =>
    Promise.resolve(source.containers.map(({ id, name }) => ({ id, name, statusText: '' })));
  engine.container('b').status = 'running';
  await engine.probe();
  assert.equal(engine.cpu('b'), 1e9);
});

test('figures appear when first measured, the difference when measured twice', async () => {
  const engine = new TrackedEngine(['a']);
  const a = engine.container('a');
  engine.source.before = (call) => (call === 'sample' ? hang() : undefined);
  const update = engine.set.update(0);
  await engine.clock.advance(0);
  await update;
  assert.deepEqual([engine.snapshot('a')?.published, engine.cpu('a')], [true, undefined]);
  const again = new TrackedEngine(['a']);
  await again.probe();
  assert.deepEqual([again.cpu('a'), again.snapshot('a')?.previous], [a.cpuNanos, undefined]);
  const first = again.snapshot('a')?.sample;
  again.container('a').cpuNanos = 2e9;
  await again.probe();
  const { previous } = again.snapshot('a') ?? {};
  assert.deepEqual([again.cpu('a'), previous?.takenAt, previous?.cpu], [2e9, first?.takenAt, first?.cpu]);
});

test('the same sample again keeps its time and the sample before it', async () => {
  const engine = new TrackedEngine(['a']);
  await engine.probe();
  const first = engine.snapshot('a')?.sample;
  await engine.probe();
  const second = engine.snapshot('a')?.sample;
  assert.ok(second);
  engine.container('a').answer = () => second;
  await engine.probe();
  const { sample, previous } = engine.snapshot('a') ?? {};
  assert.deepEqual([sample, previous?.takenAt], [second, first?.takenAt]);
});

test('the state carries the time of the list, however long the other containers took', async () => {
  const names = Array.from({ length: 12 }, (_, index) => `c${index}`);
  const engine = new TrackedEngine(names);
  let millis = 0;
  // Fast enough for the pool to take them one after another.
  engine.source.before = (call) => (call === 'sample' ? engine.clock.sleep((millis += 15)) : undefined);
  const listedAt = engine.clock.now();
  const update = engine.set.update(patientMillis);
  await engine.clock.advance(20_000);
  await update;
  for (const name of names) assert.equal(engine.snapshot(name)?.stateAt, listedAt, name);
});
