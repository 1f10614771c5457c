import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import Docker from 'dockerode';
import { startSimulatedEngine } from '../../../src/simulator/start.ts';
import { ask } from './ask.ts';

test('dockerode lists, inspects, measures and follows events', async () => {
  await using engine = await startSimulatedEngine({ scenario: 'demo', tickMillis: 20 });
  const docker = new Docker({ socketPath: engine.socket, version: 'v1.44' });
  const list = await docker.listContainers({ all: true });
  assert.ok(list.length >= 12);
  const web = docker.getContainer('shop-web-1');
  assert.equal((await web.inspect()).State.Health?.Status, 'healthy');
  const stats = await web.stats({ stream: false });
  assert.ok(stats.cpu_stats.cpu_usage.total_usage > stats.precpu_stats.cpu_usage.total_usage);
  const events = await docker.getEvents({ filters: { event: ['pause'] } });
  engine.pause('shop-web-1');
  const [line] = await once(events, 'data');
  assert.match(String(line), /"Action":"pause"/);
  assert.equal((await docker.info()).Name, 'simulated-host');
});

test('the socket lies in a directory for its owner only, and is gone after closing', async () => {
  const engine = await startSimulatedEngine();
  assert.equal(engine.url, `unix://${engine.socket}`);
  assert.equal(statSync(dirname(engine.socket)).mode & 0o777, 0o700);
  await engine.close();
  assert.ok(!existsSync(dirname(engine.socket)));
});

test('down cuts connections and takes the socket away; up brings the same containers back', async () => {
  await using engine = await startSimulatedEngine({ specs: [{ name: 'web' }], port: 0 });
  const { id } = engine.container('web');
  const url = engine.tcpUrl;
  await engine.down();
  await assert.rejects(ask(engine.socket, '/_ping'), { code: 'ENOENT' });
  engine.add({ name: 'later' });
  await engine.up();
  assert.equal(engine.tcpUrl, url);
  assert.match((await ask(engine.socket, '/containers/json')).text, new RegExp(`"Id":"${id}"`));
  assert.deepEqual(engine.names, ['later', 'web']);
});

test('an address in use is an error, and what is there stays', async () => {
  await using engine = await startSimulatedEngine();
  await assert.rejects(startSimulatedEngine({ socket: engine.socket }), { code: 'EADDRINUSE' });
  assert.equal((await ask(engine.socket, '/_ping')).text, 'OK');
});

test('as a process of its own it prints its URL and ends on SIGTERM', async () => {
  const script = new URL('../../support/fakes/run-simulated-engine.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [script, '--containers', '3', '--scenario', 'none', '--seed', '5']);
  const [url] = await once(createInterface({ input: child.stdout }), 'line');
  const socket = String(url).replace('unix://', '');
  assert.match((await ask(socket, '/containers/json')).text, /ordinary-00003/);
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  assert.equal(code, 0);
  assert.ok(!existsSync(socket));
});
