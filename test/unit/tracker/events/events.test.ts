import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ObservedEvents } from '../../../support/fakes/observed-events.ts';
import { ScriptedContainer } from '../../../support/fakes/scripted-container.ts';
import { ScriptedEvents } from '../../../support/fakes/scripted-events.ts';
import { TrackedEngine } from '../../../support/fakes/tracked-engine.ts';

/** A host whose events are heard, steady for longer than a minute. */
async function steadyHost(names: readonly string[]) {
  const events = new ScriptedEvents();
  const engine = new TrackedEngine(names, undefined, undefined, { events: new ObservedEvents() });
  engine.source.eventsOf = events.source;
  // The first probe opens the stream, the second asks for what happened before it was open.
  for (let probe = 0; probe < 14; probe += 1) await engine.probe();
  const calls = () => ({ list: engine.source.count('list'), inspect: engine.source.count('inspect') });
  return { engine, events, calls };
}

async function settle(engine: TrackedEngine): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await nextTurn();
  await engine.clock.advance(300);
}

test('a steady host is listed once a minute and inspected never', async () => {
  const { engine, calls } = await steadyHost(['web', 'db']);
  const before = calls();
  const samples = engine.source.count('sample');
  for (let probe = 0; probe < 30; probe += 1) await engine.probe();
  assert.deepEqual(calls(), { list: before.list + 5, inspect: before.inspect });
  assert.equal(engine.source.count('sample'), samples + 60);
  assert.equal(engine.snapshot('web')?.stateAt, engine.clock.now(), 'what nobody contradicts is true now');
  engine.set.close();
});

test('a new container is there at once, measured, and nobody else is asked', async () => {
  const { engine, events, calls } = await steadyHost(['web']);
  const before = calls();
  const fresh = new ScriptedContainer('fresh', engine.clock);
  engine.source.containers.push(fresh);
  events.tell(fresh.id, 'start');
  await settle(engine);
  assert.equal(engine.snapshot('fresh')?.state.status, 'running');
  assert.notEqual(engine.cpu('fresh'), undefined);
  assert.deepEqual(calls(), { list: before.list + 1, inspect: before.inspect + 1 });
  engine.set.close();
});

test('a removed container is gone at once', async () => {
  const { engine, events } = await steadyHost(['web', 'db']);
  const gone = engine.container('db');
  engine.source.containers = engine.source.containers.filter((each) => each !== gone);
  events.tell(gone.id, 'destroy');
  await settle(engine);
  assert.equal(engine.snapshot('db'), undefined);
  assert.equal(engine.set.snapshot().containerCount, 1);
  engine.set.close();
});

test('a storm of events costs a few lists', async () => {
  const { engine, events, calls } = await steadyHost(['web']);
  const before = calls();
  for (let event = 0; event < 10_000; event += 1) events.tell(engine.container('web').id, 'start');
  await settle(engine);
  await settle(engine);
  assert.ok(calls().list - before.list <= 4, `${calls().list - before.list} lists`);
  engine.set.close();
});

test('a stream that ends is opened again, and until then every probe lists', async () => {
  const { engine, events, calls } = await steadyHost(['web']);
  const before = calls();
  events.end();
  await nextTurn();
  await engine.set.update(1000);
  assert.equal(events.opened, 1);
  await engine.probe();
  assert.equal(events.opened, 2);
  assert.ok(calls().list > before.list);
  const after = calls();
  await engine.probe();
  await engine.probe();
  assert.ok(calls().list - after.list <= 1, 'heard again');
  engine.set.close();
});

test('after a failed call the engine is listed again, events or not', async () => {
  const { engine, calls } = await steadyHost(['web']);
  engine.source.before = (call) => {
    if (call === 'sample') throw new Error('no');
  };
  await engine.probe();
  const before = calls();
  await engine.probe();
  assert.equal(calls().list, before.list + 1);
  engine.set.close();
});

test('an engine whose events cannot be relied on is listed by every probe', async () => {
  const engine = new TrackedEngine(['web'], undefined, undefined, { events: new ObservedEvents() });
  for (let probe = 0; probe < 5; probe += 1) await engine.probe();
  assert.equal(engine.source.count('list'), 5);
  engine.set.close();
});

