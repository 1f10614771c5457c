import assert from 'node:assert/strict';
import type { ContainerAction } from '../../../src/model/events.ts';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ContainerTracker } from '../../../src/tracker/container/container-tracker.ts';
import { ContainerQueue } from '../../../src/tracker/reconciler.ts';
import { FakeClock } from '../../support/fakes/fake-clock.ts';
import { ObservedEvents } from '../../support/fakes/observed-events.ts';
import { KeptLog } from '../../support/fakes/observed-probes.ts';
import { ScriptedContainer } from '../../support/fakes/scripted-container.ts';
import { ScriptedEvents } from '../../support/fakes/scripted-events.ts';
import { hang } from '../../support/fakes/scripted-source.ts';
import { ampleMillis, TrackedRuntime } from '../../support/fakes/tracked-runtime.ts';

async function measuredHost(...names: readonly string[]) {
  const events = new ScriptedEvents();
  const runtime = new TrackedRuntime(names, undefined, undefined, { events: new ObservedEvents() });
  runtime.source.eventsOf = events.source;
  await runtime.probe();
  await runtime.probe();
  return { runtime, events };
}

/** A probe that waits for a sample, as it does for a second with runtimes before 23. */
async function waitingHost() {
  const { runtime, events } = await measuredHost('web', 'db');
  let waits = true;
  runtime.source.before = (call) => (call === 'sample' && waits ? hang() : undefined);
  await runtime.clock.advance(10_000);
  void runtime.set.update(ampleMillis);
  await settle(runtime);
  waits = false;
  let nanos = 5e18;
  const emit = async (id: string, action: ContainerAction): Promise<void> => {
    nanos += 1e6;
    events.emit(id, action, nanos);
    await settle(runtime);
  };
  return { runtime, tell: emit };
}

async function settle(runtime: TrackedRuntime): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await nextTurn();
  await runtime.clock.advance(300);
  for (let turn = 0; turn < 20; turn += 1) await nextTurn();
}

test('what an event tells is known at once, whatever a probe waits for', async () => {
  const { runtime, tell } = await waitingHost();
  runtime.container('web').status = 'paused';
  await tell(runtime.container('web').id, 'pause');
  assert.equal(runtime.snapshot('web')?.state.status, 'paused');
  runtime.source.containers.push(new ScriptedContainer('fresh', runtime.clock));
  await tell(runtime.container('fresh').id, 'start');
  assert.equal(runtime.snapshot('fresh')?.state.status, 'running');
  assert.notEqual(runtime.cpu('fresh'), undefined);
  const [gone] = runtime.source.containers.splice(0, 1);
  await tell(gone?.id ?? '', 'destroy');
  assert.equal(runtime.snapshot('web'), undefined);
  runtime.set.close();
});

test('a sample of a container that was is given up, and taken anew for who watches', async () => {
  const { runtime, tell } = await waitingHost();
  const { id } = runtime.container('web');
  const watched = runtime.set.measure(id);
  await settle(runtime);
  assert.equal(await Promise.race([watched, nextTurn('waits')]), 'waits');
  runtime.container('web').restart();
  const { startedAt } = runtime.container('web');
  await tell(id, 'start');
  const measured = await watched;
  assert.equal(measured.outcome, 'measured');
  assert.equal(runtime.snapshot('web')?.state.startedAt, startedAt);
  assert.deepEqual(runtime.observer.errors('stats'), []);
  runtime.set.close();
});

test('a probe that waited for a sample that an event brought needs none of its own', async () => {
  const { runtime, events } = await measuredHost('web');
  await runtime.clock.advance(10_000);
  runtime.source.before = (call) => (call === 'sample' ? runtime.clock.sleep(2000) : undefined);
  const before = runtime.source.count('sample');
  events.emit(runtime.container('web').id, 'update', 5e18);
  await settle(runtime);
  const probe = runtime.set.update(ampleMillis);
  await runtime.clock.advance(2000);
  assert.equal(await probe, 'probed');
  assert.equal(runtime.source.count('sample'), before + 1);
  runtime.set.close();
});

test('what an older list told never comes after what a newer one did', async () => {
  const trackers = new Map<string, ContainerTracker>();
  const clock = new FakeClock();
  const listed = { id: 'a', name: 'web', status: 'running', revision: 'Up', changedRecently: false } as const;
  trackers.set('a', new ContainerTracker(listed, clock.now(), new KeptLog(), trackers));
  const queue = new ContainerQueue(trackers);
  const applied: number[] = [];
  const apply = (askedAt: number): Promise<void> =>
    queue.apply('a', askedAt, async () => void applied.push(askedAt));
  await Promise.all([apply(1), apply(3), apply(2), apply(3)]);
  await queue.preempt('a', 2, async () => void applied.push(2));
  assert.deepEqual(applied, [1, 3, 3]);
  const sampled = await queue.run('a', (_tracker, sampling) => sampling.race(() => Promise.resolve('taken')));
  assert.equal(sampled, 'taken');
  assert.equal(await queue.run('b', () => Promise.resolve(1)), undefined);
});

test('who ended has no usage from then on, whoever else is still being measured', async () => {
  const { runtime, events } = await measuredHost('web', 'db');
  const [web, db] = [runtime.container('web'), runtime.container('db')];
  runtime.source.before = (call, id) => (call === 'sample' && id === web.id ? hang() : undefined);
  events.emit(web.id, 'update', 5e18);
  await settle(runtime);
  db.exit(1);
  events.emit(db.id, 'die', 5e18 + 1e6);
  await settle(runtime);
  assert.equal(runtime.snapshot('db')?.state.status, 'exited');
  assert.equal(runtime.snapshot('db')?.sample, undefined);
  runtime.set.close();
});

test('a container of which the runtime does not answer holds up no other', async () => {
  const { runtime, events } = await measuredHost('web', 'db');
  const [web, db] = [runtime.container('web'), runtime.container('db')];
  runtime.source.before = (call, id) => (call === 'inspect' && id === web.id ? hang() : undefined);
  events.emit(web.id, 'update', 5e18);
  await settle(runtime);
  db.exit(1);
  events.emit(db.id, 'die', 5e18 + 1e6);
  for (let waited = 0; waited < 900; waited += 300) await settle(runtime);
  assert.equal(runtime.snapshot('db')?.state.status, 'exited');
  runtime.set.close();
});
