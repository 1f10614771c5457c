import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UsageSource } from '../../../src/sources/container-source.ts';
import { SourceError } from '../../../src/sources/source-error.ts';
import { Trackers } from '../../../src/tracker/trackers.ts';
import { FakeClock } from '../../support/fakes/fake-clock.ts';
import { isPending } from '../../support/assert/is-pending.ts';
import { ScriptedContainer } from '../../support/fakes/scripted-container.ts';
import { hang, hangUntilAborted } from '../../support/fakes/scripted-source.ts';
import { ampleMillis, probeTimeoutMillis, TrackedRuntime } from '../../support/fakes/tracked-runtime.ts';

const away = new SourceError('unreachable', 'connect ECONNREFUSED');

function names(runtime: TrackedRuntime): string[] {
  return runtime.set.snapshot().containers.map(({ identity }) => identity.name);
}

test('the set equals the list, whatever joins, goes and is renamed', async () => {
  const runtime = new TrackedRuntime(['a', 'b']);
  assert.equal(runtime.set.snapshot().lastSuccess, undefined);
  await runtime.probe();
  assert.deepEqual(names(runtime), ['a', 'b']);
  const { owner } = runtime.snapshot('b') ?? {};
  runtime.source.containers = [runtime.container('b'), new ScriptedContainer('c', runtime.clock)];
  await runtime.probe();
  assert.deepEqual(names(runtime), ['b', 'c']);
  assert.equal(runtime.snapshot('b')?.owner, owner);
  runtime.container('c').name = 'renamed';
  await runtime.probe();
  assert.deepEqual(names(runtime), ['b', 'renamed']);
  runtime.source.containers = [];
  await runtime.probe();
  assert.deepEqual([names(runtime), runtime.set.snapshot().containerCount], [[], 0]);
});

test('containers that the list holds and that cannot be measured exist all the same', async () => {
  const runtime = new TrackedRuntime(['a', 'b']);
  runtime.source.refusedCount = 3;
  await runtime.probe();
  assert.deepEqual([names(runtime), runtime.set.snapshot().containerCount], [['a', 'b'], 5]);
});

test('a runtime that names a container twice has it once', async () => {
  const runtime = new TrackedRuntime(['a']);
  runtime.source.containers = [runtime.container('a'), runtime.container('a')];
  await runtime.probe();
  assert.deepEqual([names(runtime), runtime.set.snapshot().containerCount], [['a'], 1]);
  assert.equal(runtime.source.count('sample'), 1);
});

test('a failed list unpublishes everything, removes nothing, and is logged once per change', async () => {
  const runtime = new TrackedRuntime(['a']);
  await runtime.probe();
  const { owner } = runtime.snapshot('a') ?? {};
  const { lastSuccess } = runtime.set.snapshot();
  runtime.source.before = (call) => {
    if (call === 'list') throw away;
  };
  for (let round = 0; round < 3; round += 1) await runtime.probe();
  const failed = runtime.set.snapshot();
  assert.deepEqual([failed.containers, failed.containerCount], [[], undefined]);
  assert.equal(failed.lastSuccess, lastSuccess);
  assert.match(runtime.set.failure ?? '', /ECONNREFUSED/);
  assert.deepEqual(runtime.observer.errors('list'), ['unreachable', 'unreachable', 'unreachable']);
  runtime.source.before = () => undefined;
  await runtime.probe();
  await runtime.probe();
  assert.equal(runtime.snapshot('a')?.owner, owner);
  assert.equal(runtime.set.failure, undefined);
  assert.deepEqual(runtime.log.messages, ['runtime answers', 'runtime does not answer', 'runtime answers']);
  assert.deepEqual(
    runtime.observer.probes.map(({ succeeded }) => succeeded),
    [true, false, false, false, true, true],
  );
});

