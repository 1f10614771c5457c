import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AdaptivePool } from '../../../src/concurrency/adaptive-pool.ts';
import { FakeClock } from '../../support/fakes/fake-clock.ts';

/** A runtime that counts calls in flight; `latency` is the duration of a call that begins now. */
class Latency {
  readonly clock = new FakeClock();
  readonly pool = new AdaptivePool(this.clock);
  maxInFlight = 0;
  #inFlight = 0;

  async round(count: number, latency: (index: number) => number): Promise<number> {
    const start = this.clock.monotonic();
    this.maxInFlight = 0;
    const items = Array.from({ length: count }, (_, index) => index);
    const seen = new Set<number>();
    const round = this.pool.run(items, async (index) => {
      this.maxInFlight = Math.max(this.maxInFlight, ++this.#inFlight);
      await this.clock.sleep(latency(index));
      seen.add(index);
      this.#inFlight -= 1;
    });
    let millis: number | undefined;
    void round.then(() => {
      millis = this.clock.monotonic() - start;
    });
    for (let passed = 0; millis === undefined; passed += 1000) {
      assert.ok(passed < 600_000, 'the round does not end');
      await this.clock.advance(1000);
    }
    assert.equal(seen.size, count);
    return millis;
  }

  /** As runtimes before 23 answer: at the next full second. */
  readonly untilTick = (): number => 1000 - (this.clock.now() % 1000);
}

test('200 containers of a runtime that answers at its next tick take two ticks at first, one from then on', async () => {
  const runtime = new Latency();
  assert.ok((await runtime.round(200, runtime.untilTick)) <= 2000);
  for (let round = 0; round < 5; round += 1) assert.ok((await runtime.round(200, runtime.untilTick)) <= 1000);
  assert.equal(runtime.maxInFlight, 200);
});

test('so they do when the tick comes while the pool widens', async () => {
  for (const offset of [990, 950, 900, 880]) {
    const runtime = new Latency();
    await runtime.clock.advance(offset);
    assert.ok((await runtime.round(200, runtime.untilTick)) <= 2000 + 1000 - offset);
  }
});

test('a runtime that answers in 3 ms never has more than 16 calls in flight', async () => {
  const runtime = new Latency();
  for (let round = 0; round < 3; round += 1) await runtime.round(500, () => 3);
  assert.ok(runtime.maxInFlight <= 16, `${runtime.maxInFlight}`);
});

test('after slow times a runtime that is quick again is asked gently, few or many containers', async () => {
  for (const count of [100, 500]) {
    const runtime = new Latency();
    await runtime.round(count, runtime.untilTick);
    for (let round = 0; round < 8; round += 1) await runtime.round(count, () => 3);
    assert.ok(runtime.maxInFlight <= 16, `${count}: ${runtime.maxInFlight}`);
  }
});

test('eight containers that hang while the others answer do not hold the others, nor open the flood-gates', async () => {
  const runtime = new Latency();
  const start = runtime.clock.monotonic();
  let lastQuick = 0;
  await runtime.round(100, (index) => {
    if (index >= 8) lastQuick = runtime.clock.monotonic() - start;
    return index < 8 ? 30_000 : 3;
  });
  assert.ok(lastQuick < 300, `${lastQuick}`);
  assert.ok(runtime.pool.limit <= 32, `${runtime.pool.limit}`);
});

test('nothing to ask ends at once, and leaves nobody asleep', async () => {
  const runtime = new Latency();
  await runtime.pool.run([], () => Promise.reject(new Error('not called')));
  await runtime.round(3, () => 1);
  await runtime.clock.advance(0);
  assert.equal(runtime.clock.sleepers, 0);
});
