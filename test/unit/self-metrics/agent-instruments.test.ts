import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as incubating from '@opentelemetry/semantic-conventions/incubating';
import { ExportSignal, ProbeSignal } from '../../../src/agent/signals.ts';
import { instanceId } from '../../../src/attributes/attribute-mapper.ts';
import { AgentInstruments, probeBuckets } from '../../../src/self-metrics/agent-instruments.ts';
import { EventLoopDelay, observeProcess } from '../../../src/self-metrics/process.ts';
import { boundariesOf, collecting, pointsOf, typeOf } from '../../support/wire/collected.ts';

test('error counters of a runtime begin at 0', async () => {
  const { meter, collect, shutdown } = collecting();
  new AgentInstruments(meter, () => 0).begin('e');
  const metrics = await collect();
  for (const name of ['probe.errors', 'probe.inline_timeouts']) {
    assert.deepEqual(
      pointsOf(metrics.get(`tidegauge.${name}`)),
      [[0, { 'container.runtime.endpoint': 'e' }]],
      name,
    );
    assert.equal(typeOf(metrics.get(`tidegauge.${name}`)), 'counter');
  }
  // The very series that a failure will raise: without its type another one would first appear at 1.
  const types = ['unreachable', 'timeout', 'runtime-error', 'bad-response'];
  for (const name of ['describe.errors', 'list.errors', 'inspect.errors', 'stats.errors']) {
    const zeros = types.map((type) => [0, { 'container.runtime.endpoint': 'e', 'error.type': type }]);
    assert.deepEqual(pointsOf(metrics.get(`tidegauge.${name}`)), zeros, name);
  }
  assert.equal(metrics.get('tidegauge.export.last_success_time'), undefined);
  await shutdown();
});

test('probes and calls: durations of failures too, errors by type', async () => {
  const { meter, collect, shutdown } = collecting();
  const instruments = new AgentInstruments(meter, () => 0);
  instruments.probeEnded('e', 1, true);
  instruments.probeEnded('e', 2, false);
  instruments.callEnded('e', 'list', 3);
  instruments.callEnded('e', 'stats', 4, 'timeout');
  instruments.callEnded('e', 'stats', 5, 'timeout');
  instruments.callEnded('e', 'inspect', 6, 'not-found');
  instruments.inlineTimedOut('e');
  const metrics = await collect();
  const points = (name: string) => pointsOf(metrics.get(`tidegauge.${name}`));
  assert.deepEqual(points('probe.duration'), [[[2, 3], { 'container.runtime.endpoint': 'e' }]]);
  assert.deepEqual(points('probe.errors'), [[1, { 'container.runtime.endpoint': 'e' }]]);
  assert.deepEqual(points('probe.inline_timeouts'), [[1, { 'container.runtime.endpoint': 'e' }]]);
  assert.deepEqual(points('list.duration'), [[[1, 3], { 'container.runtime.endpoint': 'e' }]]);
  assert.deepEqual(points('list.errors'), []);
  assert.deepEqual(points('stats.duration'), [[[2, 9], { 'container.runtime.endpoint': 'e' }]]);
  // Whoever looks for what takes the time must not take the one for the other.
  for (const name of ['stats.duration', 'stats.errors'])
    assert.match(
      metrics.get(`tidegauge.${name}`)?.descriptor.description ?? '',
      /kernel’s files or by a stats/,
    );
  assert.deepEqual(points('stats.errors'), [
    [2, { 'container.runtime.endpoint': 'e', [incubating.ATTR_ERROR_TYPE]: 'timeout' }],
  ]);
  assert.deepEqual(points('inspect.errors'), [
    [1, { 'container.runtime.endpoint': 'e', 'error.type': 'not-found' }],
  ]);
  for (const name of ['probe', 'list', 'inspect', 'stats']) {
    const metric = metrics.get(`tidegauge.${name}.duration`);
    assert.deepEqual(boundariesOf(metric), probeBuckets);
    assert.equal(metric?.descriptor.unit, 's');
  }
  await shutdown();
});

