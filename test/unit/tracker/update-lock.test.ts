import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UpdateLock } from '../../../src/tracker/update-lock.ts';
import { FakeClock } from '../../support/fakes/fake-clock.ts';
import { isPending } from '../../support/assert/is-pending.ts';

class LockedProbe {
  readonly clock = new FakeClock();
  readonly signals: AbortSignal[] = [];
  #end: () => void = () => undefined;
  readonly lock = new UpdateLock(
    {
      minProbeIntervalMillis: 1000,
      probeTimeoutMillis: 120_000,
      clock: this.clock,
    },
    (signal) => {
      this.signals.push(signal);
      return new Promise((resolve) => {
        this.#end = resolve;
      });
    },
  );

  /** Ends the probe under way. */
  end(): void {
    this.#end();
  }
}

test('callers that overlap share one probe, and all wait for its end', async () => {
  const probe = new LockedProbe();
  let ended = 0;
  const callers = Array.from({ length: 20 }, async () => {
    const outcome = await probe.lock.update(20_000);
    ended += 1;
    return outcome;
  });
  await probe.clock.advance(5000);
  assert.deepEqual([probe.signals.length, ended], [1, 0]);
  probe.end();
  const outcomes = await Promise.all(callers);
  assert.deepEqual(outcomes.toSorted(), [...Array.from({ length: 19 }, () => 'joined'), 'probed']);
  assert.equal(probe.signals.length, 1);
});

test('a caller that comes too soon after the end of the last probe does nothing', async () => {
  const probe = new LockedProbe();
  const first = probe.lock.update(20_000);
  await probe.clock.advance(5000);
  probe.end();
  assert.equal(await first, 'probed');
  await probe.clock.advance(999);
  assert.equal(await probe.lock.update(20_000), 'young');
  await probe.clock.advance(1);
  const next = probe.lock.update(20_000);
  probe.end();
  assert.equal(await next, 'probed');
  assert.equal(probe.signals.length, 2);
});

test('a caller that waits too long goes on, the probe goes on too, and later callers join it', async () => {
  const probe = new LockedProbe();
  const impatient = probe.lock.update(9500);
  const waiting = probe.lock.update(20_000);
  await probe.clock.advance(9499);
  assert.equal(await isPending(impatient), true);
  await probe.clock.advance(1);
  assert.equal(await impatient, 'timed-out');
  const late = probe.lock.update(20_000);
  assert.deepEqual([probe.signals.length, probe.signals[0]?.aborted], [1, false]);
  probe.end();
  assert.deepEqual(await Promise.all([waiting, late]), ['joined', 'joined']);
});

test('past the total time-out the signal aborts with a TimeoutError, not before', async () => {
  const probe = new LockedProbe();
  const caller = probe.lock.update(1);
  await probe.clock.advance(119_999);
  assert.equal(await caller, 'timed-out');
  assert.equal(probe.signals[0]?.aborted, false);
  await probe.clock.advance(1);
  assert.equal(probe.signals[0]?.aborted, true);
  assert.throws(() => probe.signals[0]?.throwIfAborted(), { name: 'TimeoutError' });
});

test('a probe that ended in time is not aborted afterwards, and nothing sleeps on', async () => {
  const probe = new LockedProbe();
  const caller = probe.lock.update(20_000);
  probe.end();
  await caller;
  assert.equal(probe.clock.sleepers, 0);
  await probe.clock.advance(500_000);
  assert.equal(probe.signals[0]?.aborted, false);
});

test('close aborts the probe under way; later callers do nothing', async () => {
  const probe = new LockedProbe();
  const caller = probe.lock.update(20_000);
  probe.lock.close();
  assert.equal(probe.signals[0]?.aborted, true);
  probe.end();
  assert.equal(await caller, 'probed');
  await probe.clock.advance(60_000);
  assert.equal(await probe.lock.update(20_000), 'young');
  assert.equal(probe.signals.length, 1);
});
