import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ContainerEvent } from '../../../../src/model/events.ts';
import { exitClassOf } from '../../../../src/model/events.ts';
import { EventCounter } from '../../../../src/tracker/events/event-counter.ts';
import { FakeClock } from '../../../support/fakes/fake-clock.ts';
import { ObservedEvents } from '../../../support/fakes/observed-events.ts';
import { ScriptedEvents } from '../../../support/fakes/scripted-events.ts';
import { TrackedRuntime } from '../../../support/fakes/tracked-runtime.ts';
import { runtime as description, snapshotWith } from '../../metrics/observed.ts';
import { parseImageReference } from '../../../../src/sources/image-reference.ts';
import { receivedEvent } from '../../../support/fakes/received-event.ts';

const intervalMillis = 10_000;
const retentionMillis = 60_000;

function counted(...events: readonly Partial<ContainerEvent>[]) {
  const clock = new FakeClock();
  const counting = new EventCounter({ clock, intervalMillis });
  counting.begin();
  const count = (parts: Partial<ContainerEvent>): void => {
    const { event, identity } = receivedEvent({ image: 'web:1', ...parts });
    const { id, name = id, image: reference } = event;
    const image = parseImageReference(reference, undefined);
    counting.count(event, { ...identity, id, name, image, labels: {}, environment: [], command: [] });
  };
  events.forEach(count);
  const removed = () => counting.removed(description, clock.now()).map(({ identity }) => identity.name);
  return { clock, counting, count, removed };
}

test('events are counted by action, health transitions by what they lead to, ends by code and class', () => {
  const image = 'registry:5000/web:1';
  const { counting, clock } = counted(
    { action: 'start' },
    { action: 'die', image, exitCode: 137 },
    { action: 'start' },
    { action: 'die', image, exitCode: 0 },
    { action: 'die', image },
    { action: 'oom' },
    { action: 'health_status', health: 'unhealthy' },
    { action: 'health_status' },
    { action: 'update' },
  );
  const { since, actions, health, exits, exitCodes } = counting.of('a') ?? assert.fail();
  assert.equal(since, clock.now());
  assert.deepEqual(Object.fromEntries(actions), { start: 2, die: 3, oom: 1 });
  assert.deepEqual(Object.fromEntries(health), { unhealthy: 1 });
  assert.deepEqual(Object.fromEntries(exitCodes), { 137: 1, 0: 1 });
  assert.deepEqual(Object.fromEntries(exits), { signal: 1, success: 1 });
  assert.deepEqual([...(counting.images?.images.keys() ?? [])], ['web', 'registry:5000/web']);
});

test('an end by a signal is told by 128 and one of 64 more', () => {
  const codes = [0, 1, 128, 129, 137, 143, 192, 193, 255, 256, -1, 3_221_225_786];
  const signals = codes.filter((code) => exitClassOf(code) === 'signal');
  assert.deepEqual(signals, [129, 137, 143, 192]);
  assert.deepEqual(
    codes.filter((code) => exitClassOf(code) === 'success'),
    [0],
  );
});

test('before anybody listens nothing is counted, and nobody is said to have zero', () => {
  const counting = new EventCounter({ clock: new FakeClock(), intervalMillis });
  const { event, identity } = receivedEvent();
  if (identity) counting.count(event, identity);
  assert.equal(counting.of('a'), undefined);
  assert.equal(counting.images, undefined);
});

test('a container that ended and removed itself stays in sight for the time promised, and its image for ever', async () => {
  const { clock, counting, count, removed } = counted({ name: 'brief' });
  count({ action: 'die' });
  count({ action: 'destroy' });
  assert.deepEqual(removed(), ['brief']);
  await clock.advance(retentionMillis - 1);
  assert.deepEqual(removed(), ['brief']);
  await clock.advance(1);
  assert.deepEqual(removed(), []);
  assert.equal(counting.of('a')?.actions.size, 0, 'forgotten');
  assert.equal(counting.images?.images.get('web')?.actions.get('start'), 1);
});

test('one that is removed long after its end is gone at once if a reader saw it, else it stays in sight', async () => {
  for (const [wasSeen, expected] of [
    [true, []],
    [false, ['a']],
  ] as const) {
    const { clock, counting, count, removed } = counted();
    count({ action: 'die' });
    const { identity } = receivedEvent({ image: 'web:1' });
    const known = { owner: {}, identity: { ...snapshotWith().identity, ...identity, id: 'a', name: 'a' } };
    if (wasSeen) counting.counted(snapshotWith(known));
    await clock.advance(intervalMillis);
    // The runtime is slow to remove it: by then the list lacks it.
    counting.left('a', known);
    count({ action: 'destroy' });
    assert.deepEqual(removed(), expected);
  }
});

test('one that never ran, and was removed before a reader saw it, is gone at once', () => {
  const { count, removed } = counted({ action: 'create' });
  count({ action: 'destroy' });
  assert.deepEqual(removed(), []);
});

