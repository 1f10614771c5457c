import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ObservedEvents } from '../../../support/fakes/observed-events.ts';
import { ScriptedContainer } from '../../../support/fakes/scripted-container.ts';
import { ScriptedEvents } from '../../../support/fakes/scripted-events.ts';
import { TrackedRuntime } from '../../../support/fakes/tracked-runtime.ts';

/** A host with a stream of events and no change for longer than a minute. */
async function steadyHost(names: readonly string[]) {
  const events = new ScriptedEvents();
  const runtime = new TrackedRuntime(names, undefined, undefined, { events: new ObservedEvents() });
  runtime.source.eventsOf = events.source;
  // The first probe opens the stream, the second requests the events since before it was open.
  for (let probe = 0; probe < 14; probe += 1) await runtime.probe();
  const calls = () => ({ list: runtime.source.count('list'), inspect: runtime.source.count('inspect') });
  return { runtime, events, calls };
}

async function settle(runtime: TrackedRuntime): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await nextTurn();
  await runtime.clock.advance(300);
}

test('a steady host is listed once a minute and inspected never', async () => {
  const { runtime, calls } = await steadyHost(['web', 'db']);
  const before = calls();
  const samples = runtime.source.count('sample');
  for (let probe = 0; probe < 30; probe += 1) await runtime.probe();
  assert.deepEqual(calls(), { list: before.list + 5, inspect: before.inspect });
  assert.equal(runtime.source.count('sample'), samples + 60);
  assert.equal(runtime.snapshot('web')?.stateAt, runtime.clock.now(), 'what nobody contradicts is true now');
  runtime.set.close();
});

test('a new container is there at once, measured, and nobody else is asked', async () => {
  const { runtime, events, calls } = await steadyHost(['web']);
  const before = calls();
  const fresh = new ScriptedContainer('fresh', runtime.clock);
  runtime.source.containers.push(fresh);
  events.emit(fresh.id, 'start');
  await settle(runtime);
  assert.equal(runtime.snapshot('fresh')?.state.status, 'running');
  assert.notEqual(runtime.cpu('fresh'), undefined);
  assert.deepEqual(calls(), { list: before.list + 1, inspect: before.inspect + 1 });
  runtime.set.close();
});

test('a removed container is gone at once', async () => {
  const { runtime, events } = await steadyHost(['web', 'db']);
  const gone = runtime.container('db');
  runtime.source.containers = runtime.source.containers.filter((each) => each !== gone);
  events.emit(gone.id, 'destroy');
  await settle(runtime);
  assert.equal(runtime.snapshot('db'), undefined);
  assert.equal(runtime.set.snapshot().containerCount, 1);
  runtime.set.close();
});

test('a storm of events costs a few lists', async () => {
  const { runtime, events, calls } = await steadyHost(['web']);
  const before = calls();
  for (let event = 0; event < 10_000; event += 1) events.emit(runtime.container('web').id, 'start');
  await settle(runtime);
  await settle(runtime);
  assert.ok(calls().list - before.list <= 4, `${calls().list - before.list} lists`);
  runtime.set.close();
});

test('a stream that ends is opened again, and until then every probe lists', async () => {
  const { runtime, events, calls } = await steadyHost(['web']);
  const before = calls();
  events.end();
  await nextTurn();
  await runtime.set.update(1000);
  assert.equal(events.opened, 1);
  await runtime.probe();
  assert.equal(events.opened, 2);
  assert.ok(calls().list > before.list);
  const after = calls();
  await runtime.probe();
  await runtime.probe();
  assert.ok(calls().list - after.list <= 1, 'heard again');
  runtime.set.close();
});

test('a runtime that is back while a call for its events still fails is asked again at once', async () => {
  const runtime = new TrackedRuntime(['web'], undefined, undefined, { events: new ObservedEvents() });
  let asked = 0;
  let respond = (): Promise<undefined> => Promise.reject(new Error('away'));
  runtime.source.eventsOf = () => {
    asked += 1;
    return respond();
  };
  // The pauses grow to their maximum.
  await runtime.probe();
  for (let failure = 0; failure < 10; failure += 1) await runtime.clock.advance(90_000);
  const { promise, reject } = Promise.withResolvers<undefined>();
  respond = () => promise;
  await runtime.clock.advance(90_000);
  const before = asked;
  runtime.source.before = () => {
    throw new Error('away');
  };
  await runtime.probe();
  runtime.source.before = () => undefined;
  await runtime.probe();
  assert.equal(asked, before);
  reject(new Error('away'));
  await runtime.clock.advance(1500);
  assert.equal(asked, before + 1);
  runtime.set.close();
});

test('after a failed call the runtime is listed again, events or not', async () => {
  const { runtime, calls } = await steadyHost(['web']);
  runtime.source.before = (call) => {
    if (call === 'sample') throw new Error('no');
  };
  await runtime.probe();
  const before = calls();
  await runtime.probe();
  assert.equal(calls().list, before.list + 1);
  runtime.set.close();
});

