import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Sample } from '../../../src/model/sample.ts';
import { SourceError } from '../../../src/sources/source-error.ts';
import { TrackedRuntime } from '../../support/fakes/tracked-runtime.ts';

/** A runtime with a running container without usage. */
class SilentRuntime extends TrackedRuntime {
  readonly a = this.container('a');

  constructor(answer?: Partial<Sample>) {
    super(['a']);
    this.a.startedAt -= 3_600_000;
    this.a.answer = () => answer && { takenAt: this.clock.now(), windows: false, ...answer };
  }

  /** Probes so often; each time whether the container is said to give no usage, and to have a sample. */
  async probeResults(probes: number): Promise<(readonly [unknown, boolean])[]> {
    const probeResults: (readonly [unknown, boolean])[] = [];
    for (let round = 0; round < probes; round += 1) {
      await this.probe();
      const { givesNoUsage, sample } = this.snapshot('a') ?? {};
      probeResults.push([givesNoUsage, sample !== undefined]);
    }
    return probeResults;
  }
}

test('a container that runs and gets no usage twice in a row gives none, until it does', async () => {
  const runtime = new SilentRuntime();
  assert.deepEqual(await runtime.probeResults(3), [
    [false, false],
    [true, false],
    [true, false],
  ]);
  runtime.a.answer = undefined;
  assert.deepEqual(await runtime.probeResults(1), [[false, true]]);
});

test('of nothing but networks the same, and then they are shown', async () => {
  const networks = [{ name: 'eth0', receivedBytes: 7 }];
  const runtime = new SilentRuntime({ networks, blockIo: {} });
  assert.deepEqual(await runtime.probeResults(2), [
    [false, false],
    [true, true],
  ]);
  const { sample, starts } = runtime.snapshot('a') ?? {};
  assert.deepEqual([sample?.networks, starts?.of('network eth0')], [networks, runtime.a.startedAt]);
});

test('a container that just died is not that', async () => {
  const runtime = new SilentRuntime();
  await runtime.probeResults(1);
  runtime.a.exit(1);
  assert.deepEqual(await runtime.probeResults(2), [
    [false, false],
    [false, false],
  ]);
});

test('nor is one that restarts, though every probe meets it dead', async () => {
  const runtime = new SilentRuntime();
  for (let round = 0; round < 4; round += 1) {
    assert.deepEqual(await runtime.probeResults(1), [[false, false]]);
    runtime.a.restart();
  }
});

test('nor is one whose measuring fails in between', async () => {
  const runtime = new SilentRuntime();
  const broken = () => {
    throw new SourceError('runtime-error', 'status 500');
  };
  const { answer } = runtime.a;
  for (const next of [answer, broken, answer]) {
    runtime.a.answer = next;
    assert.deepEqual(await runtime.probeResults(1), [[false, false]]);
  }
  await runtime.probeResults(1);
  runtime.source.before = (call) => (call === 'list' ? Promise.reject(new Error('away')) : undefined);
  await runtime.probe();
  assert.equal(runtime.snapshot('a'), undefined);
});
