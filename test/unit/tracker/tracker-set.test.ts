import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SourceError } from '../../../src/sources/source-error.ts';
import { Trackers } from '../../../src/tracker/trackers.ts';
import { FakeClock } from '../../support/fakes/fake-clock.ts';
import { isPending } from '../../support/assert/is-pending.ts';
import { ScriptedContainer } from '../../support/fakes/scripted-container.ts';
import { hang, hangUntilAborted } from '../../support/fakes/scripted-source.ts';
import { patientMillis, probeTimeoutMillis, TrackedEngine } from '../../support/fakes/tracked-engine.ts';

const away = new SourceError('unreachable', 'connect ECONNREFUSED');

function names(engine: TrackedEngine): string[] {
  return engine.set.snapshot().containers.map(({ identity }) => identity.name);
}

test('the set equals the list, whatever joins, goes and is renamed', async () => {
  const engine = new TrackedEngine(['a', 'b']);
  assert.equal(engine.set.snapshot().lastSuccess, undefined);
  await engine.probe();
  assert.deepEqual(names(engine), ['a', 'b']);
  const { owner } = engine.snapshot('b') ?? {};
  engine.source.containers = [engine.container('b'), new ScriptedContainer('c', engine.clock)];
  await engine.probe();
  assert.deepEqual(names(engine), ['b', 'c']);
  assert.equal(engine.snapshot('b')?.owner, owner);
  engine.container('c').name = 'renamed';
  await engine.probe();
  assert.deepEqual(names(engine), ['b', 'renamed']);
  engine.source.containers = [];
  await engine.probe();
  assert.deepEqual([names(engine), engine.set.snapshot().containerCount], [[], 0]);
});

test('an engine that names a container twice has it once', async () => {
  const engine = new TrackedEngine(['a']);
  engine.source.containers = [engine.container('a'), engine.container('a')];
  await engine.probe();
  assert.deepEqual([names(engine), engine.set.snapshot().containerCount], [['a'], 1]);
  assert.equal(engine.source.count('sample'), 1);
});

test('a failed list unpublishes everything, removes nothing, and is logged once per change', async () => {
  const engine = new TrackedEngine(['a']);
  await engine.probe();
  const { owner } = engine.snapshot('a') ?? {};
  const { lastSuccess } = engine.set.snapshot();
  engine.source.before = (call) => {
    if (call === 'list') throw away;
  };
  for (let round = 0; round < 3; round += 1) await engine.probe();
  const failed = engine.set.snapshot();
  assert.deepEqual([failed.containers, failed.containerCount], [[], undefined]);
  assert.equal(failed.lastSuccess, lastSuccess);
  assert.match(engine.set.failure ?? '', /ECONNREFUSED/);
  assert.deepEqual(engine.observer.errors('list'), ['unreachable', 'unreachable', 'unreachable']);
  engine.source.before = () => undefined;
  await engine.probe();
  await engine.probe();
  assert.equal(engine.snapshot('a')?.owner, owner);
  assert.equal(engine.set.failure, undefined);
  assert.deepEqual(engine.log.messages, ['engine answers', 'engine does not answer', 'engine answers']);
  assert.deepEqual(
    engine.observer.probes.map(({ succeeded }) => succeeded),
    [true, false, false, false, true, true],
  );
});

test('a list that answers 404 is a failure and counts as one', async () => {
  const engine = new TrackedEngine(['a']);
  engine.source.before = (call) => {
    if (call === 'list') throw new SourceError('not-found', 'list: page not found');
  };
  await engine.probe();
  assert.deepEqual(engine.observer.errors('list'), ['not-found']);
  assert.equal(engine.set.wasProbed, false);
});

test('whatever a source throws, update does not', async () => {
  for (const thrown of [undefined, null, 'text', 42, new TypeError('no'), { code: 'EACCES' }]) {
    for (const call of ['describe', 'list', 'inspect', 'sample'] as const) {
      const engine = new TrackedEngine(['a']);
      engine.source.before = (each) => (each === call ? Promise.reject(thrown) : undefined);
      await engine.probe();
      assert.equal(engine.observer.probes.length, 1);
    }
  }
});

