import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { responseLimits } from '../../../../src/sources/response-limits.ts';
import { KeepAliveClient } from '../../../../src/sources/http/keep-alive-client.ts';
import { answer, rawServer } from './raw-server.ts';

const never = new AbortController().signal;
/** A deadline that no test is about, in milliseconds. */
const timeoutMillis = 20_000;

/** Number of active timers or sockets of this process. */
function active(kind: 'Timeout' | 'PipeWrap'): number {
  return process.getActiveResourcesInfo().filter((each) => each === kind).length;
}

/** A client, and the connections that it makes. */
function watchedClient(
  path: string,
  maxBodyBytes = 100,
): { readonly client: KeepAliveClient; readonly sockets: readonly Socket[] } {
  const sockets: Socket[] = [];
  const client = new KeepAliveClient({
    connect: (onread) => {
      const socket = connect({ path, onread });
      sockets.push(socket);
      return socket;
    },
    host: 'runtime',
    maxBodyBytes,
  });
  return { client, sockets };
}

async function until(isTrue: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + timeoutMillis;
  while (!isTrue()) {
    assert.ok(performance.now() < giveUpAt, 'waited in vain');
    await nextTurn();
  }
}

test('one connection carries one request after another', async () => {
  await using server = await rawServer(({ path }, socket) => socket.write(answer(path)));
  for (const path of ['/a', '/b', '/c'])
    assert.deepEqual(await server.client.get(path, timeoutMillis, never), { status: 200, text: path });
  assert.equal(server.connections(), 1);
});

test('status codes are handed over', async () => {
  await using server = await rawServer((_, socket) =>
    socket.write('HTTP/1.1 409 Conflict\r\nContent-Length: 2\r\n\r\nno'),
  );
  assert.deepEqual(await server.client.get('/x', timeoutMillis, never), { status: 409, text: 'no' });
});

test('a connection that the server closes is not used again', async () => {
  await using server = await rawServer((_, socket) => socket.end(answer('x', 'Connection: close\r\n')));
  for (let round = 0; round < 3; round += 1)
    assert.equal((await server.client.get('/x', timeoutMillis, never)).text, 'x');
  assert.equal(server.connections(), 3);
});

