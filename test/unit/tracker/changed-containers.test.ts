import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ContainerTracker } from '../../../src/tracker/container/container-tracker.ts';
import { ContainerTurns } from '../../../src/tracker/container/container-queue.ts';
import { FakeClock } from '../../support/fakes/fake-clock.ts';
import { ObservedEvents } from '../../support/fakes/observed-events.ts';
import { KeptLog } from '../../support/fakes/observed-probes.ts';
import { ScriptedContainer } from '../../support/fakes/scripted-container.ts';
import { ScriptedEvents } from '../../support/fakes/scripted-events.ts';
import { hang } from '../../support/fakes/scripted-source.ts';
import { patientMillis, TrackedEngine } from '../../support/fakes/tracked-engine.ts';

async function measuredHost(...names: readonly string[]) {
  const events = new ScriptedEvents();
  const engine = new TrackedEngine(names, undefined, undefined, { events: new ObservedEvents() });
  engine.source.eventsOf = events.source;
  await engine.probe();
  await engine.probe();
  return { engine, events };
}

/** A probe that waits for a sample, as it does for a second with engines before 23. */
async function waitingHost() {
  const { engine, events } = await measuredHost('web', 'db');
  let waits = true;
  engine.source.before = (call) => (call === 'sample' && waits ? hang() : undefined);
  await engine.clock.advance(10_000);
  void engine.set.update(patientMillis);
  await settle(engine);
  waits = false;
  let nanos = 5e18;
  const tell = async (id: string, action: string): Promise<void> => {
    nanos += 1e6;
    events.tell(id, action, nanos);
    await settle(engine);
  };
  return { engine, tell };
}

async function settle(engine: TrackedEngine): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await nextTurn();
  await engine.clock.advance(300);
  for (let turn = 0; turn < 20; turn += 1) await nextTurn();
}

test('what an event tells is known at once, whatever a probe waits for', async () => {
  const { engine, tell } = await waitingHost();
  engine.container('web').status = 'paused';
  await tell(engine.container('web').id, 'pause');
  assert.equal(engine.snapshot('web')?.state.status, 'paused');
  engine.source.containers.push(new ScriptedContainer('fresh', engine.clock));
  await tell(engine.container('fresh').id, 'start');
  assert.equal(engine.snapshot('fresh')?.state.status, 'running');
  assert.notEqual(engine.cpu('fresh'), undefined);
  const [gone] = engine.source.containers.splice(0, 1);
  await tell(gone?.id ?? '', 'destroy');
  assert.equal(engine.snapshot('web'), undefined);
  engine.set.close();
});

test('a sample of a container that was is given up, and taken anew for who watches', async () => {
  const { engine, tell } = await waitingHost();
  const { id } = engine.container('web');
  const watched = engine.set.measure(id);
  await settle(engine);
  assert.equal(await Promise.race([watched, nextTurn('waits')]), 'waits');
  engine.container('web').restart();
  const { startedAt } = engine.container('web');
  await tell(id, 'start');
  const measured = await watched;
  assert.equal(measured.outcome, 'measured');
  assert.equal(engine.snapshot('web')?.state.startedAt, startedAt);
  assert.deepEqual(engine.observer.errors('stats'), []);
  engine.set.close();
});

test('a probe that waited for a sample that an event brought needs none of its own', async () => {
  const { engine, events } = await measuredHost('web');
  await engine.clock.advance(10_000);
  engine.source.before = (call) => (call === 'sample' ? engine.clock.sleep(2000) : undefined);
  const before = engine.source.count('sample');
  events.tell(engine.container('web').id, 'update', 5e18);
  await settle(engine);
  const probe = engine.set.update(patientMillis);
  await engine.clock.advance(2000);
  assert.equal(await probe, 'probed');
  assert.equal(engine.source.count('sample'), before + 1);
  engine.set.close();
});

test('what an older list told never comes after what a newer one did', async () => {
  const trackers = new Map<string, ContainerTracker>();
  const clock = new FakeClock();
  const listed = { id: 'a', name: 'web', status: 'running', statusText: 'Up 5 minutes' } as const;
  trackers.set('a', new ContainerTracker(listed, clock.now(), new KeptLog(), trackers));
  const turns = new ContainerTurns(trackers);
  const told: number[] = [];
  const tell = (askedAt: number): Promise<void> =>
    turns.tell('a', askedAt, async () => void told.push(askedAt));
  await Promise.all([tell(1), tell(3), tell(2), tell(3)]);
  await turns.tellAtOnce('a', 2, async () => void told.push(2));
  assert.deepEqual(told, [1, 3, 3]);
  assert.equal(await trackers.get('a')?.sampling.unless(() => Promise.resolve('taken')), 'taken');
  assert.equal(await turns.take('b', () => Promise.resolve(1)), undefined);
});

test('who ended has no usage from then on, whoever else is still being measured', async () => {
  const { engine, events } = await measuredHost('web', 'db');
  const [web, db] = [engine.container('web'), engine.container('db')];
  engine.source.before = (call, id) => (call === 'sample' && id === web.id ? hang() : undefined);
  events.tell(web.id, 'update', 5e18);
  await settle(engine);
  db.exit(1);
  events.tell(db.id, 'die', 5e18 + 1e6);
  await settle(engine);
  assert.equal(engine.snapshot('db')?.state.status, 'exited');
  assert.equal(engine.snapshot('db')?.sample, undefined);
  engine.set.close();
});

test('a container of which the engine does not answer holds up no other', async () => {
  const { engine, events } = await measuredHost('web', 'db');
  const [web, db] = [engine.container('web'), engine.container('db')];
  engine.source.before = (call, id) => (call === 'inspect' && id === web.id ? hang() : undefined);
  events.tell(web.id, 'update', 5e18);
  await settle(engine);
  db.exit(1);
  events.tell(db.id, 'die', 5e18 + 1e6);
  for (let waited = 0; waited < 900; waited += 300) await settle(engine);
  assert.equal(engine.snapshot('db')?.state.status, 'exited');
  engine.set.close();
});
