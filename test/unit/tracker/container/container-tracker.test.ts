import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SourceError } from '../../../../src/sources/source-error.ts';
import type { SourceCall } from '../../../support/fakes/scripted-source.ts';
import { hang } from '../../../support/fakes/scripted-source.ts';
import { ampleMillis, TrackedRuntime } from '../../../support/fakes/tracked-runtime.ts';

function failing(runtime: TrackedRuntime, call: SourceCall, name: string, error: unknown): void {
  const { id } = runtime.container(name);
  runtime.source.before = (each, of) => {
    if (each === call && of === id) throw error;
  };
}

const broken = new SourceError('runtime-error', 'status 500');

function shown(runtime: TrackedRuntime, name: string): unknown {
  const snapshot = runtime.snapshot(name);
  return snapshot && [snapshot.failures, Boolean(snapshot.sample), snapshot.published];
}

for (const [call, outcome] of [
  ['inspect', 'inspect'],
  ['sample', 'stats'],
] as const) {
  test(`a failed ${call} is counted for its container alone, and stays visible while its figures are hidden`, async () => {
    const runtime = new TrackedRuntime(['a', 'b']);
    failing(runtime, call, 'a', broken);
    await runtime.probe();
    await runtime.probe();
    assert.deepEqual(shown(runtime, 'a'), [2, false, true]);
    assert.deepEqual(shown(runtime, 'b'), [0, true, true]);
    assert.equal(runtime.set.snapshot().containerCount, 2);
    assert.equal(runtime.observer.probes.at(-1)?.succeeded, true);
    runtime.source.before = () => undefined;
    await runtime.probe();
    assert.deepEqual(shown(runtime, 'a'), [2, true, true]);
    const lines = runtime.log.messages.filter((message) => message.startsWith('container'));
    assert.deepEqual(lines, ['container cannot be measured', 'container is measured again']);
    assert.deepEqual(runtime.observer.errors(outcome), ['runtime-error', 'runtime-error']);
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
    const runtime = new TrackedRuntime(['a']);
    await runtime.probe();
    failing(runtime, call, 'a', error);
    await runtime.probe(61_000);
    const a = runtime.snapshot('a');
    assert.deepEqual([a?.failures, a?.published, a?.state.status], [0, true, 'running'], call);
    assert.deepEqual([a?.sample, a?.previous], [undefined, undefined]);
    assert.deepEqual([runtime.observer.errors('stats'), runtime.observer.errors('inspect')], [[], []]);
    assert.deepEqual(runtime.log.messages, ['runtime answers']);
  }
});

test('one that vanished before it was ever inspected shows nothing', async () => {
  const runtime = new TrackedRuntime(['a']);
  failing(runtime, 'inspect', 'a', new SourceError('not-found', 'gone'));
  await runtime.probe();
  assert.deepEqual(runtime.set.snapshot().containers, []);
  assert.equal(runtime.set.snapshot().containerCount, 1);
});

test('not running: usage goes, who it is, its state, exit code and restarts stay', async () => {
  const runtime = new TrackedRuntime(['a']);
  await runtime.probe();
  assert.equal(runtime.cpu('a'), 1e9);
  runtime.container('a').restartCount = 3;
  runtime.container('a').exit(137);
  const samples = runtime.source.count('sample');
  await runtime.probe();
  const a = runtime.snapshot('a');
  assert.deepEqual([a?.sample, a?.published, a?.identity.name], [undefined, true, 'a']);
  assert.deepEqual([a?.state.status, a?.state.exitCode, a?.state.restartCount], ['exited', 137, 3]);
  assert.equal(runtime.source.count('sample'), samples);
  runtime.container('a').restart();
  await runtime.probe();
  assert.equal(runtime.cpu('a'), 1e8);
});

test('paused is measured, an unknown state is asked', async () => {
  const runtime = new TrackedRuntime(['a', 'b']);
  runtime.container('a').status = 'paused';
  runtime.container('b').status = 'dead';
  await runtime.probe();
  assert.deepEqual([runtime.cpu('a'), runtime.cpu('b')], [1e9, undefined]);
  const { source } = runtime;
  const inspect = source.inspect.bind(source);
  source.inspect = async (id, signal) => ({ ...(await inspect(id, signal)), state: {} });
  source.list = () =>
    Promise.resolve(
      source.containers.map(({ id, name }) => ({ id, name, revision: '', changedRecently: false })),
    );
  runtime.container('b').status = 'running';
  await runtime.probe();
  assert.equal(runtime.cpu('b'), 1e9);
});

test('figures appear when first measured, the difference when measured twice', async () => {
  const runtime = new TrackedRuntime(['a']);
  const a = runtime.container('a');
  runtime.source.before = (call) => (call === 'sample' ? hang() : undefined);
  const update = runtime.set.update(0);
  await runtime.clock.advance(0);
  await update;
  assert.deepEqual([runtime.snapshot('a')?.published, runtime.cpu('a')], [true, undefined]);
  const again = new TrackedRuntime(['a']);
  await again.probe();
  assert.deepEqual([again.cpu('a'), again.snapshot('a')?.previous], [a.cpuNanos, undefined]);
  const first = again.snapshot('a')?.sample;
  again.container('a').cpuNanos = 2e9;
  await again.probe();
  const { previous } = again.snapshot('a') ?? {};
  assert.deepEqual([again.cpu('a'), previous?.takenAt, previous?.cpu], [2e9, first?.takenAt, first?.cpu]);
});

test('the same sample again keeps its time and the sample before it', async () => {
  const runtime = new TrackedRuntime(['a']);
  await runtime.probe();
  const first = runtime.snapshot('a')?.sample;
  await runtime.probe();
  const second = runtime.snapshot('a')?.sample;
  assert.ok(second);
  runtime.container('a').answer = () => second;
  await runtime.probe();
  const { sample, previous } = runtime.snapshot('a') ?? {};
  assert.deepEqual([sample, previous?.takenAt], [second, first?.takenAt]);
});

test('the state carries the time of the list, however long the other containers took', async () => {
  const names = Array.from({ length: 12 }, (_, index) => `c${index}`);
  const runtime = new TrackedRuntime(names);
  let millis = 0;
  // Fast enough for the pool to take them one after another.
  runtime.source.before = (call) => (call === 'sample' ? runtime.clock.sleep((millis += 15)) : undefined);
  const listedAt = runtime.clock.now();
  const update = runtime.set.update(ampleMillis);
  await runtime.clock.advance(20_000);
  await update;
  for (const name of names) assert.equal(runtime.snapshot(name)?.stateAt, listedAt, name);
});
