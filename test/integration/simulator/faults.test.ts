import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startSimulatedEngine } from '../../../src/simulator/start.ts';
import { ask, askJson, dig } from './ask.ts';

const statsPath = '/containers/web/stats?stream=false&one-shot=1';
const specs = [{ name: 'web' }, { name: 'db' }];

test('status, html, wrong type, replaced, changed and mutated answers', async () => {
  await using engine = await startSimulatedEngine({ specs });
  engine.fault('info', { kind: 'status', status: 503, message: 'no' });
  const failed = await ask(engine.socket, '/info');
  assert.deepEqual([failed.status, JSON.parse(failed.text)], [503, { message: 'no' }]);
  engine.fault('version', { kind: 'html' });
  assert.match((await ask(engine.socket, '/version')).text, /^<!DOCTYPE html>/);
  engine.fault('list', { kind: 'wrong-type' });
  assert.equal(typeof (await askJson(engine.socket, '/containers/json')), 'string');
  engine.fault('stats', { kind: 'set', path: ['memory_stats', 'usage'], value: -1 });
  engine.fault('stats', { kind: 'set', path: ['cpu_stats'] });
  const stats = await askJson(engine.socket, statsPath);
  assert.deepEqual([dig(stats, 'memory_stats', 'usage'), dig(stats, 'cpu_stats')], [-1, undefined]);
  engine.clearFaults();
  engine.fault('list', { kind: 'set', path: [0, 'Names'], value: null });
  assert.equal(dig(await askJson(engine.socket, '/containers/json'), 0, 'Names'), null);
  engine.fault('inspect', { kind: 'replace', json: { Id: 'x' } });
  assert.deepEqual(await askJson(engine.socket, '/containers/web/json'), { Id: 'x' });
  engine.fault('stats', {
    kind: 'mutate',
    mutate: (text) => text.replace('"num_procs":0', '"num_procs":9007199254740993'),
  });
  assert.match((await ask(engine.socket, statsPath)).text, /9007199254740993/);
});

test('a fault of one container leaves the others, and may end by itself', async () => {
  await using engine = await startSimulatedEngine({ specs });
  engine.fault('stats', { kind: 'status', status: 500 }, { container: 'web', times: 1 });
  const { id } = engine.container('web');
  assert.equal((await ask(engine.socket, statsPath.replace('web', 'db'))).status, 200);
  assert.equal((await ask(engine.socket, statsPath.replace('web', id))).status, 500);
  assert.equal((await ask(engine.socket, statsPath)).status, 200);
});

test('reset and half a body break the connection', async () => {
  await using engine = await startSimulatedEngine({
    specs,
    faults: [{ endpoint: 'list', fault: { kind: 'reset' } }],
  });
  await assert.rejects(ask(engine.socket, '/containers/json'), { code: 'ECONNRESET' });
  engine.clearFaults('list');
  engine.fault('list', { kind: 'truncate' });
  await assert.rejects(ask(engine.socket, '/containers/json'), { code: 'ECONNRESET' });
  engine.clearFaults('list');
  assert.equal((await ask(engine.socket, '/containers/json')).status, 200);
});

test('an endless body ends at its number of bytes, and is no JSON that anybody wants', async () => {
  await using engine = await startSimulatedEngine({ specs });
  engine.fault('list', { kind: 'endless', bytes: 5_000_000 });
  assert.ok((await ask(engine.socket, '/containers/json')).text.length >= 5_000_000);
});

test('a hung request is counted, and closing the engine frees it', async () => {
  const engine = await startSimulatedEngine({ specs });
  engine.fault('list', { kind: 'hang' });
  const hung = Promise.allSettled([
    ask(engine.socket, '/containers/json'),
    ask(engine.socket, '/containers/json'),
  ]);
  while (engine.requests.list < 2) await askJson(engine.socket, '/_ping').catch(() => undefined);
  assert.equal(engine.peakRequests.list, 2);
  await engine.close();
  assert.deepEqual(
    (await hung).map(({ status }) => status),
    ['rejected', 'rejected'],
  );
});

test('delay and tick wait make an answer late', async () => {
  await using engine = await startSimulatedEngine({ specs, tickMillis: 100 });
  engine.fault('version', { kind: 'delay', millis: 40 });
  const before = performance.now();
  await ask(engine.socket, '/version');
  assert.ok(performance.now() - before >= 39);
  engine.fault('stats', { kind: 'tick-wait' });
  const asked = performance.now();
  await ask(engine.socket, statsPath);
  // A millisecond of slack: timers round.
  const nextTick = Math.ceil(asked / 100) * 100 - 1;
  assert.ok(performance.now() >= nextTick, `answered ${nextTick - performance.now()} ms before the tick`);
});

test('requests are counted by endpoint, also for other processes', async () => {
  await using engine = await startSimulatedEngine({ specs });
  await ask(engine.socket, '/v1.44/containers/json');
  await ask(engine.socket, statsPath);
  const counts = { ping: 0, version: 0, info: 0, list: 1, inspect: 0, stats: 1, events: 0, df: 0 };
  assert.deepEqual(engine.requests, counts);
  assert.deepEqual(await askJson(engine.socket, '/_simulated/requests'), counts);
  engine.resetRequests();
  assert.equal(engine.requests.list, 0);
});