test('failures have a duration, too', async () => {
  const engine = new TrackedEngine(['a']);
  engine.source.before = async (call) => {
    await engine.clock.sleep(700);
    if (call === 'list') throw away;
  };
  const update = engine.set.update(patientMillis);
  await engine.clock.advance(2000);
  await update;
  assert.deepEqual(engine.observer.probes, [
    { engine: 'unix:///scripted.sock', seconds: 1.4, succeeded: false },
  ]);
  assert.equal(engine.observer.calls.at(-1)?.seconds, 0.7);
});

for (const [kind, wait] of [
  ['obeys', hangUntilAborted],
  ['ignores', hang],
] as const) {
  test(`a list that hangs and ${kind} its signal holds the engine no longer than the total time-out`, async () => {
    const engine = new TrackedEngine(['a']);
    await engine.probe();
    engine.source.before = (call, _, signal) => (call === 'list' ? wait(signal) : undefined);
    await engine.clock.advance(10_000);
    const impatient = engine.set.update(500);
    await engine.clock.advance(500);
    assert.equal(await impatient, 'timed-out');
    // What there is, while the probe goes on.
    assert.equal(engine.cpu('a'), 1e9);
    const patient = engine.set.update(patientMillis);
    await engine.clock.advance(probeTimeoutMillis);
    assert.equal(await patient, 'joined');
    assert.deepEqual([names(engine), engine.observer.errors('list')], [[], ['timeout']]);
    engine.source.before = () => undefined;
    await engine.probe();
    assert.equal(engine.cpu('a'), 1e9);
  });
}

test('what a given-up probe did not reach is not shown any more, and the giving up is logged once', async () => {
  const many = Array.from({ length: 1100 }, (_, index) => `c${index}`);
  const engine = new TrackedEngine(many);
  await engine.probe();
  assert.equal(engine.cpu('c1099'), 1e9);
  engine.source.before = (call) => (call === 'sample' ? hang() : undefined);
  for (let round = 0; round < 2; round += 1) {
    const update = engine.set.update(patientMillis);
    await engine.clock.advance(probeTimeoutMillis);
    await update;
  }
  const shown = engine.set.snapshot().containers.filter(({ sample }) => sample);
  assert.equal(shown.length, 0);
  const messages = engine.log.messages.filter((message) => message.startsWith('engine'));
  assert.deepEqual(messages, ['engine answers', 'engine answers too slowly']);
  assert.equal(engine.observer.probes.at(-1)?.succeeded, false);
});

test('the engine is described at first, after a failure and every ten minutes', async () => {
  const engine = new TrackedEngine([]);
  for (let round = 0; round < 61; round += 1) await engine.probe();
  assert.equal(engine.source.count('describe'), 2);
  engine.source.before = (call) => {
    if (call === 'list') throw away;
  };
  await engine.probe();
  engine.source.before = () => undefined;
  await engine.probe();
  assert.equal(engine.source.count('describe'), 3);
});

test('several engines: one hangs, the other delivers within the inline time-out', async () => {
  const clock = new FakeClock();
  const hung = new TrackedEngine(['a'], clock, 'unix:///hung.sock');
  const healthy = new TrackedEngine(['b'], clock, 'unix:///healthy.sock');
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
  assert.deepEqual(trackers.notYetProbed(), [{ engine: 'unix:///hung.sock', reason: 'not probed yet' }]);
  const echo = trackers.update({ waitMillis: 0, isEcho: true });
  await clock.advance(0);
  await echo;
  assert.equal(hung.observer.inlineTimeouts.length, 1);
  trackers.close();
});

test('close gives the probe up without blaming anybody', async () => {
  const engine = new TrackedEngine(['a', 'b']);
  engine.source.before = (call) => (call === 'sample' ? hang() : undefined);
  const update = engine.set.update(patientMillis);
  await engine.clock.advance(5);
  engine.set.close();
  await update;
  assert.deepEqual(engine.log.messages, []);
  assert.equal(engine.source.isClosed, true);
  assert.equal(engine.snapshot('a')?.failures, 0);
});
