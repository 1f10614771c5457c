import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startSimulatedEngine } from '../../../src/simulator/start.ts';
import { ask, dig } from './ask.ts';
import { LineReader } from './read-lines.ts';

const startTime = Date.UTC(2026, 10, 23, 12);
const now = (): number => startTime;

async function replayed(socket: string, query: string): Promise<unknown[]> {
  const { text } = await ask(socket, `/events?${query}`);
  return text
    .split('\n')
    .filter(Boolean)
    .map((line): unknown => JSON.parse(line));
}

test("an open stream gets events as they happen, in Moby's shape", async () => {
  await using engine = await startSimulatedEngine({ now });
  using stream = await LineReader.open(engine.socket, '/events?filters={"event":["die"]}');
  const id = engine.add({ name: 'job', image: 'busybox:1', labels: { tier: 'back' } });
  engine.exit('job', 3);
  const event = await stream.nextJson();
  assert.deepEqual(dig(event, 'Actor'), {
    ID: id,
    Attributes: { tier: 'back', exitCode: '3', execDuration: '0', image: 'busybox:1', name: 'job' },
  });
  assert.deepEqual([dig(event, 'status'), dig(event, 'id'), dig(event, 'from')], ['die', id, 'busybox:1']);
  assert.equal(dig(event, 'time'), startTime / 1000);
});

test('from API 1.52 on the old doubles are gone', async () => {
  await using engine = await startSimulatedEngine({ now, apiVersion: '1.52' });
  engine.add({ name: 'job' });
  const [event] = await replayed(engine.socket, `since=1&until=${startTime / 1000}`);
  assert.equal(dig(event, 'Action'), 'create');
  assert.equal(dig(event, 'status'), undefined);
});

test('the ring replays the last 256 events and no more', async () => {
  await using engine = await startSimulatedEngine({ now });
  engine.add({ name: 'web' });
  for (let round = 0; round < 200; round += 1) {
    engine.pause('web');
    engine.unpause('web');
  }
  const events = await replayed(engine.socket, `since=1&until=${startTime / 1000}.000001`);
  assert.equal(events.length, 256);
  const last = String(
    (await ask(engine.socket, `/events?since=1&until=${startTime / 1000}.000001`)).text
      .trim()
      .split('\n')
      .at(-1),
  );
  const nano = /"timeNano":(\d+)/.exec(last)?.[1] ?? '';
  const since = `${nano.slice(0, 10)}.${nano.slice(10)}`;
  assert.equal((await replayed(engine.socket, `since=${since}&until=${since}`)).length, 1);
});

test('times are distinct, and a bad one is 400', async () => {
  await using engine = await startSimulatedEngine({ now });
  for (const name of ['a', 'b', 'c']) engine.add({ name });
  const { text } = await ask(engine.socket, `/events?since=1&until=${startTime / 1000}.000001`);
  const nanos = [...text.matchAll(/"timeNano":(\d+)/g)].map(([, nano]) => nano);
  assert.equal(new Set(nanos).size, 9);
  assert.equal((await ask(engine.socket, '/events?since=yesterday')).status, 400);
  assert.equal((await ask(engine.socket, '/events?filters={"nonsense":["x"]}')).status, 400);
});

test('a stream with until ends then', async () => {
  await using engine = await startSimulatedEngine({ now: Date.now });
  using stream = await LineReader.open(
    engine.socket,
    `/events?until=${((Date.now() + 50) / 1000).toFixed(3)}`,
  );
  assert.equal(await stream.next(), undefined);
});

test('an open stream can be fed nonsense, repeated and ended', async () => {
  await using engine = await startSimulatedEngine({ now });
  using stream = await LineReader.open(engine.socket, '/events');
  engine.writeToStreams('events', 'not json\n');
  assert.equal(await stream.next(), 'not json');
  const event = { type: 'container', action: 'start', actorId: 'x', attributes: {}, timeNano: 5n };
  engine.emit(event);
  engine.emit(event);
  assert.equal(await stream.next(), await stream.next());
  engine.endStreams('events');
  assert.equal(await stream.next(), undefined);
});

test('a stats stream gives a sample a tick, and ends when the container is removed', async () => {
  await using engine = await startSimulatedEngine({ specs: [{ name: 'web' }], tickMillis: 20 });
  using stream = await LineReader.open(engine.socket, '/containers/web/stats');
  const first = await stream.nextJson();
  const second = await stream.nextJson();
  assert.equal(dig(first, 'preread'), '0001-01-01T00:00:00Z');
  assert.equal(dig(second, 'preread'), dig(first, 'read'));
  engine.remove('web');
  let last = await stream.next();
  while (last !== undefined) last = await stream.next();
  assert.equal((await ask(engine.socket, '/containers/web/stats')).status, 404);
});
