import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AdaptivePool } from '../../../src/concurrency/adaptive-pool.ts';
import { FakeClock } from '../../support/fakes/fake-clock.ts';

/** An engine that counts what is in flight; `latency` says how long a call that begins now takes. */
class Latency {
  readonly clock = new FakeClock();
  readonly pool = new AdaptivePool(this.clock);
  most = 0;
  #inFlight = 0;

  async round(count: number, latency: (index: number) => number): Promise<number> {
    const start = this.clock.monotonic();
    this.most = 0;
    const items = Array.from({ length: count }, (_, index) => index);
    const seen = new Set<number>();
    const round = this.pool.run(items, async (index) => {
      this.most = Math.max(this.most, ++this.#inFlight);
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

  /** As engines before 23 answer: at the next full second. */
  readonly untilTick = (): number => 1000 - (this.clock.now() % 1000);
}

test('200 containers of an engine that answers at its next tick take two ticks at first, one from then on', async () => {
  const engine = new Latency();
  assert.ok((await engine.round(200, engine.untilTick)) <= 2000);
  for (let round = 0; round < 5; round += 1) assert.ok((await engine.round(200, engine.untilTick)) <= 1000);
  assert.equal(engine.most, 200);
});

test('so they do when the tick comes while the pool widens', async () => {
  for (const offset of [990, 950, 900, 880]) {
    const engine = new Latency();
    await engine.clock.advance(offset);
    assert.ok((await engine.round(200, engine.untilTick)) <= 2000 + 1000 - offset);
  }
});

test('an engine that answers in 3 ms never has more than 16 calls in flight', async () => {
  const engine = new Latency();
  for (let round = 0; round < 3; round += 1) await engine.round(500, () => 3);
  assert.ok(engine.most <= 16, `${engine.most}`);
});

test('after slow times an engine that is quick again is asked gently, few or many containers', async () => {
  for (const count of [100, 500]) {
    const engine = new Latency();
    await engine.round(count, engine.untilTick);
    for (let round = 0; round < 8; round += 1) await engine.round(count, () => 3);
    assert.ok(engine.most <= 16, `${count}: ${engine.most}`);
  }
});

test('eight containers that hang while the others answer do not hold the others, nor open the flood-gates', async () => {
  const engine = new Latency();
  const start = engine.clock.monotonic();
  let lastQuick = 0;
  await engine.round(100, (index) => {
    if (index >= 8) lastQuick = engine.clock.monotonic() - start;
    return index < 8 ? 30_000 : 3;
  });
  assert.ok(lastQuick < 300, `${lastQuick}`);
  assert.ok(engine.pool.limit <= 32, `${engine.pool.limit}`);
});

test('nothing to ask ends at once, and leaves nobody asleep', async () => {
  const engine = new Latency();
  await engine.pool.run([], () => Promise.reject(new Error('not called')));
  await engine.round(3, () => 1);
  await engine.clock.advance(0);
  assert.equal(engine.clock.sleepers, 0);
});