test('a list that answers 404 is a failure and counts as one', async () => {
  const runtime = new TrackedRuntime(['a']);
  runtime.source.before = (call) => {
    if (call === 'list') throw new SourceError('not-found', 'list: page not found');
  };
  await runtime.probe();
  assert.deepEqual(runtime.observer.errors('list'), ['not-found']);
  assert.equal(runtime.set.wasProbed, false);
});

test('whatever a source throws, update does not', async () => {
  for (const thrown of [undefined, null, 'text', 42, new TypeError('no'), { code: 'EACCES' }]) {
    for (const call of ['describe', 'list', 'inspect', 'sample'] as const) {
      const runtime = new TrackedRuntime(['a']);
      runtime.source.before = (each) => (each === call ? Promise.reject(thrown) : undefined);
      await runtime.probe();
      assert.equal(runtime.observer.probes.length, 1);
    }
  }
});

test('failures have a duration, too', async () => {
  const runtime = new TrackedRuntime(['a']);
  runtime.source.before = async (call) => {
    await runtime.clock.sleep(700);
    if (call === 'list') throw away;
  };
  const update = runtime.set.update(ampleMillis);
  await runtime.clock.advance(2000);
  await update;
  assert.deepEqual(runtime.observer.probes, [
    { runtime: 'unix:///scripted.sock', seconds: 1.4, succeeded: false },
  ]);
  assert.equal(runtime.observer.calls.at(-1)?.seconds, 0.7);
});

for (const [kind, wait] of [
  ['obeys', hangUntilAborted],
  ['ignores', hang],
] as const) {
  test(`a list that hangs and ${kind} its signal holds the runtime no longer than the total time-out`, async () => {
    const runtime = new TrackedRuntime(['a']);
    await runtime.probe();
    runtime.source.before = (call, _, signal) => (call === 'list' ? wait(signal) : undefined);
    await runtime.clock.advance(10_000);
    const impatient = runtime.set.update(500);
    await runtime.clock.advance(500);
    assert.equal(await impatient, 'timed-out');
    // The values so far, while the probe goes on.
    assert.equal(runtime.cpu('a'), 1e9);
    const whole = runtime.set.update(ampleMillis);
    await runtime.clock.advance(probeTimeoutMillis);
    assert.equal(await whole, 'joined');
    assert.deepEqual([names(runtime), runtime.observer.errors('list')], [[], ['timeout']]);
    runtime.source.before = () => undefined;
    await runtime.probe();
    assert.equal(runtime.cpu('a'), 1e9);
  });
}

test('what a given-up probe did not reach is not shown any more, and the giving up is logged once', async () => {
  const many = Array.from({ length: 1100 }, (_, index) => `c${index}`);
  const runtime = new TrackedRuntime(many);
  await runtime.probe();
  assert.equal(runtime.cpu('c1099'), 1e9);
  runtime.source.before = (call) => (call === 'sample' ? hang() : undefined);
  for (let round = 0; round < 2; round += 1) {
    const update = runtime.set.update(ampleMillis);
    await runtime.clock.advance(probeTimeoutMillis);
    await update;
  }
  const shown = runtime.set.snapshot().containers.filter(({ sample }) => sample);
  assert.equal(shown.length, 0);
  const messages = runtime.log.messages.filter((message) => message.startsWith('runtime'));
  assert.deepEqual(messages, ['runtime answers', 'runtime answers too slowly']);
  assert.equal(runtime.observer.probes.at(-1)?.succeeded, false);
});

test('the runtime is described at first, after a failure and every ten minutes', async () => {
  const runtime = new TrackedRuntime([]);
  for (let round = 0; round < 61; round += 1) await runtime.probe();
  assert.equal(runtime.source.count('describe'), 2);
  runtime.source.before = (call) => {
    if (call === 'list') throw away;
  };
  await runtime.probe();
  runtime.source.before = () => undefined;
  await runtime.probe();
  assert.equal(runtime.source.count('describe'), 3);
});