test('exports: attempts, failures by class, bytes, refused points, the last success', async () => {
  const { meter, collect, shutdown } = collecting();
  let now = 5000;
  const instruments = new AgentInstruments(meter, () => now);
  instruments.exportEnded({ seconds: 1, bytes: 10, rejectedPoints: 2 });
  now = 9000;
  instruments.exportEnded({ error: '503', seconds: 2, bytes: 20, rejectedPoints: 0 });
  const metrics = await collect();
  const values = (name: string) => pointsOf(metrics.get(`tidegauge.export.${name}`));
  assert.deepEqual(values('attempts'), [[2, {}]]);
  assert.deepEqual(values('failures'), [[1, { 'error.type': '503' }]]);
  assert.deepEqual(values('duration'), [[[2, 3], {}]]);
  assert.deepEqual(values('bytes'), [[30, {}]]);
  assert.deepEqual(values('rejected_points'), [[2, {}]]);
  assert.deepEqual(values('last_success_time'), [[5, {}]]);
  await shutdown();
});

test('the agent’s own cost, under the conventions’ names, read after the probe under way', async () => {
  const { meter, collect, shutdown } = collecting();
  let isSettled = false;
  const settled = async (): Promise<void> => {
    await Promise.resolve();
    isSettled = true;
  };
  const delay = new EventLoopDelay();
  observeProcess(meter, { version: '1.2.3' }, delay, settled);
  delay.watch();
  // The delay is sampled each 20 ms: a busy loop of five of them is a delay for sure.
  const until = performance.now() + 100;
  await new Promise((resolve) => setTimeout(resolve, 25));
  while (performance.now() < until);
  await new Promise((resolve) => setTimeout(resolve, 25));
  const metrics = await collect();
  assert.equal(isSettled, true);
  const build = { version: '1.2.3', 'process.runtime.version': process.versions.node };
  assert.deepEqual(pointsOf(metrics.get('tidegauge.build.info')), [[1, build]]);
  const cpu = pointsOf(metrics.get(incubating.METRIC_PROCESS_CPU_TIME));
  assert.deepEqual(
    cpu.map(([, attributes]) => attributes['cpu.mode']),
    ['user', 'system'],
  );
  assert.ok(Number(cpu[0]?.[0]) > 0.05);
  const [memory] = pointsOf(metrics.get(incubating.METRIC_PROCESS_MEMORY_USAGE));
  assert.ok(Number(memory?.[0]) > 20e6);
  const [max] = pointsOf(metrics.get(incubating.METRIC_NODEJS_EVENTLOOP_DELAY_MAX));
  const [p99] = pointsOf(metrics.get(incubating.METRIC_NODEJS_EVENTLOOP_DELAY_P99));
  assert.ok(Number(max?.[0]) > 0.02 && Number(max?.[0]) < 60);
  assert.ok(Number(p99?.[0]) <= Number(max?.[0]));
  delay.end();
  await shutdown();
});

test('an instance id is a UUID version 5, the same for the same text', () => {
  const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  assert.match(instanceId('host tidegauge'), uuid);
  // Python's uuid.uuid5(uuid.UUID('4d63009a-8d0f-11ee-aad7-4c796ed8e320'), 'host tidegauge').
  assert.equal(instanceId('host tidegauge'), 'a56558c6-7297-5c3e-8831-db65e7cea8da');
  assert.notEqual(instanceId('a'), instanceId('b'));
});

test('several observers receive all, in order', () => {
  const calls: string[] = [];
  const observer = (name: string) => ({
    probeEnded: (...what: unknown[]) => calls.push(`${name} probe ${what.join()}`),
    callEnded: (...what: unknown[]) => calls.push(`${name} call ${what.join()}`),
    inlineTimedOut: (...what: unknown[]) => calls.push(`${name} timeout ${what.join()}`),
    exportEnded: () => calls.push(`${name} export`),
  });
  const both = [observer('a'), observer('b')];
  const probes = new ProbeSignal();
  const exports = new ExportSignal();
  for (const each of both) {
    probes.subscribe(each);
    exports.subscribe(each);
  }
  probes.probeEnded('e', 1, true);
  probes.callEnded('e', 'list', 1, 'timeout');
  probes.inlineTimedOut('e');
  exports.exportEnded({ seconds: 1, bytes: 0, rejectedPoints: 0 });
  assert.deepEqual(calls, [
    'a probe e,1,true',
    'b probe e,1,true',
    'a call e,list,1,timeout',
    'b call e,list,1,timeout',
    'a timeout e',
    'b timeout e',
    'a export',
    'b export',
  ]);
});
