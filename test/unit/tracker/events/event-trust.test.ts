import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ObservedEvents } from '../../../support/fakes/observed-events.ts';
import { ScriptedContainer } from '../../../support/fakes/scripted-container.ts';
import { ScriptedEvents } from '../../../support/fakes/scripted-events.ts';
import { hang } from '../../../support/fakes/scripted-source.ts';
import { patientMillis, probeTimeoutMillis, TrackedEngine } from '../../../support/fakes/tracked-engine.ts';

/** An engine whose stream was heard for a while. */
async function heardHost() {
  const events = new ScriptedEvents();
  const observer = new ObservedEvents();
  const engine = new TrackedEngine(['web'], undefined, undefined, { events: observer });
  engine.source.eventsOf = events.source;
  for (let probe = 0; probe < 3; probe += 1) await engine.probe();
  events.tell(engine.container('web').id, 'kill', 5e18);
  await settle(engine);
  const lists = () => engine.source.count('list');
  return { engine, events, observer, lists, web: engine.container('web') };
}

async function settle(engine: TrackedEngine): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await nextTurn();
  await engine.clock.advance(300);
}

/** The engine tells what happened to that container while it answers the next list, which shows it already. */
function tellWhileListing(engine: TrackedEngine, tell: () => void): void {
  engine.source.before = async (call) => {
    if (call !== 'list') return;
    engine.source.before = () => undefined;
    tell();
    for (let turn = 0; turn < 5; turn += 1) await nextTurn();
  };
}

test('an event that comes while the engine answers with its list was heard: the stream is kept', async () => {
  const { engine, events, web } = await heardHost();
  const fresh = new ScriptedContainer('fresh', engine.clock);
  engine.source.containers.push(fresh);
  tellWhileListing(engine, () => events.tell(fresh.id, 'start', 5e18 + 2048));
  events.tell(web.id, 'kill', 5e18 + 1024);
  await settle(engine);
  for (let probe = 0; probe < 3; probe += 1) await engine.probe();
  assert.equal(events.opened, 1);
  engine.set.close();
});

test('a list that comes too early to show what its event told is none that shows what no event tells', async () => {
  const { engine, events, web } = await heardHost();
  events.tell(web.id, 'pause', 5e18 + 1024);
  await settle(engine);
  web.status = 'paused';
  for (let probe = 0; probe < 10; probe += 1) await engine.probe();
  assert.equal(engine.snapshot('web')?.state.status, 'paused');
  assert.equal(events.opened, 1);
  engine.set.close();
});

test('a list that was asked for before the stream opened is not taken for true', async () => {
  const { engine, events, lists } = await heardHost();
  await engine.clock.advance(5000);
  events.end();
  await nextTurn();
  engine.source.before = async (call) => {
    engine.source.before = () => undefined;
    // While the engine answers, the pause before the next stream ends.
    if (call === 'list') await engine.clock.advance(2000);
  };
  await engine.set.update(patientMillis);
  assert.equal(events.opened, 2);
  const listed = lists();
  await engine.probe(1100);
  assert.equal(lists(), listed + 1);
  engine.set.close();
});

test('an engine whose stream proved deaf is listed by every probe until it tells something', async () => {
  const { engine, events, lists, web } = await heardHost();
  engine.source.containers.push(new ScriptedContainer('unheard', engine.clock));
  await engine.probe(70_000);
  await engine.probe();
  assert.equal(events.opened, 2);
  let listed = lists();
  for (let probe = 0; probe < 4; probe += 1) await engine.probe();
  assert.equal(lists(), listed + 4);
  events.tell(web.id, 'kill', 5e18 + 1e12);
  await settle(engine);
  listed = lists();
  for (let probe = 0; probe < 4; probe += 1) await engine.probe();
  assert.equal(lists(), listed);
  engine.set.close();
});

test('streams that end at once are opened ever less often, and missed events are logged once', async () => {
  const events = new ScriptedEvents();
  const engine = new TrackedEngine(['web'], undefined, undefined, { events: new ObservedEvents() });
  let opened = 0;
  engine.source.eventsOf = () => {
    opened += 1;
    return Promise.resolve(nothing());
  };
  for (let probe = 0; probe < 60; probe += 1) await engine.probe();
  assert.ok(opened > 7 && opened < 40, `${opened} streams in ten minutes`);
  assert.equal(engine.log.messages.filter((message) => message.includes('missed')).length, 1);
  assert.ok(engine.source.count('list') >= 60, 'every probe lists');
  engine.source.eventsOf = events.source;
  await engine.probe(100_000);
  events.tell(engine.container('web').id, 'pause', 5e18);
  await settle(engine);
  assert.equal(engine.snapshot('web')?.events?.actions.get('pause'), 1);
  engine.set.close();
});

async function* nothing(): AsyncGenerator<never> {}

test('nonsense at each opening is logged once, and once that it is over', async () => {
  const engine = new TrackedEngine(['web'], undefined, undefined, { events: new ObservedEvents() });
  engine.source.eventsOf = () => Promise.resolve(nonsense());
  for (let probe = 0; probe < 60; probe += 1) await engine.probe();
  const logged = (): readonly string[] => engine.log.messages.filter((message) => message.includes('events'));
  const failures = ['engine tells no events', 'events of the engine may have been missed'];
  assert.deepEqual(logged(), failures);
  const events = new ScriptedEvents();
  engine.source.eventsOf = events.source;
  for (let probe = 0; probe < 30; probe += 1) await engine.probe();
  for (const nanos of [5e18, 5e18 + 1e6]) events.tell(engine.container('web').id, 'update', nanos);
  for (let turn = 0; turn < 20; turn += 1) await nextTurn();
  assert.deepEqual(logged(), [...failures, 'engine tells its events again']);
  engine.set.close();
});

async function* nonsense(): AsyncGenerator<never> {
  yield* nothing();
  throw new Error('a page of HTML');
}

test('an inspect that hangs after an event holds up the next probe no longer than a probe may take', async () => {
  const { engine, events, web } = await heardHost();
  engine.source.before = (call) => (call === 'inspect' ? hang() : undefined);
  events.tell(web.id, 'update', 5e18 + 1024);
  await settle(engine);
  engine.source.before = () => undefined;
  await engine.clock.advance(2000);
  const outcome = engine.set.update(patientMillis);
  await engine.clock.advance(probeTimeoutMillis - 1000);
  await nextTurn();
  assert.equal(await Promise.race([outcome, nextTurn('still waiting')]), 'probed');
  assert.notEqual(engine.cpu('web'), undefined);
  engine.set.close();
});
