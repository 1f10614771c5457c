import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ScriptedContainer } from '../../support/scripted-container.ts';
import { ScriptedEvents } from '../../support/scripted-events.ts';
import { TrackedEngine } from '../../support/tracked-engine.ts';

/** A host whose events are heard, steady for longer than a minute. */
async function steadyHost(names: readonly string[]) {
  const events = new ScriptedEvents();
  const engine = new TrackedEngine(names, undefined, undefined, { hearsEvents: true });
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
  const engine = new TrackedEngine(['web'], undefined, undefined, { hearsEvents: true });
  for (let probe = 0; probe < 5; probe += 1) await engine.probe();
  assert.equal(engine.source.count('list'), 5);
  engine.set.close();
});
