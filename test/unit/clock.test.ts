import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock, type Clock } from '../../src/clock.ts';
import { FakeClock } from '../support/fakes/fake-clock.ts';

test('the real clock has the time of the host, and durations that never fall', async () => {
  assert.ok(Math.abs(systemClock.now() - Date.now()) < 1_000);
  const before = systemClock.monotonic();
  await systemClock.sleep(5);
  assert.ok(systemClock.monotonic() - before >= 4);
});

const clocks: readonly (readonly [string, Clock])[] = [
  ['real', systemClock],
  ['fake', new FakeClock()],
];

for (const [name, clock] of clocks) {
  test(`a sleep of the ${name} clock ends with the reason of its signal`, async () => {
    const reason = new Error('no longer wanted');
    const controller = new AbortController();
    const sleeping = clock.sleep(60_000, controller.signal);
    controller.abort(reason);
    await assert.rejects(sleeping, reason);
    await assert.rejects(clock.sleep(60_000, AbortSignal.abort(reason)), reason);
  });
}

test('fake sleepers wake in the order of their time, each seeing it', async () => {
  const clock = new FakeClock(1_000);
  const woken: string[] = [];
  const sleep = async (name: string, millis: number) => {
    await clock.sleep(millis);
    woken.push(`${name}@${clock.now()}`);
  };
  const all = [sleep('late', 30), sleep('early', 10), sleep('same', 10), sleep('never', 99)];
  await clock.advance(30);
  assert.deepEqual(woken, ['early@1010', 'same@1010', 'late@1030']);
  assert.equal(clock.sleepers, 1);
  assert.equal(clock.monotonic(), 30);
  await clock.advance(69);
  await Promise.all(all);
  assert.equal(clock.sleepers, 0);
});

test('who falls asleep while time passes takes part', async () => {
  const clock = new FakeClock(0);
  const ticks: number[] = [];
  void (async () => {
    for (;;) {
      await clock.sleep(10);
      ticks.push(clock.now());
    }
  })();
  await clock.advance(35);
  assert.deepEqual(ticks, [10, 20, 30]);
  assert.equal(clock.now(), 35);
});

test('an aborted sleeper is forgotten', async () => {
  const clock = new FakeClock();
  const controller = new AbortController();
  const sleeping = clock.sleep(10, controller.signal);
  controller.abort();
  await assert.rejects(sleeping);
  assert.equal(clock.sleepers, 0);
});
