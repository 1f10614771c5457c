import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { readEvents } from '../../../../src/sources/docker/events.ts';
import { responseLimits } from '../../../../src/sources/response-limits.ts';
import { DockerSource } from '../../../../src/sources/docker/docker-source.ts';
import { startSimulatedEngine } from '../../../../src/simulator/start.ts';

const line = (action: string): string =>
  `{"Type":"container","Action":"${action}","Actor":{"ID":"abc","Attributes":{"image":"web:1"}},"timeNano":1700000000123456768}\n`;

async function read(...chunks: string[]) {
  const events = [];
  for await (const event of readEvents(Readable.from(chunks))) events.push(event);
  return events;
}

test('events of a stream, however it is cut', async () => {
  const text = line('start') + line('health_status: healthy');
  const start = {
    id: 'abc',
    action: 'start',
    nanos: 1_700_000_000_123_456_768,
    image: 'web:1',
    labels: {},
  } as const;
  const expected = [start, { ...start, action: 'health_status', health: 'healthy' }];
  for (const at of [0, 1, 60, text.length - 1])
    assert.deepEqual(await read(text.slice(0, at), text.slice(at)), expected);
  assert.deepEqual(await read('{"Type":"daemon"}\n', '\n'), []);
});

test('the end of a container by Docker’s attribute or Podman’s; a code that is none is absent', async () => {
  const die = (attributes: object) => line('die').replace('{"image":"web:1"}', JSON.stringify(attributes));
  const codes = [{ exitCode: '137' }, { containerExitCode: '3' }, { exitCode: 'many' }, {}];
  const events = await read(codes.map(die).join(''));
  assert.deepEqual(
    events.map(({ exitCode }) => exitCode),
    [137, 3, undefined, undefined],
  );
  const [killed] = await read(line('kill').replace('"image":"web:1"', '"signal":"15","a.b":"c"'));
  assert.deepEqual([killed?.signal, killed?.labels], ['15', { 'a.b': 'c' }]);
});

test('a rename has the name before, a death how long the container ran', async () => {
  const withAttributes = (action: string, attributes: object) =>
    line(action).replace('{"image":"web:1"}', JSON.stringify(attributes));
  const durations = ['0', '86400', '1.5', '-1', ''];
  const deaths = await read(
    durations.map((execDuration) => withAttributes('die', { execDuration })).join(''),
  );
  assert.deepEqual(
    deaths.map(({ execSeconds, labels }) => [execSeconds, labels]),
    [0, 86_400, undefined, undefined, undefined].map((seconds) => [seconds, {}]),
  );
  const [renamed, started] = await read(
    withAttributes('rename', { name: 'api', oldName: '/web' }),
    withAttributes('start', { name: 'api', oldName: '/web', execDuration: '1' }),
  );
  assert.deepEqual([renamed?.name, renamed?.oldName], ['api', '/web']);
  assert.deepEqual([started?.oldName, started?.execSeconds], [undefined, undefined]);
});

test('what was not asked for is passed over: a proxy may drop the filters', async () => {
  const others = ['exec_create: sh', 'exec_die', 'top', 'attach', 'start2', 'die2', ''].map(line).join('');
  const volume = line('destroy').replace('"container"', '"volume"');
  assert.deepEqual(await read(others, volume), []);
  const untyped = line('oom').replace('"Type":"container",', '');
  const received = await read(line('die'), untyped, line('health_status:unhealthy'));
  assert.equal(received[2]?.health, 'unhealthy');
  assert.deepEqual(
    received.map(({ action }) => action),
    ['die', 'oom', 'health_status'],
  );
});

test('a time that the engine cannot mean is none: a stream that is to begin there is refused', async () => {
  for (const time of ['1e300', '9223372036854775808', '-1', '0', 'null', '"1"']) {
    const [event] = await read(line('start').replace(/"timeNano":\d+/, `"timeNano":${time}`));
    assert.deepEqual(event, { id: 'abc', action: 'start', image: 'web:1', labels: {} }, time);
  }
});

test('what is no event ends the stream with an error', async () => {
  await assert.rejects(read(line('start'), '<html>\n'), { code: 'bad-response', message: /<html>/ });
});

test('an event that is too long costs no other', async () => {
  const long = 'x'.repeat(responseLimits.itemBytes + 1);
  const events = await read(line('start'), `{"Type":"${long}`, long, 'x"}\n', line('die'));
  assert.deepEqual(
    events.map(({ action }) => action),
    ['start', 'die'],
  );
});

test('a line without an end that is no event is an error, and so ends the stream', async () => {
  await assert.rejects(read(line('start'), 'x'.repeat(responseLimits.itemBytes + 1)), {
    code: 'bad-response',
  });
});

test('the engine sends what happens from now on, and the signal ends it', async () => {
  await using engine = await startSimulatedEngine({ specs: [{ name: 'web' }] });
  const endpoint = { url: engine.url };
  const source = new DockerSource({ endpoint, callTimeoutMillis: 5000, now: () => Date.now() });
  const ending = new AbortController();
  await source.describe(ending.signal);
  const events = await source.events(ending.signal);
  assert.ok(events);
  const next = events[Symbol.asyncIterator]();
  engine.pause('web');
  const { value } = await next.next();
  assert.deepEqual([value?.id, value?.action], [engine.container('web').id, 'pause']);
  ending.abort();
  await assert.rejects(next.next());
  source.close();
});

test('a line that comes a character at a time is as one that comes at once', async () => {
  const long = line('start').replace('web:1', 'x'.repeat(500_000));
  const lengths = [];
  for await (const { image } of readEvents(Readable.from(long.split('')))) lengths.push(image?.length);
  assert.deepEqual(lengths, [500_000]);
});
