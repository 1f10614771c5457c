import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ObservedEvents } from '../../../support/fakes/observed-events.ts';
import { ScriptedContainer } from '../../../support/fakes/scripted-container.ts';
import { ScriptedEvents } from '../../../support/fakes/scripted-events.ts';
import { hang } from '../../../support/fakes/scripted-source.ts';
import { ampleMillis, probeTimeoutMillis, TrackedRuntime } from '../../../support/fakes/tracked-runtime.ts';

/** A runtime whose stream has been open for a while. */
async function listeningHost() {
  const events = new ScriptedEvents();
  const observer = new ObservedEvents();
  const runtime = new TrackedRuntime(['web'], undefined, undefined, { events: observer });
  runtime.source.eventsOf = events.source;
  for (let probe = 0; probe < 3; probe += 1) await runtime.probe();
  events.emit(runtime.container('web').id, 'kill', 5e18);
  await settle(runtime);
  const lists = () => runtime.source.count('list');
  return { runtime, events, observer, lists, web: runtime.container('web') };
}

async function settle(runtime: TrackedRuntime): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await nextTurn();
  await runtime.clock.advance(300);
}

/** Sends events while the runtime responds with the next list, which shows their changes already. */
function emitWhileListing(runtime: TrackedRuntime, emit: () => void): void {
  runtime.source.before = async (call) => {
    if (call !== 'list') return;
    runtime.source.before = () => undefined;
    emit();
    for (let turn = 0; turn < 5; turn += 1) await nextTurn();
  };
}

test('an event that comes while the runtime answers with its list was heard: the stream is kept', async () => {
  const { runtime, events, web } = await listeningHost();
  const fresh = new ScriptedContainer('fresh', runtime.clock);
  runtime.source.containers.push(fresh);
  emitWhileListing(runtime, () => events.emit(fresh.id, 'start', 5e18 + 2048));
  events.emit(web.id, 'kill', 5e18 + 1024);
  await settle(runtime);
  for (let probe = 0; probe < 3; probe += 1) await runtime.probe();
  assert.equal(events.opened, 1);
  runtime.set.close();
});

test('a list that comes too early to show what its event told is none that shows what no event tells', async () => {
  const { runtime, events, web } = await listeningHost();
  events.emit(web.id, 'pause', 5e18 + 1024);
  await settle(runtime);
  web.status = 'paused';
  for (let probe = 0; probe < 10; probe += 1) await runtime.probe();
  assert.equal(runtime.snapshot('web')?.state.status, 'paused');
  assert.equal(events.opened, 1);
  runtime.set.close();
});

test('a list that was asked for before the stream opened is not taken for true', async () => {
  const { runtime, events, lists } = await listeningHost();
  await runtime.clock.advance(5000);
  events.end();
  await nextTurn();
  runtime.source.before = async (call) => {
    runtime.source.before = () => undefined;
    // While the runtime answers, the pause before the next stream ends.
    if (call === 'list') await runtime.clock.advance(2000);
  };
  await runtime.set.update(ampleMillis);
  assert.equal(events.opened, 2);
  const listed = lists();
  await runtime.probe(1100);
  assert.equal(lists(), listed + 1);
  runtime.set.close();
});

test('a runtime whose stream proved deaf is listed by every probe until it tells something', async () => {
  const { runtime, events, lists, web } = await listeningHost();
  runtime.source.containers.push(new ScriptedContainer('unheard', runtime.clock));
  await runtime.probe(70_000);
  await runtime.probe();
  assert.equal(events.opened, 2);
  let listed = lists();
  for (let probe = 0; probe < 4; probe += 1) await runtime.probe();
  assert.equal(lists(), listed + 4);
  events.emit(web.id, 'kill', 5e18 + 1e12);
  await settle(runtime);
  listed = lists();
  for (let probe = 0; probe < 4; probe += 1) await runtime.probe();
  assert.equal(lists(), listed);
  runtime.set.close();
});

test('streams that end at once are opened ever less often, and missed events are logged once', async () => {
  const events = new ScriptedEvents();
  const runtime = new TrackedRuntime(['web'], undefined, undefined, { events: new ObservedEvents() });
  let opened = 0;
  runtime.source.eventsOf = () => {
    opened += 1;
    return Promise.resolve(nothing());
  };
  for (let probe = 0; probe < 60; probe += 1) await runtime.probe();
  assert.ok(opened > 7 && opened < 40, `${opened} streams in ten minutes`);
  assert.equal(runtime.log.messages.filter((message) => message.includes('missed')).length, 1);
  assert.ok(runtime.source.count('list') >= 60, 'every probe lists');
  runtime.source.eventsOf = events.source;
  await runtime.probe(100_000);
  events.emit(runtime.container('web').id, 'pause', 5e18);
  await settle(runtime);
  assert.equal(runtime.snapshot('web')?.events?.actions.get('pause'), 1);
  runtime.set.close();
});

async function* nothing(): AsyncGenerator<never> {}

test('nonsense at each opening is logged once, and once that it is over', async () => {
  const runtime = new TrackedRuntime(['web'], undefined, undefined, { events: new ObservedEvents() });
  runtime.source.eventsOf = () => Promise.resolve(nonsense());
  for (let probe = 0; probe < 60; probe += 1) await runtime.probe();
  const logged = (): readonly string[] =>
    runtime.log.messages.filter((message) => message.includes('events'));
  const failures = ['runtime sends no events', 'events of the runtime may have been missed'];
  assert.deepEqual(logged(), failures);
  const events = new ScriptedEvents();
  runtime.source.eventsOf = events.source;
  for (let probe = 0; probe < 30; probe += 1) await runtime.probe();
  for (const nanos of [5e18, 5e18 + 1e6]) events.emit(runtime.container('web').id, 'update', nanos);
  for (let turn = 0; turn < 20; turn += 1) await nextTurn();
  assert.deepEqual(logged(), [...failures, 'runtime sends its events again']);
  runtime.set.close();
});

async function* nonsense(): AsyncGenerator<never> {
  yield* nothing();
  throw new Error('a page of HTML');
}

test('an inspect that hangs after an event holds up the next probe no longer than a probe may take', async () => {
  const { runtime, events, web } = await listeningHost();
  runtime.source.before = (call) => (call === 'inspect' ? hang() : undefined);
  events.emit(web.id, 'update', 5e18 + 1024);
  await settle(runtime);
  runtime.source.before = () => undefined;
  await runtime.clock.advance(2000);
  const outcome = runtime.set.update(ampleMillis);
  await runtime.clock.advance(probeTimeoutMillis - 1000);
  await nextTurn();
  assert.equal(await Promise.race([outcome, nextTurn('still waiting')]), 'probed');
  assert.notEqual(runtime.cpu('web'), undefined);
  runtime.set.close();
});

test('a container that was never started is inspected once a minute: a start that fails has no event', async () => {
  const { runtime, web } = await listeningHost();
  web.status = 'created';
  await runtime.probe(70_000);
  const inspects = () => runtime.source.count('inspect');
  await runtime.probe(70_000);
  const before = inspects();
  await runtime.probe();
  assert.equal(inspects(), before);
  web.exitCode = 127;
  await runtime.probe(70_000);
  assert.equal(runtime.snapshot('web')?.state.exitCode, 127);
  runtime.set.close();
});
