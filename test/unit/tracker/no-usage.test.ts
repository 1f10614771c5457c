import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Sample } from '../../../src/model/sample.ts';
import { SourceError } from '../../../src/sources/source-error.ts';
import { TrackedEngine } from '../../support/fakes/tracked-engine.ts';

/** An engine whose container runs, and of which it tells no usage. */
class SilentEngine extends TrackedEngine {
  readonly a = this.container('a');

  constructor(answer?: Partial<Sample>) {
    super(['a']);
    this.a.startedAt -= 3_600_000;
    this.a.answer = () => answer && { takenAt: this.clock.now(), windows: false, ...answer };
  }

  /** Probes so often; each time whether the container is said to give no usage, and to have a sample. */
  async told(probes: number): Promise<(readonly [unknown, boolean])[]> {
    const told: (readonly [unknown, boolean])[] = [];
    for (let round = 0; round < probes; round += 1) {
      await this.probe();
      const { givesNoUsage, sample } = this.snapshot('a') ?? {};
      told.push([givesNoUsage, sample !== undefined]);
    }
    return told;
  }
}

test('a container that runs and is told no usage twice in a row gives none, until it does', async () => {
  const engine = new SilentEngine();
  assert.deepEqual(await engine.told(3), [
    [false, false],
    [true, false],
    [true, false],
  ]);
  engine.a.answer = undefined;
  assert.deepEqual(await engine.told(1), [[false, true]]);
});

test('of nothing but networks the same, and then they are shown', async () => {
  const networks = [{ name: 'eth0', receivedBytes: 7 }];
  const engine = new SilentEngine({ networks, blockIo: {} });
  assert.deepEqual(await engine.told(2), [
    [false, false],
    [true, true],
  ]);
  const { sample, starts } = engine.snapshot('a') ?? {};
  assert.deepEqual([sample?.networks, starts?.of('network eth0')], [networks, engine.a.startedAt]);
});

test('a container that just died is not that', async () => {
  const engine = new SilentEngine();
  await engine.told(1);
  engine.a.exit(1);
  assert.deepEqual(await engine.told(2), [
    [false, false],
    [false, false],
  ]);
});

test('nor is one that restarts, though every probe meets it dead', async () => {
  const engine = new SilentEngine();
  for (let round = 0; round < 4; round += 1) {
    assert.deepEqual(await engine.told(1), [[false, false]]);
    engine.a.restart();
  }
});

test('nor is one whose measuring fails in between', async () => {
  const engine = new SilentEngine();
  const broken = () => {
    throw new SourceError('engine-error', 'status 500');
  };
  const { answer } = engine.a;
  for (const next of [answer, broken, answer]) {
    engine.a.answer = next;
    assert.deepEqual(await engine.told(1), [[false, false]]);
  }
  await engine.told(1);
  engine.source.before = (call) => (call === 'list' ? Promise.reject(new Error('away')) : undefined);
  await engine.probe();
  assert.equal(engine.snapshot('a'), undefined);
});
