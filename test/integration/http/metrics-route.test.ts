import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { test } from 'node:test';
import { ask, chunksOf, serve } from './serve.ts';

const line = `${'container_x{container_name="web"} 1\n'.repeat(1000)}`;

test('the exposition comes in the format that is preferred', async () => {
  const formats: string[] = [];
  await using served = await serve({
    metrics: {
      async scrape(format) {
        formats.push(format);
        return chunksOf(['a 1\n', 'b 2\n']);
      },
    },
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
    await using served = await serve({ metrics: { scrape: async () => chunksOf([line, line]) } });
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
  await using served = await serve({ metrics: { scrape: async () => endless(() => (ended = true)) } });
  const answer = await ask(`${served.url}/metrics`, { method: 'HEAD' });
  assert.deepEqual([answer.status, answer.body, ended], [200, '', true]);
  assert.match(answer.headers['content-type'] ?? '', /^text\/plain; version=0\.0\.4/);
  assert.equal(answer.headers['content-length'], undefined);
});

test('the time-out that Prometheus names is passed on, a bad one is not', async () => {
  const heard: (number | undefined)[] = [];
  await using served = await serve({
    metrics: {
      async scrape(_format, scrapeTimeoutSeconds) {
        heard.push(scrapeTimeoutSeconds);
        return chunksOf([]);
      },
    },
  });
  for (const value of ['10', '0.5', '0', '-1', 'soon', '', 'Infinity']) {
    await ask(`${served.url}/metrics`, { headers: { 'X-Prometheus-Scrape-Timeout-Seconds': value } });
  }
  await ask(`${served.url}/metrics`);
  assert.deepEqual(heard, [10, 0.5, undefined, undefined, undefined, undefined, undefined, undefined]);
});

test('a collection that fails is answered with 503 and the reason', async () => {
  let isBroken = true;
  const scrape = () =>
    isBroken ? Promise.reject(new Error('nothing was collected')) : Promise.resolve(chunksOf([line]));
  await using served = await serve({ metrics: { scrape } });
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
  await using served = await serve({ metrics: { scrape: async () => failing([]) } });
  const answer = await ask(`${served.url}/metrics`);
  assert.deepEqual([answer.status, answer.body], [503, 'collection failed: broke\n']);
});

for (const encoding of ['identity', 'gzip']) {
  test(`a rendering that fails later leaves no ${encoding} answer that could be taken for whole`, async () => {
    await using served = await serve({ metrics: { scrape: async () => failing([line, line]) } });
    const outcome = await fetch(`${served.url}/metrics`, { headers: { 'accept-encoding': encoding } })
      .then(async (answer) => [answer.status, await answer.text()])
      .catch(() => 'broken off');
    // The compressor may still hold everything back: then the failure has a status of its own.
    const isOwnedUp = encoding === 'gzip' && outcome[0] === 500;
    if (!isOwnedUp) assert.equal(outcome, 'broken off');
    assert.equal(served.logged[0], 'a scrape failed after its answer had begun');
    assert.equal((await ask(`${served.url}/healthz`)).status, 200);
  });
}

for (const encoding of ['identity', 'gzip']) {
  test(`a slow reader holds the ${encoding} rendering back, and its leaving ends it`, async () => {
    let rendered = 0;
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    const scrape = async () => endless(end, () => (rendered += 1));
    await using served = await serve({ metrics: { scrape } });
    const asked = request(`${served.url}/metrics`, { headers: { 'accept-encoding': encoding } }).end();
    const [answer] = await once(asked, 'response');
    answer.pause();
    const before = await settled(() => rendered);
    assert.ok(before < 20_000, `${before} chunks were rendered for nobody`);
    asked.on('error', () => undefined).destroy();
    await ended;
    await ask(`${served.url}/healthz`);
    assert.deepEqual(served.logged, []);
  });
}

test('twenty scrapes at once all get the whole exposition', async () => {
  const chunks = Array.from({ length: 50 }, (_, index) => `x{n="${index}"} ${index}\n`.repeat(500));
  await using served = await serve({ metrics: { scrape: async () => chunksOf(chunks) } });
  const answers = await Promise.all(
    Array.from({ length: 20 }, async () => await (await fetch(`${served.url}/metrics`)).text()),
  );
  for (const answer of answers) assert.ok(answer === chunks.join(''));
});

/** Never the same chunk, or gzip would make nothing of any number of them. */
async function* endless(onEnd: () => void, onChunk: () => void = () => undefined): AsyncGenerator<string> {
  try {
    for (;;) {
      onChunk();
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

/** The value once it rests for a while; what never rests is given up by the test's own bound. */
async function settled(read: () => number): Promise<number> {
  for (let before = -1; read() < 20_000 && read() !== before; await pause(100)) before = read();
  return read();
}