/** An engine whose stream a test writes, heard for a while. */
async function heardHost() {
  const events = new ScriptedEvents();
  const observer = new ObservedEvents();
  const engine = new TrackedEngine(['web'], undefined, undefined, { events: observer });
  engine.source.eventsOf = events.source;
  await engine.probe();
  await engine.probe();
  const actions = () => observer.heard.map(({ action }) => action);
  const { id } = engine.container('web');
  const reopen = async (): Promise<void> => {
    events.end();
    await settle(engine);
    await engine.probe();
    await settle(engine);
  };
  return { engine, events, observer, actions, reopen, id };
}

test('a stream that is opened again begins before the last event heard, and tells none twice', async () => {
  const { engine, events, observer, actions, reopen, id } = await heardHost();
  events.tell(id, 'pause', 5e18);
  await settle(engine);
  events.onOpen = () => events.tell(id, 'pause', 5e18);
  await reopen();
  events.tell(id, 'unpause', 5e18 + 2048);
  events.tell(id, 'unpause', 5e18 + 2048);
  await settle(engine);
  assert.equal(events.sinceNanos, 5e18 - 1e9);
  assert.deepEqual(actions(), ['pause', 'unpause']);
  assert.equal(observer.gaps, 0, 'what came in between was remembered');
  assert.deepEqual(observer.listened, [true, false, true]);
  engine.set.close();
});

test('an engine that remembers later events only has forgotten some: a gap, and everything is looked at', async () => {
  const { engine, events, observer, actions, reopen, id } = await heardHost();
  events.tell(id, 'pause', 5e18);
  await settle(engine);
  const inspects = engine.source.count('inspect');
  events.onOpen = () => events.tell(id, 'unpause', 5e18 + 1e12);
  await reopen();
  assert.deepEqual(actions(), ['pause', 'unpause']);
  assert.equal(observer.gaps, 1);
  await engine.probe();
  assert.ok(engine.source.count('inspect') > inspects);
  engine.set.close();
});

test('an engine that remembers nothing was restarted: a gap, once', async () => {
  const { engine, events, observer, reopen, id } = await heardHost();
  events.tell(id, 'pause', 5e18);
  await settle(engine);
  await reopen();
  await engine.probe();
  assert.equal(observer.gaps, 1);
  events.tell(id, 'unpause', 6e18);
  await settle(engine);
  assert.equal(observer.gaps, 1);
  engine.set.close();
});

test('events that go back in time are new ones, and the next stream begins with the last that came', async () => {
  const { engine, events, actions, reopen, id } = await heardHost();
  events.tell(id, 'pause', 5e18);
  events.tell(id, 'unpause', 4e18);
  await settle(engine);
  assert.deepEqual(actions(), ['pause', 'unpause']);
  await reopen();
  assert.equal(events.sinceNanos, 4e18 - 1e9);
  engine.set.close();
});

test('what the engine remembers from before anybody listened is not heard, although the clock was set back', async () => {
  const { engine, events, observer, actions, reopen, id } = await heardHost();
  const before = engine.clock.now() * 1e6 - 1e12;
  events.tell(id, 'unpause', before - 1e12);
  await settle(engine);
  events.onOpen = () => {
    for (let index = 0; index < 3; index += 1) events.tell(id, 'die', before + index * 1024);
    events.tell(id, 'unpause', before - 1e12);
    events.tell(id, 'oom', before - 5e11);
  };
  for (let times = 1; times <= 2; times += 1) {
    await reopen();
    assert.deepEqual(actions(), ['unpause', 'oom']);
  }
  assert.equal(observer.gaps, 0);
  engine.set.close();
});

test('an engine restarted with a clock that was set back: a gap, and what it tells is heard', async () => {
  const { engine, events, observer, actions, reopen, id } = await heardHost();
  events.tell(id, 'pause', 5e18);
  await settle(engine);
  events.onOpen = () => events.tell(id, 'die', 4e18);
  await reopen();
  assert.deepEqual(actions(), ['pause', 'die']);
  events.tell(id, 'start', 4e18 + 2048);
  await settle(engine);
  assert.deepEqual([actions(), observer.gaps], [['pause', 'die', 'start'], 1]);
  engine.set.close();
});

test('a stream that does not tell what the list shows is opened anew', async () => {
  const { engine, events, observer } = await heardHost();
  await engine.probe();
  engine.source.containers.push(new ScriptedContainer('unheard', engine.clock));
  const opened = events.opened;
  await engine.probe(70_000);
  await engine.probe();
  await engine.probe();
  assert.equal(events.opened, opened + 1);
  assert.equal(observer.gaps, 1);
  engine.set.close();
});
