import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { ByteBudget } from '../../../src/concurrency/shared-bytes.ts';
import type { ApiMessages, ApiSource } from '../../../src/http/api-source.ts';
import type { StreamMessage } from '../../../src/http/schemas.ts';
import { waitUntil } from '../../support/real/daemon.ts';
import { chunksOf, serve } from './serve.ts';

/** An API of nothing but that stream of events. */
function api(events: () => ApiMessages): ApiSource {
  const nothing = (): ApiMessages => ({ next: () => Promise.resolve({ done: true, value: undefined }) });
  return {
    containers: (onCut) => Promise.resolve(new ByteBudget().body(chunksOf(['{}']), 'identity').read(onCut)),
    find: () => Promise.resolve({ matches: 0, away: [] }),
    interval: () => 1000,
    stats: nothing,
    allStats: nothing,
    events,
  };
}

function open(url: string): Socket {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname).on('error', () => undefined);
  socket.write('GET /api/v1/events HTTP/1.1\r\nhost: a\r\n\r\n');
  return socket;
}

test('something is sent into a quiet stream, and what happens then comes once', async () => {
  const { promise: happens, resolve: happen } = Promise.withResolvers<IteratorResult<StreamMessage>>();
  const answers = [happens, Promise.resolve({ done: true as const, value: undefined })];
  const events = (): ApiMessages => ({
    next: () => answers.shift() ?? Promise.reject(new Error('asked again')),
  });
  await using served = await serve({ api: api(events), heartbeatMillis: 10 });
  let received = '';
  const socket = open(served.url).on('data', (chunk) => (received += String(chunk)));
  await waitUntil('three', async () => received.split(': \n\n').length > 3);
  happen({ done: false, value: { event: 'dropped', data: { count: 7 } } });
  await waitUntil('the end', async () => received.endsWith('0\r\n\r\n'));
  assert.equal(received.split('event: dropped\ndata: {"count":7}\n\n').length, 2);
  socket.destroy();
});

test('what is sent at once leaves in a few pieces, whole and in order', async () => {
  const answers = Array.from({ length: 1000 }, (_, count) => ({
    event: 'dropped' as const,
    data: { count },
  }));
  const events = (): ApiMessages => ({
    async next() {
      const value = answers.shift();
      return value ? { done: false, value } : { done: true, value: undefined };
    },
  });
  await using served = await serve({ api: api(events) });
  let received = '';
  const socket = open(served.url).on('data', (chunk) => (received += String(chunk)));
  await waitUntil('the end', async () => received.endsWith('0\r\n\r\n'));
  const numbers = Array.from(received.matchAll(/"count":(\d+)/g), ([, n]) => Number(n));
  assert.deepEqual(numbers, [...Array(1000).keys()]);
  assert.ok(received.split(/\r\n[0-9a-f]+\r\n/).length < 20);
  socket.destroy();
});

test('who never reads is cut off, who reads is not', async () => {
  const data = { id: 'a', name: 'x'.repeat(256 * 1024) };
  let ended = 0;
  const events = (): ApiMessages => ({
    async next() {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return { done: false, value: { event: 'recovered', data } };
    },
    return() {
      ended += 1;
      return Promise.resolve({ done: true, value: undefined });
    },
  });
  await using served = await serve({ api: api(events), stalledMillis: 1000, closeMillis: 0 });
  const reader = open(served.url).resume();
  const stuck = open(served.url).pause();
  await waitUntil('the end of one', async () => ended > 0);
  await once(reader, 'data');
  assert.deepEqual([ended, reader.closed], [1, false]);
  stuck.destroy();
  reader.destroy();
  await waitUntil('the end of both', async () => ended === 2);
});

test('a message that cannot be written ends its stream and nothing else', async () => {
  const data: { id: string; name: string; itself?: object } = { id: 'a', name: 'a' };
  data.itself = data;
  const events = (): ApiMessages => ({
    next: () => Promise.resolve({ done: false, value: { event: 'recovered', data } }),
  });
  await using served = await serve({ api: api(events) });
  await once(open(served.url).resume(), 'close');
});