test('whom somebody kills is gone at once if a reader saw it, else it stays in sight to be counted', async () => {
  const events = new ScriptedEvents();
  const runtime = new TrackedRuntime(['web'], undefined, undefined, { events: new ObservedEvents() });
  runtime.source.eventsOf = events.source;
  await runtime.probe();
  await runtime.probe();
  assert.notEqual(runtime.snapshot('web'), undefined);
  const [web] = runtime.source.containers.splice(0);
  let nanos = 5e18;
  for (const id of [web?.id ?? '', 'b'.repeat(64)])
    for (const action of ['kill', 'die', 'destroy'] as const) events.emit(id, action, (nanos += 1e6));
  for (let turn = 0; turn < 20; turn += 1) await nextTurn();
  await runtime.clock.advance(300);
  const { removed = [] } = runtime.set.snapshot();
  assert.deepEqual(
    removed.map(({ identity }) => identity.id),
    ['b'.repeat(64)],
  );
  runtime.set.close();
});

test('of ten thousand that went within a minute a thousand stay in sight, and all are counted', () => {
  const { counting, count, removed } = counted();
  for (let index = 0; index < 10_000; index += 1) {
    for (const action of ['start', 'die', 'destroy'] as const) count({ id: `id${index}`, action });
  }
  assert.equal(removed().length, 1000);
  assert.equal(counting.images?.images.get('web')?.actions.get('start'), 10_000);
});

test('who was destroyed is in sight without a break, though its tracker is there a moment longer', async () => {
  const events = new ScriptedEvents();
  const runtime = new TrackedRuntime(['web'], undefined, undefined, { events: new ObservedEvents() });
  runtime.source.eventsOf = events.source;
  await runtime.probe();
  await runtime.probe();
  const [gone] = runtime.source.containers.splice(0);
  runtime.source.before = (call) => {
    // Readers collect while the runtime responds with its list.
    if (call === 'list') assert.equal(runtime.set.snapshot().containers[0]?.events?.actions.get('die'), 1);
  };
  for (const action of ['die', 'destroy'] as const) events.emit(gone?.id ?? '', action);
  for (let turn = 0; turn < 20; turn += 1) await nextTurn();
  await runtime.clock.advance(300);
  const { containers, removed = [] } = runtime.set.snapshot();
  assert.deepEqual([containers.length, removed.length], [0, 1]);
  assert.equal(removed[0]?.sample, undefined, 'nothing but its counts');
  runtime.set.close();
});

test('a thousand images are told apart, those beyond are counted together', () => {
  const { counting, count } = counted();
  for (let index = 0; index < 1100; index += 1) count({ image: `image${index}:1` });
  assert.equal(counting.images?.images.size, 1001);
  assert.equal(counting.images?.images.get(undefined)?.actions.get('start'), 100);
});

test('an image without a name is told by its id, as its containers were run', () => {
  const id = `sha256:${'a'.repeat(64)}`;
  const { counting } = counted({ image: id });
  assert.deepEqual([...(counting.images?.images.keys() ?? [])], [id]);
});

test('containers that are not selected are not counted, and their events name no container', async () => {
  const events = new ScriptedEvents();
  const observed = new ObservedEvents();
  const selection = { asksForImage: false, selects: ({ name }: { name: string }) => name !== 'hidden' };
  const runtime = new TrackedRuntime(['web'], undefined, undefined, { events: observed, selection });
  runtime.source.eventsOf = events.source;
  await runtime.probe();
  events.emit('a'.repeat(64), 'start', 5e18, 'hidden');
  events.emit('b'.repeat(64), 'start', 5e18, 'shown');
  for (let turn = 0; turn < 20; turn += 1) await nextTurn();
  assert.deepEqual(observed.names, [undefined, 'shown']);
  const counts = runtime.set.snapshot().imageEvents?.images.get(undefined);
  assert.equal(counts?.actions.get('start'), 1);
  runtime.set.close();
});

test('who is gone keeps the identity and the owner under which readers saw it', async () => {
  const events = new ScriptedEvents();
  const runtime = new TrackedRuntime(['web', 'db'], undefined, undefined, { events: new ObservedEvents() });
  runtime.source.eventsOf = events.source;
  await runtime.probe();
  await runtime.probe();
  const before = runtime.snapshot('db');
  assert.equal(before?.events?.actions.size, 0, 'nothing happened yet, and that is known');
  const gone = runtime.container('db');
  events.emit(gone.id, 'die', 5e18);
  runtime.source.containers = runtime.source.containers.filter((each) => each !== gone);
  events.emit(gone.id, 'destroy', 5e18 + 1e6);
  for (let turn = 0; turn < 20; turn += 1) await nextTurn();
  await runtime.clock.advance(300);
  const { containers, removed = [] } = runtime.set.snapshot();
  assert.equal(containers.length, 1);
  assert.deepEqual(
    removed.map(({ identity, owner, published, events: counts }) => [
      identity === before?.identity,
      owner === before?.owner,
      published,
      counts?.actions.get('die'),
    ]),
    [[true, true, false, 1]],
  );
  await runtime.probe(61_000);
  assert.deepEqual(runtime.set.snapshot().removed, []);
  runtime.set.close();
});