test('a body without a length ends with its connection', async () => {
  await using server = await rawServer((_, socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nhello'));
  assert.equal((await server.client.get('/x', timeoutMillis, never)).text, 'hello');
});

test('an idle connection that is closed upon the next request costs one more connection, not the request', async () => {
  await using server = await rawServer(({ number }, socket) => {
    if (number === 2) socket.destroy();
    else socket.write(answer(`${number}`));
  });
  await server.client.get('/x', timeoutMillis, never);
  assert.equal((await server.client.get('/x', timeoutMillis, never)).text, '3');
  assert.equal(server.connections(), 2);
});

test('a fresh connection that is closed without an answer is unreachable, and tried once', async () => {
  await using server = await rawServer((_, socket) => socket.destroy());
  await assert.rejects(server.client.get('/x', timeoutMillis, never), {
    code: 'unreachable',
    message: 'GET /x: the connection was closed',
  });
  assert.equal(server.connections(), 1);
});

test('half a body is no answer and is not asked for again', async () => {
  await using server = await rawServer(({ number }, socket) => {
    if (number === 1) socket.write(answer('x'));
    else socket.end(answer('0123456789').slice(0, -5));
  });
  await server.client.get('/x', timeoutMillis, never);
  await assert.rejects(server.client.get('/half', timeoutMillis, never), {
    code: 'bad-response',
    message: 'GET /half: the response broke off in the middle',
  });
  assert.equal(server.connections(), 1);
});

test('what is not HTTP is a bad response, and its connection is gone', async () => {
  await using server = await rawServer((_, socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n\r\n'));
  await assert.rejects(server.client.get('/x', timeoutMillis, never), {
    code: 'bad-response',
    message: 'GET /x: not HTTP: begins with "SSH-2.0-OpenSSH_9.2"',
  });
  await until(() => server.open().size === 0);
});

test('an endless body ends at the limit, whatever the server goes on to send', async () => {
  const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
  await using server = await rawServer((_, socket) => {
    const pour = (): void => {
      while (!socket.destroyed && socket.write(chunk));
    };
    socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
    socket.on('drain', pour);
    pour();
  });
  const { client, sockets } = watchedClient(server.path, 5_000_000);
  await assert.rejects(client.get('/x', timeoutMillis, never), {
    code: 'too-large',
    message: /^GET \/x: .*5000000/,
  });
  await until(() => server.open().size === 0);
  assert.equal(sockets.length, 1);
  const taken = sockets[0]?.bytesRead ?? NaN;
  assert.ok(taken > 5_000_000 && taken < 6_000_000, `${taken} bytes were taken`);
});

test('a server that never answers, and one that stops in the middle, time out', async () => {
  await using server = await rawServer(({ path }, socket) => {
    if (path === '/stall') socket.write(answer('0123456789').slice(0, -5));
  });
  for (const path of ['/hang', '/stall']) {
    await assert.rejects(server.client.get(path, 30, never), {
      code: 'timeout',
      message: `GET ${path}: no response in 30 ms`,
    });
  }
  await until(() => server.open().size === 0);
});

test('an abort ends the request at once, before it, at its start and in its middle', async () => {
  const begun: (() => void)[] = [];
  await using server = await rawServer((_, socket) => {
    socket.write(answer('0123456789').slice(0, -5));
    begun.forEach((release) => release());
  });
  const aborted = { code: 'aborted', message: 'GET /x: given up' };
  await assert.rejects(server.client.get('/x', timeoutMillis, AbortSignal.abort()), aborted);
  assert.equal(server.connections(), 0);
  const early = new AbortController();
  const first = assert.rejects(server.client.get('/x', timeoutMillis, early.signal), aborted);
  early.abort();
  await first;
  const late = new AbortController();
  begun.push(() => late.abort());
  await assert.rejects(server.client.get('/x', timeoutMillis, late.signal), aborted);
  await until(() => server.open().size === 0);
});

test('bytes that nobody asked for end the connection, and are nobody’s answer', async () => {
  await using server = await rawServer(({ path, number }, socket) => {
    socket.write(answer(path) + (number === 1 ? answer('stray') : ''));
  });
  assert.equal((await server.client.get('/a', timeoutMillis, never)).text, '/a');
  assert.equal((await server.client.get('/b', timeoutMillis, never)).text, '/b');
  const [socket] = server.open();
  socket?.write(answer('later'));
  await until(() => server.open().size === 0);
  assert.equal((await server.client.get('/c', timeoutMillis, never)).text, '/c');
});

test('an error while a connection is idle harms nobody', async () => {
  await using server = await rawServer(({ path }, socket) => socket.write(answer(path)));
  const { client, sockets } = watchedClient(server.path);
  await client.get('/a', timeoutMillis, never);
  const [socket] = sockets;
  assert.ok(socket);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.destroy(new Error('reset by the machine'));
  await closed;
  assert.equal((await client.get('/b', timeoutMillis, never)).text, '/b');
  client.close();
});

test('a thousand requests at once, each with its own answer, and no connection more than needed after', async () => {
  await using server = await rawServer(({ path }, socket) => setImmediate(() => socket.write(answer(path))));
  const round = async (): Promise<void> => {
    const paths = Array.from({ length: 1000 }, (_, index) => `/${index}`);
    const answers = await Promise.all(paths.map((path) => server.client.get(path, timeoutMillis, never)));
    assert.deepEqual(
      answers.map(({ text }) => text),
      paths,
    );
  };
  await round();
  await round();
  assert.equal(server.connections(), 1000);
});

test('no listener, timer or socket outlives its request', async () => {
  const controller = new AbortController();
  await using server = await rawServer(({ path }, socket) => socket.write(answer(path)));
  const { client, sockets } = watchedClient(server.path);
  await client.get('/0', timeoutMillis, controller.signal);
  const [socket] = sockets;
  assert.ok(socket);
  const listeners = (): number[] =>
    ['data', 'error', 'close', 'end'].map((event) => socket.listenerCount(event));
  const before = { listeners: listeners(), timers: active('Timeout') };
  for (let round = 0; round < 50; round += 1) await client.get(`/${round}`, timeoutMillis, controller.signal);
  assert.deepEqual({ listeners: listeners(), timers: active('Timeout') }, before);
  assert.equal(sockets.length, 1);
  client.close();
  await until(() => server.open().size === 0);
});

test('closing fails what is under way, and errors of a connection are SourceErrors', async () => {
  await using server = await rawServer(() => undefined);
  const hung = assert.rejects(server.client.get('/x', timeoutMillis, never), { code: 'unreachable' });
  await until(() => server.connections() === 1);
  server.client.close();
  await hung;
  const refused = (connectOnce: () => Socket) =>
    new KeepAliveClient({ connect: connectOnce, host: 'x', maxBodyBytes: 1 }).get('/x', timeoutMillis, never);
  await assert.rejects(
    refused(() => connect({ path: `${server.path}.gone` })),
    { name: 'SourceError', code: 'unreachable', message: /^GET \/x: connect ENOENT/ },
  );
  const thrown = (): Socket => {
    throw new Error('no start line');
  };
  await assert.rejects(refused(thrown), {
    name: 'SourceError',
    code: 'unreachable',
    message: 'GET /x: no start line',
  });
});

test('of responses that are too large together the largest fails, not the one that comes last', async () => {
  const large = Math.floor(0.6 * responseLimits.keptBytes);
  const small = Math.floor(0.5 * responseLimits.keptBytes);
  const sent: Socket[] = [];
  await using server = await rawServer(({ path }, socket) => {
    const bytes = Number(path.slice(1));
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes + 1}\r\n\r\n`);
    socket.write(Buffer.alloc(bytes, 'x'), () => sent.push(socket));
  }, responseLimits.keptBytes);
  const failing = assert.rejects(server.client.get(`/${large}`, timeoutMillis, never), {
    name: 'SourceError',
    code: 'too-large',
    message: /: all responses under way together have more than/,
  });
  await until(() => sent.length === 1);
  const going = server.client.get(`/${small}`, timeoutMillis, never);
  await until(() => sent.length === 2);
  sent[1]?.write('x');
  assert.equal((await going).text.length, small + 1);
  await failing;
});
