import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { request, ServerResponse, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { test } from 'node:test';
import { ByteBudget } from '../../../src/concurrency/shared-bytes.ts';
import { waitUntil } from '../../support/real/daemon.ts';
import { ask, chunksOf, serve, textSource } from './serve.ts';

const line = `${'container_x{container_name="web"} 1\n'.repeat(1000)}`;

test('the exposition comes in the format that is preferred', async () => {
  const formats: string[] = [];
  await using served = await serve({
    metrics: textSource((format) => {
      formats.push(format);
      return chunksOf(['a 1\n', 'b 2\n']);
    }),
  });
  const plain = await ask(`${served.url}/metrics`);
  assert.deepEqual([plain.status, plain.body], [200, 'a 1\nb 2\n']);
  assert.equal(plain.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
  const open = await ask(`${served.url}/metrics`, { headers: { accept: 'application/openmetrics-text' } });
  assert.equal(
    open.headers['content-type'],
    'application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores',
  );
  assert.match(open.headers.vary ?? '', /accept, accept-encoding/);
  assert.deepEqual(formats, ['text', 'openmetrics']);
});

for (const accept of ['text/plain', 'application/openmetrics-text']) {
  test(`${accept} is compressed where gzip is accepted`, async () => {
    await using served = await serve({ metrics: textSource(() => chunksOf([line, line])) });
    const answer = await fetch(`${served.url}/metrics`, { headers: { accept, 'accept-encoding': 'gzip' } });
    assert.equal(answer.headers.get('content-encoding'), 'gzip');
    assert.equal(await answer.text(), line + line);
    const other = await ask(`${served.url}/metrics`, {
      headers: { accept, 'accept-encoding': 'br, gzip;q=0' },
    });
    assert.equal(other.headers['content-encoding'], undefined);
    assert.equal(other.body, line + line);
  });
}

test('HEAD has the headers and ends the rendering', async () => {
  let ended = false;
  await using served = await serve({ metrics: textSource(() => endless(() => (ended = true))) });
  const answer = await ask(`${served.url}/metrics`, { method: 'HEAD' });
  assert.deepEqual([answer.status, answer.body, ended], [200, '', true]);
  assert.match(answer.headers['content-type'] ?? '', /^text\/plain; version=0\.0\.4/);
  assert.equal(answer.headers['content-length'], undefined);
});

test('the time-out that Prometheus names is passed on, a bad one is not', async () => {
  const received: (number | undefined)[] = [];
  await using served = await serve({
    metrics: textSource((_format, scrapeTimeoutSeconds) => {
      received.push(scrapeTimeoutSeconds);
      return chunksOf([]);
    }),
  });
  for (const value of ['10', '0.5', '0', '-1', 'soon', '', 'Infinity']) {
    await ask(`${served.url}/metrics`, { headers: { 'X-Prometheus-Scrape-Timeout-Seconds': value } });
  }
  await ask(`${served.url}/metrics`);
  assert.deepEqual(received, [10, 0.5, undefined, undefined, undefined, undefined, undefined, undefined]);
});

test('a collection that fails is answered with 503 and the reason', async () => {
  let isBroken = true;
  const scrape = () =>
    isBroken ? Promise.reject(new Error('nothing was collected')) : Promise.resolve(chunksOf([line]));
  await using served = await serve({ metrics: textSource(scrape) });
  const answer = await ask(`${served.url}/metrics`, { headers: { 'accept-encoding': 'gzip' } });
  assert.deepEqual([answer.status, answer.body], [503, 'collection failed: nothing was collected\n']);
  assert.match(answer.headers['content-type'] ?? '', /^text\/plain/);
  await ask(`${served.url}/metrics`);
  isBroken = false;
  for (let scrapes = 0; scrapes < 2; scrapes += 1)
    assert.equal((await ask(`${served.url}/metrics`)).status, 200);
  assert.deepEqual(served.logged, ['scrapes fail', 'scrapes succeed again'], 'once per change of state');
});

test('so is a rendering that fails before its first chunk', async () => {
  await using served = await serve({ metrics: textSource(() => failing([])) });
  const answer = await ask(`${served.url}/metrics`);
  assert.deepEqual([answer.status, answer.body], [503, 'collection failed: broke\n']);
});

for (const encoding of ['identity', 'gzip']) {
  test(`a rendering that fails later leaves no ${encoding} answer that could be taken for whole`, async () => {
    await using served = await serve({ metrics: textSource(() => failing([line, line])) });
    const outcome = await fetch(`${served.url}/metrics`, { headers: { 'accept-encoding': encoding } })
      .then(async (answer) => [answer.status, await answer.text()])
      .catch(() => 'broken off');
    // The compressor may hold everything back: then the failure has a status of its own.
    const isOwnedUp = encoding === 'gzip' && outcome[0] === 503;
    if (!isOwnedUp) assert.equal(outcome, 'broken off');
    const message = isOwnedUp ? 'scrapes fail' : 'a scrape failed after its response had begun';
    assert.equal(served.logged[0], message);
    assert.equal((await ask(`${served.url}/healthz`)).status, 200);
  });
}

for (const encoding of ['identity', 'gzip']) {
  test(`the only reader's leaving ends the ${encoding} rendering`, async () => {
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    await using served = await serve({ metrics: textSource(() => endless(end)) });
    const asked = request(`${served.url}/metrics`, { headers: { 'accept-encoding': encoding } }).end();
    const [response] = await once(asked, 'response');
    response.pause();
    asked.on('error', () => undefined).destroy();
    await ended;
    await ask(`${served.url}/healthz`);
    assert.deepEqual(served.logged, []);
  });
}

/** A scrape whose response is not read until it is resumed. */
async function scrapeUnread(url: string): Promise<IncomingMessage> {
  const slow = request(`${url}/metrics`)
    .on('error', () => undefined)
    .end();
  const [response]: readonly IncomingMessage[] = await once(slow, 'response');
  assert.ok(response);
  return response.pause();
}

test('past the bound on bytes that wait, the reader of the older exposition is cut, and counted', async () => {
  const refused: string[] = [];
  const large = () => chunksOf(Array.from({ length: 100 }, () => 'x'.repeat(100_000)));
  await using served = await serve({
    metrics: textSource(large, new ByteBudget(15e6)),
    onRefused: (reason) => refused.push(reason),
  });
  const response = await scrapeUnread(served.url);
  assert.equal((await ask(`${served.url}/metrics`)).body.length, 10e6);
  assert.deepEqual([refused, served.logged], [['memory'], ['requests are refused']]);
  const broken = once(response, 'error');
  response.resume();
  await broken;
});

test('a response that is not read whole within its deadline is broken off, one that is read is not', async () => {
  const refused: string[] = [];
  await using served = await serve({
    metrics: textSource(() => chunksOf(Array.from({ length: 100 }, () => 'x'.repeat(100_000)))),
    responseMillis: 1000,
    onRefused: (reason) => refused.push(reason),
  });
  const response = await scrapeUnread(served.url);
  await waitUntil('the cut', async () => refused.length > 0);
  assert.equal((await ask(`${served.url}/metrics`)).body.length, 10e6);
  assert.deepEqual(refused, ['slow_reader']);
  response.destroy();
});

test('a response that is rendered for longer than it may be read for is no slow reader’s', async () => {
  const responseMillis = 50;
  async function* slowly(): AsyncGenerator<string> {
    for (const part of ['a 1\n', 'b 2\n', 'c 3\n']) {
      yield part;
      await pause(4 * responseMillis);
    }
  }
  const refused: string[] = [];
  await using served = await serve({
    metrics: textSource(slowly),
    responseMillis,
    onRefused: (reason) => refused.push(reason),
  });
  assert.equal((await ask(`${served.url}/metrics`)).body, 'a 1\nb 2\nc 3\n');
  assert.deepEqual(refused, []);
});

test('a scraper that leaves before its response begins is no refusal', async (context) => {
  const responses: ServerResponse[] = [];
  const begun = (message: unknown): void => {
    if (message instanceof Object && 'response' in message && message.response instanceof ServerResponse)
      responses.push(message.response);
  };
  subscribe('http.server.request.start', begun);
  context.after(() => unsubscribe('http.server.request.start', begun));
  const refused: string[] = [];
  const collections: PromiseWithResolvers<void>[] = [];
  const large = () => chunksOf(Array.from({ length: 100 }, () => 'x'.repeat(100_000)));
  await using served = await serve({
    metrics: textSource(async () => {
      const collection = Promise.withResolvers<void>();
      collections.push(collection);
      await collection.promise;
      return large();
    }),
    responseMillis: 100,
    onRefused: (reason) => refused.push(reason),
  });
  const leaving = request(`${served.url}/metrics`)
    .on('error', () => undefined)
    .end();
  await waitUntil('the collection', async () => collections.length === 1);
  const [abandoned] = responses;
  assert.ok(abandoned);
  const gone = once(abandoned, 'close');
  leaving.destroy();
  await gone;
  collections[0]?.resolve();
  // Its deadline is later than that of the one that left: when it is cut, the other's has passed.
  const slow = request(`${served.url}/metrics`)
    .on('error', () => undefined)
    .end();
  await waitUntil('the next collection', async () => collections.length === 2);
  collections[1]?.resolve();
  const [response] = await once(slow, 'response');
  response.on('error', () => undefined).pause();
  const [, cut] = responses;
  assert.ok(cut);
  await once(cut, 'close');
  assert.deepEqual(refused, ['slow_reader']);
  slow.destroy();
});

test('pipelined requests are handled one at a time and answered in order', async () => {
  let open = 0;
  let highest = 0;
  let asked = 0;
  await using served = await serve({
    metrics: textSource(async function* () {
      const number = (asked += 1);
      highest = Math.max(highest, (open += 1));
      await pause(5);
      yield `x ${number}\n`;
      open -= 1;
    }),
  });
  const { hostname, port } = new URL(served.url);
  const socket = connect(Number(port), hostname);
  const last = 'GET /metrics HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n';
  socket.write('GET /metrics HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(99) + last);
  const answer = await text(socket);
  const numbers = Array.from(answer.matchAll(/^x (\d+)$/gm), ([, number]) => Number(number));
  assert.deepEqual(
    numbers,
    Array.from({ length: 100 }, (_, index) => index + 1),
  );
  assert.equal(highest, 1);
});

test('past forty scrapes in progress more are refused with Retry-After, and counted', async () => {
  const refused: string[] = [];
  const { promise: release, resolve: letGo } = Promise.withResolvers<void>();
  await using served = await serve({
    metrics: textSource(async () => {
      await release;
      return chunksOf(['up 1\n']);
    }),
    onRefused: (reason) => refused.push(reason),
  });
  const scrapes = Array.from({ length: 60 }, () => ask(`${served.url}/metrics`));
  await waitUntil('the refusals', async () => refused.length === 20);
  letGo();
  const outcomes = Object.groupBy(await Promise.all(scrapes), ({ status }) => status);
  assert.deepEqual([outcomes[200]?.length, outcomes[503]?.length], [40, 20]);
  for (const { headers, body } of outcomes[503] ?? [])
    assert.deepEqual([headers['retry-after'], body], ['1', 'too many scrapes at once: 40 are in progress\n']);
  assert.equal((await ask(`${served.url}/metrics`)).status, 200);
  assert.deepEqual([...new Set(refused)], ['too_many_requests']);
});

test('twenty scrapes at once all get the whole exposition', async () => {
  const chunks = Array.from({ length: 50 }, (_, index) => `x{n="${index}"} ${index}\n`.repeat(500));
  await using served = await serve({ metrics: textSource(() => chunksOf(chunks)) });
  const answers = await Promise.all(
    Array.from({ length: 20 }, async () => await (await fetch(`${served.url}/metrics`)).text()),
  );
  for (const answer of answers) assert.ok(answer === chunks.join(''));
});

/** Never the same chunk, or gzip would make nothing of any number of them. */
async function* endless(onEnd: () => void): AsyncGenerator<string> {
  try {
    for (;;) {
      yield `${Array.from({ length: 1000 }, () => Math.random()).join(' ')}\n`;
      await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    onEnd();
  }
}

async function* failing(chunks: readonly string[]): AsyncGenerator<string> {
  yield* chunksOf(chunks);
  throw new Error('broke');
}
