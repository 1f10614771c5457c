import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { ByteBudget, type ByteReader } from '../../../src/concurrency/shared-bytes.ts';
import { SharedRun } from '../../../src/concurrency/shared-run.ts';

const uncut = (): void => assert.fail('a reader was cut');

async function* parts(count: number, produced: () => void = () => undefined): AsyncGenerator<string> {
  for (let index = 0; index < count; index += 1) {
    await nextTurn();
    produced();
    yield `${index}\n`.padStart(1000, 'x');
  }
}

async function bytes(reader: ByteReader): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of reader) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test('any number of readers read one production, each from its beginning', async () => {
  let produced = 0;
  const budget = new ByteBudget();
  const body = budget.body(
    parts(20, () => (produced += 1)),
    'identity',
  );
  const early = [bytes(body.read(uncut)), bytes(body.read(uncut))];
  const waiting = body.read(uncut);
  await body.ended;
  const all = [...(await Promise.all(early)), await bytes(waiting)];
  const expected = await text(parts(20));
  for (const read of all) assert.equal(read.toString(), expected);
  assert.deepEqual([produced, budget.heldBytes], [20, 0]);
});

test('a short body is whole for a reader that comes many turns later', async () => {
  const budget = new ByteBudget();
  const body = budget.body(Readable.from(['short']), 'identity');
  for (let turn = 0; turn < 1000; turn += 1) await Promise.resolve();
  await nextTurn();
  assert.equal((await bytes(body.read(uncut))).toString(), 'short');
  assert.deepEqual([body.isAbandoned, budget.heldBytes], [true, 0]);
});

test('gzip gives the same text', async () => {
  const read = await bytes(new ByteBudget().body(parts(50), 'gzip').read(uncut));
  assert.equal(gunzipSync(read).toString(), await text(parts(50)));
});

test('when the last reader leaves, producing ends and nothing is held', async () => {
  let produced = 0;
  const budget = new ByteBudget();
  const body = budget.body(
    parts(1000, () => (produced += 1)),
    'identity',
  );
  const reader = body.read(uncut);
  await reader.next();
  await reader.return?.();
  await body.ended;
  assert.ok(produced < 10, `${produced} parts`);
  assert.deepEqual([body.isAbandoned, budget.heldBytes], [true, 0]);
});

test('past the budget the readers of the oldest bodies are cut, and never those of the newest', async () => {
  const budget = new ByteBudget(25_000);
  const cut: number[] = [];
  const readers = [0, 1, 2].map(async (index) => {
    const body = budget.body(parts(20), 'identity');
    const reader = body.read(() => void cut.push(index));
    await body.ended;
    return reader;
  });
  const [first, , last] = await Promise.all(readers);
  assert.deepEqual(cut, [0, 1]);
  assert.equal(budget.heldBytes, 20_000);
  assert.deepEqual(await first?.next(), { done: true, value: undefined });
  assert.equal(last && (await bytes(last)).length, 20_000);
  const large = budget.body(parts(40), 'identity').read(uncut);
  assert.equal((await bytes(large)).length, 40_000);
});

test('a failure reaches every reader after what was produced before it', async () => {
  async function* failing(): AsyncGenerator<string> {
    yield* parts(1);
    throw new Error('broke');
  }
  const budget = new ByteBudget();
  const body = budget.body(failing(), 'identity');
  for (const reader of [body.read(uncut), body.read(uncut)]) {
    assert.equal((await reader.next()).done, false);
    await assert.rejects(reader.next(), /broke/);
  }
  assert.equal(budget.heldBytes, 0);
});

test('callers that come while a run is under way share the next one', async () => {
  const runs: PromiseWithResolvers<number>[] = [];
  const released = Promise.withResolvers<void>();
  const shared = new SharedRun(
    () => {
      const run = Promise.withResolvers<number>();
      runs.push(run);
      return run.promise;
    },
    () => released.promise,
  );
  const first = [shared.run(), shared.run()];
  await nextTurn();
  const second = [shared.run(), shared.run()];
  runs[0]?.resolve(1);
  assert.deepEqual(await Promise.all(first), [1, 1]);
  await nextTurn();
  assert.equal(runs.length, 1, 'the next run waits until the first is released');
  released.resolve();
  await nextTurn();
  runs[1]?.reject(new Error('broke'));
  for (const run of second) await assert.rejects(run, /broke/);
  const third = shared.run();
  await nextTurn();
  runs[2]?.resolve(3);
  assert.equal(await third, 3);
});