test('a runtime whose events cannot be relied on is listed by every probe', async () => {
  const runtime = new TrackedRuntime(['web'], undefined, undefined, { events: new ObservedEvents() });
  for (let probe = 0; probe < 5; probe += 1) await runtime.probe();
  assert.equal(runtime.source.count('list'), 5);
  runtime.set.close();
});

/** A runtime whose stream a test writes, open for a while. */
async function listeningHost() {
  const events = new ScriptedEvents();
  const observer = new ObservedEvents();
  const runtime = new TrackedRuntime(['web'], undefined, undefined, { events: observer });
  runtime.source.eventsOf = events.source;
  await runtime.probe();
  await runtime.probe();
  const actions = () => observer.events.map(({ action }) => action);
  const { id } = runtime.container('web');
  const reopen = async (): Promise<void> => {
    events.end();
    await settle(runtime);
    await runtime.probe();
    await settle(runtime);
  };
  return { runtime, events, observer, actions, reopen, id };
}

test('a stream that is opened again begins before the last event heard, and tells none twice', async () => {
  const { runtime, events, observer, actions, reopen, id } = await listeningHost();
  events.emit(id, 'pause', 5e18);
  await settle(runtime);
  events.onOpen = () => events.emit(id, 'pause', 5e18);
  await reopen();
  events.emit(id, 'unpause', 5e18 + 2048);
  events.emit(id, 'unpause', 5e18 + 2048);
  await settle(runtime);
  assert.equal(events.sinceNanos, 5e18 - 1e9);
  assert.deepEqual(actions(), ['pause', 'unpause']);
  assert.equal(observer.gaps, 0, 'what came in between was remembered');
  assert.deepEqual(observer.listened, [true, false, true]);
  runtime.set.close();
});

test('a runtime that remembers later events only has forgotten some: a gap, and everything is looked at', async () => {
  const { runtime, events, observer, actions, reopen, id } = await listeningHost();
  events.emit(id, 'pause', 5e18);
  await settle(runtime);
  const inspects = runtime.source.count('inspect');
  events.onOpen = () => events.emit(id, 'unpause', 5e18 + 1e12);
  await reopen();
  assert.deepEqual(actions(), ['pause', 'unpause']);
  assert.equal(observer.gaps, 1);
  await runtime.probe();
  assert.ok(runtime.source.count('inspect') > inspects);
  runtime.set.close();
});

test('a runtime that remembers nothing was restarted: a gap, once', async () => {
  const { runtime, events, observer, reopen, id } = await listeningHost();
  events.emit(id, 'pause', 5e18);
  await settle(runtime);
  await reopen();
  await runtime.probe();
  assert.equal(observer.gaps, 1);
  events.emit(id, 'unpause', 6e18);
  await settle(runtime);
  assert.equal(observer.gaps, 1);
  runtime.set.close();
});

test('events that go back in time are new ones, and the next stream begins with the last that came', async () => {
  const { runtime, events, actions, reopen, id } = await listeningHost();
  events.emit(id, 'pause', 5e18);
  events.emit(id, 'unpause', 4e18);
  await settle(runtime);
  assert.deepEqual(actions(), ['pause', 'unpause']);
  await reopen();
  assert.equal(events.sinceNanos, 4e18 - 1e9);
  runtime.set.close();
});

test('what the runtime remembers from before anybody listened is not heard, although the clock was set back', async () => {
  const { runtime, events, observer, actions, reopen, id } = await listeningHost();
  const before = runtime.clock.now() * 1e6 - 1e12;
  events.emit(id, 'unpause', before - 1e12);
  await settle(runtime);
  events.onOpen = () => {
    for (let index = 0; index < 3; index += 1) events.emit(id, 'die', before + index * 1024);
    events.emit(id, 'unpause', before - 1e12);
    events.emit(id, 'oom', before - 5e11);
  };
  for (let times = 1; times <= 2; times += 1) {
    await reopen();
    assert.deepEqual(actions(), ['unpause', 'oom']);
  }
  assert.equal(observer.gaps, 0);
  runtime.set.close();
});

test('a runtime restarted with a clock that was set back: a gap, and what it tells is heard', async () => {
  const { runtime, events, observer, actions, reopen, id } = await listeningHost();
  events.emit(id, 'pause', 5e18);
  await settle(runtime);
  events.onOpen = () => events.emit(id, 'die', 4e18);
  await reopen();
  assert.deepEqual(actions(), ['pause', 'die']);
  events.emit(id, 'start', 4e18 + 2048);
  await settle(runtime);
  assert.deepEqual([actions(), observer.gaps], [['pause', 'die', 'start'], 1]);
  runtime.set.close();
});

test('a stream that does not tell what the list shows is opened anew', async () => {
  const { runtime, events, observer } = await listeningHost();
  await runtime.probe();
  runtime.source.containers.push(new ScriptedContainer('unheard', runtime.clock));
  const opened = events.opened;
  await runtime.probe(70_000);
  await runtime.probe();
  await runtime.probe();
  assert.equal(events.opened, opened + 1);
  assert.equal(observer.gaps, 1);
  runtime.set.close();
});