test('several runtimes: one hangs, the other delivers within the inline time-out', async () => {
  const clock = new FakeClock();
  const hung = new TrackedRuntime(['a'], clock, 'unix:///hung.sock');
  const healthy = new TrackedRuntime(['b'], clock, 'unix:///healthy.sock');
  hung.source.before = () => hang();
  const trackers = new Trackers([hung.set, healthy.set], 20_000, hung.observer);
  const update = trackers.update();
  await clock.advance(19_999);
  assert.equal(await isPending(update), true);
  await clock.advance(1);
  await update;
  const [nothing, something] = trackers.snapshots();
  assert.deepEqual([nothing?.containers, something?.containerCount], [[], 1]);
  assert.deepEqual(hung.observer.inlineTimeouts, ['unix:///hung.sock']);
  assert.deepEqual(trackers.notYetProbed(), [{ runtime: 'unix:///hung.sock', reason: 'not probed yet' }]);
  const echo = trackers.update({ waitMillis: 0, isEcho: true });
  await clock.advance(0);
  await echo;
  assert.equal(hung.observer.inlineTimeouts.length, 1);
  trackers.close();
});

test('close gives the probe up without blaming anybody', async () => {
  const runtime = new TrackedRuntime(['a', 'b']);
  runtime.source.before = (call) => (call === 'sample' ? hang() : undefined);
  const update = runtime.set.update(ampleMillis);
  await runtime.clock.advance(5);
  runtime.set.close();
  await update;
  assert.deepEqual(runtime.log.messages, []);
  assert.equal(runtime.source.isClosed, true);
  assert.equal(runtime.snapshot('a')?.failures, 0);
});

test('only runtimes that answer are waited for at the end', async () => {
  const clock = new FakeClock();
  const make = (name: string): TrackedRuntime => new TrackedRuntime(['a'], clock, name);
  const [good, never, failing, hanging] = [make('good'), make('never'), make('failing'), make('hanging')];
  const sets = [good, never, failing, hanging].map(({ set }) => set);
  const trackers = new Trackers(sets, ampleMillis, good.observer);
  never.source.before = hang;
  void trackers.update();
  await clock.advance(10_000);
  failing.source.before = () => {
    throw away;
  };
  hanging.source.before = (_call, _id, signal) => hangUntilAborted(signal);
  const update = trackers.update();
  await clock.advance(100);
  assert.deepEqual(
    sets.map(({ isAnswering }) => isAnswering),
    [true, false, false, true],
    'a probe may take a while',
  );
  await clock.advance(1000);
  assert.equal(hanging.set.isAnswering, false);
  trackers.closeUnanswering();
  assert.deepEqual(
    [good, never, failing, hanging].map(({ source }) => source.isClosed),
    [false, true, true, true],
  );
  assert.equal(await isPending(update), true, 'the one that ignores its signal is left behind');
  await clock.advance(10_000);
  const started = good.source.count('list');
  await trackers.update({ waitMillis: 0 });
  assert.equal(good.source.count('list'), started + 1);
});

test('after each probe the usage source lets go of containers that stopped or are gone', async () => {
  const kept: string[][] = [];
  const measured: TrackedRuntime[] = [];
  const usage: UsageSource = {
    kind: 'cgroup',
    round: (signal) => measured[0]?.source.usage.round(signal) ?? assert.fail('no runtime'),
    retain: (mayRun) =>
      kept.push(['a', 'b', 'c'].filter((name) => mayRun(new ScriptedContainer(name, new FakeClock()).id))),
  };
  const runtime = new TrackedRuntime(['a', 'b', 'c'], new FakeClock(), undefined, { usage });
  measured.push(runtime);
  await runtime.probe();
  runtime.container('a').exit(0);
  runtime.source.containers = [runtime.container('a'), runtime.container('b')];
  await runtime.probe();
  runtime.container('b').exit(0);
  await runtime.probe();
  assert.deepEqual(kept, [['a', 'b', 'c'], ['b'], []]);
  runtime.set.close();
});
